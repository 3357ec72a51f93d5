// The whole pipeline over a switch with a port of each kind and a router on every network, which
// masquerades network one in network three, the outside. The input is a sequence of frames:
//
//   flags 1  bits 0..2 the port, see below; then the bits of Record
//   tci   2  the tag beside the frame, as AF_PACKET delivers it
//   size  2  of what follows, little endian as are all
//   bytes    virtio-net header and frame
//
// Neighbouring records of one port are one batch; time may pass before a record. Whatever comes in:
// no byte outside of a frame is touched, every buffer comes back, the counters add up, nothing
// waits for ever, and what leaves belongs there.
#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "core/layout.h"
#include "core/offload.h"
#include "engine/pipeline.h"
#include "router/announcer.h"
#include "tests/fuzz/fuzz_packet.h"
#include "tests/fuzz/poison.h"
#include "wire/bytes.h"

using namespace uswitch;
using fuzz::require;

namespace {

enum Id : PortId { plain, bare, guarded, trunk, isolated1, isolated2, strict, alone, port_count };
enum NetworkIndex : NetworkId { one, two, three, network_count };

const MacAddress own_mac = MacAddress::from_u64(0x020000000001);
const IpAddress own_ip4 = *IpAddress::parse("10.0.0.1"), own_ip6 = *IpAddress::parse("fd00::1");
// 02:00:00:00:ff:00 and so on; write_seeds.cpp has them too.
MacAddress router_mac(NetworkId network) {
  return MacAddress::from_u64(0x02000000ff00 + network);
}
// What the outside must not see.
const IpPrefix masqueraded[] = {*IpPrefix::parse("10.0.0.0/24"), *IpPrefix::parse("fd00::/64")};
constexpr Capabilities all{true, true, true, true};

struct Record {
  enum Flag : uint8_t { port_mask = 7, stripped_tag = 8, mend = 16, later = 32, refuse = 64 };
  uint8_t flags = 0;
  uint16_t tci = 0;
  std::span<const uint8_t> header, frame;

  PortId port() const { return flags & port_mask; }
};

// The next record, its size cut to what there is; nothing when the input ends.
std::optional<Record> next_record(std::span<const uint8_t>& input) {
  constexpr size_t fixed = 5 + virtio_header_size;
  if (input.size() < fixed) return std::nullopt;
  Record r;
  r.flags = input[0];
  r.tci = static_cast<uint16_t>(input[1] | input[2] << 8);
  const size_t size = std::min<size_t>(input[3] | input[4] << 8, input.size() - fixed);
  r.header = input.subspan(5, virtio_header_size);
  r.frame = input.subspan(fixed, size);
  input = input.subspan(fixed + size);
  return r;
}

// Which network a frame is in by its tag, worked out apart from switch/vlan; no_network: none.
NetworkId network_of(const PortSettings& port, const Packet& p) {
  if (p.length < 14) return no_network;
  unsigned vid = 0;
  if (p.has_stripped_tag) {
    vid = p.tci & 0xfff;
  } else if (p.data[12] == 0x81 && p.data[13] == 0x00) {
    if (p.length < 18) return no_network;
    vid = (p.data[14] << 8 | p.data[15]) & 0xfff;
  }
  if (vid == 0) return port.network;
  return port.vlans ? port.vlans->network_of_vid[vid] : no_network;
}

class FuzzSwitch;

class FuzzPort : public Port {
 public:
  FuzzPort(FuzzSwitch& owner, PortId id, Capabilities can) : owner_(owner), id_(id), can_(can) {}
  int poll_fd(unsigned) const override { return -1; }
  bool rx(unsigned, Batch&, Io&) override { return false; }
  void tx(unsigned, std::span<Outgoing> frames, Io&) override;
  Capabilities capabilities() const override { return can_; }

