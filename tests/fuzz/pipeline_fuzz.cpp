// The whole pipeline over a switch with a port of each kind. The input is a sequence of frames:
//
//   flags 1  bits 0..2 the port, see below; then the bits of Record
//   tci   2  the tag beside the frame, as AF_PACKET delivers it
//   size  2  of what follows, little endian as are all
//   bytes    virtio-net header and frame
//
// Neighbouring records of one port are one batch. Whatever comes in: no byte outside of a frame is
// touched, every buffer comes back, the counters add up, and what leaves belongs there.
#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "core/layout.h"
#include "core/offload.h"
#include "engine/pipeline.h"
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
  static PacketPool one_for_all(3 * Batch::limit);
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
    collect_members(tables_);
    pipeline_.adopt(tables_);
  }

  void take(const Record& r) {
    if (!batch_.empty() && (r.port() != ingress_ || batch_.size() == Batch::limit)) run();
    ingress_ = r.port();
    refuse_ = (r.flags & Record::refuse) != 0;
    if (r.flags & Record::later) pass_time();
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
    fuzz::Poison beyond_the_frames(batch_.packets());
    pipeline_.run(tables_, ingress_, batch_, now_);
    require(batch_.empty() && pool().available() == pool().size());
    expected_.clear();
  }

  // Each frame that leaves.
  void check(PortId egress, const Packet& p) const {
    require(p.length >= 14);
    require(p.ingress == ingress_ && egress != ingress_);
    const PortSettings &in = tables_.settings[ingress_], &out = tables_.settings[egress];
    require(!in.isolated || !out.isolated);
    check_network(out, p);
    const uint32_t tag = out.tag_of(p.network) == untagged ? 0 : 4;
    if (p.offload.gso == Offload::Gso::none) require(p.length - 14 - tag <= out.mtu);
    check_offload(out.capabilities, p.offload);
    if (in.guard) check_guarded({p.data + tag, p.length - tag}, {p.data + 6, 6});
  }

  void check_counters() const {
    uint64_t in = 0, copies = 0, out = 0, drops = 0;
    for (const PortEntry& e : tables_.ports) {
      const PortCounters& c = e.stats->of_worker[0];
      in += c.rx_packets.get();
      copies += c.copies.get();
      out += c.tx_packets.get();
      for (const Counter& d : c.drops) drops += d.get();
      require(c.drops[0].get() == 0);
    }
    require(in == taken_ && in + copies == out + drops);
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

  void pass_time() {
    now_ += std::chrono::seconds(100);
    for (Network& n : tables_.networks) n.fdb->sweep(now_, std::chrono::seconds(300), SIZE_MAX);
  }

  // The packet's own network, or for a segment that of one of the batch.
  void check_network(const PortSettings& out, const Packet& p) const {
    const auto known = expected_.find(&p);
    const auto is = [&](const auto& entry) { return entry.second == p.network; };
    require(known != expected_.end() ? is(*known) : std::ranges::any_of(expected_, is));
    require(p.network < network_count);
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
  sw.run();
  sw.check_counters();
  return 0;
}