 private:
  FuzzSwitch& owner_;
  PortId id_;
  Capabilities can_;
};

PacketPool& pool() {
  static PacketPool one_for_all(Pipeline::pool_packets);
  return one_for_all;
}

class FuzzSwitch {
 public:
  FuzzSwitch() {
    for (NetworkId n = 0; n < network_count; ++n) {
      tables_.networks.emplace_back();
      tables_.networks[n].fdb = std::make_shared<Fdb>(32, Fdb::Seed{{1, 2, 3, 4}});
    }
    add(plain, one, all);
    add(bare, one, {});
    add(guarded, one, all).guard =
        std::make_shared<Guard>(own_mac, std::vector<IpAddress>{own_ip4, own_ip6});
    add(trunk, one, {}, {{10, two}, {20, three}});
    add(isolated1, two, all).isolated = true;
    PortSettings& narrow = add(isolated2, two, {.checksum = true});
    narrow.isolated = true;
    narrow.mtu = 600;
    add(strict, no_network, all, {{10, one}, {30, two}});
    add(alone, three, {});
    tables_.networks[two].fdb->add_static(MacAddress::from_u64(0x020000000002), port_count);
    set_up_router();
    set_up_nat();
    collect_members(tables_);
    pipeline_.adopt(tables_);
  }

  void take(const Record& r) {
    if (!batch_.empty() && (r.port() != ingress_ || batch_.size() == Batch::limit)) run();
    if (r.flags & Record::later) {
      run();
      pass_time(r.tci % 2 == 0 ? std::chrono::seconds(100) : std::chrono::seconds(1));
    }
    ingress_ = r.port();
    refuse_ = (r.flags & Record::refuse) != 0;
    Packet* p = batch_.append();
    p->length = static_cast<uint32_t>(r.frame.size());
    if (p->length != 0) std::memcpy(p->data, r.frame.data(), p->length);
    p->offload = decode_offload(r.header.data());
    p->tci = r.tci;
    p->has_stripped_tag = (r.flags & Record::stripped_tag) != 0;
    if (r.flags & Record::mend) fuzz::mend_lengths(*p);
    expected_[p] = network_of(tables_.settings[ingress_], *p);
    ++taken_;
  }

  void run() {
    {
      fuzz::Poison beyond_the_frames(batch_.packets());
      pipeline_.run(tables_, ingress_, batch_, now_);
    }
    expected_.clear();
    if (std::exchange(settle_, false)) pipeline_.settle(tables_, now_);
    require(batch_.empty() && pool().available() == pool().size());
  }

  // Whatever waits is given up in time.
  void finish() {
    run();
    check_counters();
    for (int i = 0; i < 8 && pipeline_.held() != 0; ++i) pass_time(std::chrono::seconds(20));
    require(pipeline_.held() == 0);
    check_counters();
  }

  // Each frame that leaves.
  void check(PortId egress, const Packet& p) const {
    require(p.length >= 14 && p.network < network_count);
    require(p.ingress == no_port || p.ingress < port_count);
    const PortSettings& out = tables_.settings[egress];
    check_tag(out, p);
    const uint32_t tag = out.tag_of(p.network) == untagged ? 0 : 4;
    if (p.offload.gso == Offload::Gso::none) require(p.length - 14 - tag <= out.mtu);
    check_offload(out.capabilities, p.offload);
    if (MacAddress::load(p.data + 6) == router_mac(p.network))
      check_routed(p, {p.data + tag, p.length - tag}, out);
    else
      check_bridged(p, {p.data + tag, p.length - tag}, egress);
  }

  bool refuses() const { return refuse_; }

 private:
  PortSettings& add(PortId id, NetworkId network, Capabilities can,
                    std::map<uint16_t, NetworkId> tagged = {}) {
    PortSettings s;
    s.present = true;
    s.network = network;
    s.capabilities = can;
    s.max_addresses = 12;
    s.vlans = make_vlan_map(tagged, network_count);
    tables_.ports.push_back(
        {"", std::make_shared<FuzzPort>(*this, id, can), std::make_shared<PortStats>(1)});
    tables_.settings.push_back(s);
    return tables_.settings.back();
  }

  void set_up_router() {
    Routing& r = tables_.routing;
    r.routes = std::make_shared<RouteTable>(size_t{1} << 20, 64);
    r.neighbours = std::make_shared<Neighbours>(64, Neighbours::Seed{{1, 2, 3, 4}});
    r.neighbours->on_resolved([this](uint64_t) { settle_ = true; });
    r.interfaces.resize(network_count);
    tables_.router_stats = std::make_shared<PortStats>(1);
    add_router(one, {"10.0.0.254/24", "fd00::fe/64"});
    add_router(two, {"10.1.0.1/24", "fd01::1/64"});
    add_router(three, {"198.51.100.1/24", "2001:db8::1/64"});
    tables_.routing.interfaces[two].mtu = 1280;
    add_station(two, trunk, "10.1.0.2", 3);
    add_station(two, isolated1, "fd01::2", 4);
    add_station(three, alone, "198.51.100.9", 9);
    add_station(three, alone, "2001:db8::9", 9);
    add_station(one, plain, "10.0.0.1", 1);
    add_route("10.2.0.0/16", RouteKind::forward, two, {"10.1.0.2", "10.1.0.3"});
    add_route("fd02::/16", RouteKind::forward, two, {"fd01::2", "fd01::3"});
    add_route("10.3.0.0/16", RouteKind::blackhole);
    add_route("fd03::/16", RouteKind::unreachable);
    add_route("10.4.0.0/16", RouteKind::prohibit);
    add_route("0.0.0.0/0", RouteKind::forward, three, {"198.51.100.9"});
    add_route("::/0", RouteKind::forward, three, {"2001:db8::9"});
  }

  void add_router(NetworkId network, std::initializer_list<const char*> addresses) {
    Routing& r = tables_.routing;
    RouterInterface& own = r.interfaces[network];
    own.present = own.advertise = own.clamp_mss = true;
    own.mac = router_mac(network);
    own.link_local = eui64_link_local(own.mac);
    tables_.networks[network].router_mac = own.mac.to_u64();
    for (const char* text : addresses) {
      own.addresses.push_back(*IpPrefix::parse(text));
      r.own.add(own.addresses.back().address);
    }
    for (const auto& [to, target] : connected_routes(network, own.addresses))
      r.routes->set(to, target);
    announcer_.begin(network, now_);
  }

  void add_station(NetworkId network, PortId port, const char* address, uint64_t station) {
    const MacAddress mac = MacAddress::from_u64(0x020000000000 + station);
    tables_.networks[network].fdb->add_static(mac, port);
    tables_.routing.neighbours->add_permanent(network, *IpAddress::parse(address), mac);
  }

  void add_route(const char* to, RouteKind kind, NetworkId network = no_network,
                 std::initializer_list<const char*> gateways = {}) {
    RouteTarget target;
    target.kind = kind;
    for (const char* gateway : gateways)
      target.hops[target.count++] = {network, false, *IpAddress::parse(gateway)};
    tables_.routing.routes->set(*IpPrefix::parse(to), target);
  }

  void set_up_nat() {
    constexpr uint32_t connections = 64;
    Translation& n = tables_.nat;
    n.ports = std::make_shared<PortMap>(connections + Translation::spare_mappings);
    n.connections = std::make_shared<ConnectionTable>(connections, *n.ports);
    n.networks.resize(network_count);
    n.networks[three].outside = n.networks[three].tracked = true;
    const ExternalId external4 = n.ports->add_external(*IpAddress::parse("198.51.100.1"));
    const ExternalId external6 = n.ports->add_external(*IpAddress::parse("2001:db8::1"));
    n.policy.add_masquerade({masqueraded[0], three, {external4}});
    n.policy.add_masquerade({masqueraded[1], three, {external6}, 1});
    n.networks[one].gateway[0] = {n.ports->add_external(*IpAddress::parse("10.0.0.254"))};
    Publish p;
    p.on = three;
    p.first_port = p.last_port = 80;
    p.to = own_ip4;
    p.to_port = 8080;
    for (uint8_t protocol : {uint8_t{6}, uint8_t{17}}) {
      require(n.policy.add_publish(*IpAddress::parse("198.51.100.1"), protocol, p));
      n.ports->reserve(external4, protocol, 80);
    }
  }

  // And the control thread does what it does by the clock.
  void pass_time(Duration by) {
    now_ += by;
    for (Network& n : tables_.networks) n.fdb->sweep(now_, std::chrono::seconds(300), SIZE_MAX);
    tables_.nat.connections->sweep(now_, 1024);
    uint64_t wake = 0;
    const std::vector<OwnFrame> frames = announcer_.due(tables_.routing, now_, wake);
    pipeline_.send_own(tables_, frames, now_);
    pipeline_.settle(tables_, now_);
    pipeline_.expire(tables_, now_);
    require(pool().available() == pool().size());
  }

  void check_counters() const {
    uint64_t in = 0, copies = 0, out = 0, drops = 0;
    const auto add = [&](const PortCounters& c) {
      in += c.rx_packets.get();
      copies += c.copies.get();
      out += c.tx_packets.get();
      for (const Counter& d : c.drops) drops += d.get();
      require(c.drops[0].get() == 0);
    };
    for (const PortEntry& e : tables_.ports) add(e.stats->of_worker[0]);
    require(in == taken_);
    add(tables_.router_stats->of_worker[0]);
    require(in + copies == out + drops + pipeline_.held());
  }

  // By the router, or its own; it may leave by the port it came in by. `frame` is right from its
  // EtherType on.
  static void check_routed(const Packet& p, std::span<const uint8_t> frame,
                           const PortSettings& out) {
    require(out.network == p.network || out.tag_of(p.network) != untagged);
    const uint16_t type = load_be16(&frame[12]);
    if (type != 0x0800 && type != 0x86dd) return require(type == 0x0806 && p.ingress == no_port);
    require(frame.size() >= (type == 0x0800 ? 34 : 54));
    require(frame[type == 0x0800 ? 22 : 21] != 0);
    if (p.network != three) return;
    const IpAddress source =
        type == 0x0800 ? IpAddress::load4(&frame[26]) : IpAddress::load6(&frame[22]);
    for (const IpPrefix& inner : masqueraded) require(!inner.contains(source));
  }

  void check_bridged(const Packet& p, std::span<const uint8_t> frame, PortId egress) const {
    require(p.ingress == ingress_ && egress != ingress_ && !p.routed);
    const PortSettings &in = tables_.settings[ingress_], &out = tables_.settings[egress];
    require(!in.isolated || !out.isolated);
    // The packet's own network, or for a segment that of one of the batch.
    const auto known = expected_.find(&p);
    const auto is = [&](const auto& entry) { return entry.second == p.network; };
    require(known != expected_.end() ? is(*known) : std::ranges::any_of(expected_, is));
    if (in.guard) check_guarded(frame, {p.data + 6, 6});
  }

  static void check_tag(const PortSettings& out, const Packet& p) {
    const uint16_t vid = out.tag_of(p.network);
    require(vid != untagged || out.network == p.network);
    if (vid == untagged) return;
    require(load_be16(p.data + 12) == 0x8100 && (load_be16(p.data + 14) & 0xfff) == vid);
  }

  static void check_offload(const Capabilities& can, const Offload& o) {
    require(!o.needs_checksum || can.checksum);
    require(o.gso != Offload::Gso::unknown);
    require(o.gso != Offload::Gso::tcp4 || can.tso4);
    require(o.gso != Offload::Gso::tcp6 || can.tso6);
    require(o.gso != Offload::Gso::udp || can.uso);
  }

  // `frame` is right from its EtherType on; `source` stands before the tag.
  static void check_guarded(std::span<const uint8_t> frame, std::span<const uint8_t> source) {
    require(MacAddress::load(source.data()) == own_mac);
    const uint16_t type = load_be16(&frame[12]);
    require(type != 0x8100 && type != 0x88a8);
    if (type == 0x0800) {
      const IpAddress ip = IpAddress::load4(&frame[26]);
      require(ip == own_ip4 || ip.is_unspecified());
    } else if (type == 0x86dd) {
      const IpAddress ip = IpAddress::load6(&frame[22]);
      require(ip == own_ip6 || ip == eui64_link_local(own_mac) || ip == IpAddress{});
    } else if (type == 0x0806) {
      const IpAddress ip = IpAddress::load4(&frame[28]);
      require(ip == own_ip4 || ip.is_unspecified());
    }
  }

  Tables tables_;
  std::unique_ptr<Io> io_ = make_io(IoKind::plain);
  Pipeline pipeline_{pool(), *io_, 0};
  Batch batch_{pool()};
  std::map<const Packet*, NetworkId> expected_;
  PortId ingress_ = 0;
  bool refuse_ = false;
  bool settle_ = false;
  Announcer announcer_{1};
  uint64_t taken_ = 0;
  Time now_{std::chrono::hours(1)};
};

void FuzzPort::tx(unsigned queue, std::span<Outgoing> frames, Io&) {
  require(queue == 0 && !frames.empty() && frames.size() <= Batch::limit);
  for (Outgoing& o : frames) {
    require(o.failed == Reason::none);
    owner_.check(id_, *o.packet);
    if (owner_.refuses()) o.failed = Reason::egress_full;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::span<const uint8_t> input(data, size);
  FuzzSwitch sw;
  while (const std::optional<Record> record = next_record(input)) sw.take(*record);
  sw.finish();
  return 0;
}
