// Datagrams of any content, from anywhere, into a tunnel's socket and on through the pipeline; and
// what local stations send, into tunnels. Two networks, with a remote in both and another one in
// the first. The input is a sequence of records:
//
//   flags   1  see Record
//   class   1  the outer DSCP and ECN
//   segment 2  bytes of each datagram, little endian as are all; 0: one
//   size    2  of what follows
//   bytes      datagrams that came together, or virtio-net header and frame of a local station
//
// No byte outside of a datagram is read, every buffer comes back, the counters add up, networks
// stay apart, nothing goes from node to node, and no checksum is made right that was not.
#include <algorithm>
#include <cstring>
#include <optional>

#include "core/gso.h"
#include "core/layout.h"
#include "core/offload.h"
#include "engine/pipeline.h"
#include "tests/fuzz/fuzz_packet.h"
#include "tunnel/tunnel_port.h"
#include "tunnel/tunnel_socket.h"
#include "tunnel/vxlan_header.h"
#include "wire/bytes.h"
#include "wire/checksum.h"

using namespace uswitch;
using fuzz::require;

namespace {

enum Id : PortId { plain, bare, second, peer_one, other_one, peer_two, socket_id, port_count };
enum NetworkIndex : NetworkId { one, two, network_count };
constexpr uint32_t vni_of[] = {7, 8};
constexpr Capabilities all{true, true, true, true};

const IpAddress self = *IpAddress::parse("192.0.2.1"), peer = *IpAddress::parse("192.0.2.2"),
                other = *IpAddress::parse("192.0.2.3"), stranger = *IpAddress::parse("192.0.2.4");

struct Record {
  enum Flag : uint8_t {
    from_mask = 3,  // by these two bits: a local station, the peer, the other node, a stranger
    myself = 4,     // not a stranger, but this node's own address; or the second local port
    wrap = 8,       // the bytes are frames: each gets a header of its own
    in_two = 16,    // that of the second network; a local station's own network
    later = 32,     // time passes before
    refuse = 64,    // the underlay sends nothing
    mend = 128,     // the lengths of a local station's frame are those of the frame
  };
  uint8_t flags = 0, traffic_class = 0;
  uint16_t segment = 0;
  std::span<const uint8_t> bytes;

  bool has(Flag f) const { return (flags & f) != 0; }
  NetworkId network() const { return has(in_two) ? two : one; }
};

std::optional<Record> next_record(std::span<const uint8_t>& input) {
  constexpr size_t fixed = 6;
  if (input.size() < fixed) return std::nullopt;
  Record r;
  r.flags = input[0];
  r.traffic_class = input[1];
  r.segment = static_cast<uint16_t>(input[2] | input[3] << 8);
  const size_t size = std::min<size_t>(input[4] | input[5] << 8, input.size() - fixed);
  r.bytes = input.subspan(fixed, size);
  input = input.subspan(fixed + size);
  return r;
}

class FuzzUnderlay : public Underlay {
 public:
  FuzzUnderlay() : Underlay(1) {}
  int poll_fd(unsigned) const override { return -1; }
  bool segments() const override { return true; }

  void send(unsigned, std::span<OutgoingDatagrams> datagrams) override {
    require(!receiving);
    for (OutgoingDatagrams& d : datagrams) {
      check(d);
      if (refuse) d.failed = Reason::egress_full;
    }
  }

  std::span<const IncomingDatagrams> receive(unsigned) override {
    for (IncomingDatagrams& d : spans_) d.payload = bytes_;
    return {spans_.data(), std::exchange(waiting_, 0)};
  }

  // The bytes stand in memory of just their size.
  void inject(const IpAddress& from, const Record& r) {
    bytes_.clear();
    size_t each = r.segment == 0 ? r.bytes.size() : r.segment;
    for (auto rest = r.bytes; r.has(Record::wrap) && !rest.empty();) {
      uint8_t header[vxlan_header::size];
      vxlan_header::write(header, vni_of[r.network()]);
      const auto frame = rest.first(std::min(each, rest.size()));
      bytes_.insert(bytes_.end(), header, header + sizeof header);
      bytes_.insert(bytes_.end(), frame.begin(), frame.end());
      rest = rest.subspan(frame.size());
    }
    if (r.has(Record::wrap))
      each += vxlan_header::size;
    else
      bytes_.assign(r.bytes.begin(), r.bytes.end());
    bytes_.shrink_to_fit();
    const auto segment = static_cast<uint16_t>(r.segment == 0 ? 0 : std::min<size_t>(each, 65535));
    spans_ = {{from, r.traffic_class, segment, {}}};
    waiting_ = 1;
  }

  bool refuse = false, receiving = false;

 private:
  static void check(const OutgoingDatagrams& d) {
    require(d.to->address == peer || d.to->address == other);
    size_t sum = 0;
    for (const iovec& part : d.parts) {
      require(part.iov_len != 0);
      sum += part.iov_len;
    }
    require(sum == d.bytes && d.parts.size() <= 2 * max_segments);
    const size_t each = d.segment == 0 ? d.bytes : d.segment;
    require(each >= vxlan_header::size + 14);
    require(each <= vxlan_header::size + 14 + 1450);
    if (d.segment != 0) require(d.bytes > each && d.bytes <= each * max_segments);
  }

  std::vector<uint8_t> bytes_;
  std::vector<IncomingDatagrams> spans_;
  size_t waiting_ = 0;
};

PacketPool& pool() {
  static PacketPool one_for_all(Pipeline::pool_packets);
  return one_for_all;
}

bool is_overlay(PortId id) {
  return id == peer_one || id == other_one || id == peer_two;
}
NetworkId network_of(PortId id) {
  return id == second || id == peer_two ? two : one;
}

// A segment that was merged is one whose checksum was right.
void check_segments(const Packet& super) {
  fuzz::FuzzPacket room(super.frame());
  Segmenter segmenter(super);
  for (;;) {
    Packet& piece = *room;
    piece.reset();
    if (!segmenter.next(piece)) break;
    require(parse_layout(piece) == Reason::none && piece.layout.fault == Reason::none);
    const uint8_t* ip = piece.data + Layout::l3;
    const size_t length = piece.length - piece.layout.l4;
    const uint16_t pseudo = super.offload.gso == Offload::Gso::tcp4
                                ? checksum::pseudo4(ip + 12, 6, length)
                                : checksum::pseudo6(ip + 8, 6, length);
    const uint16_t sum = checksum::sum({piece.data + piece.layout.l4, length});
    require(checksum::add(pseudo, sum) == 0xffff);
  }
}

class LocalPort : public Port {
 public:
  LocalPort(PortId id, Capabilities can) : id_(id), can_(can) {}
  int poll_fd(unsigned) const override { return -1; }
  bool rx(unsigned, Batch&, Io&) override { return false; }
  Capabilities capabilities() const override { return can_; }
  void tx(unsigned, std::span<Outgoing> frames, Io&) override {
    for (const Outgoing& out : frames) {
      Packet& p = *out.packet;
      require(p.length >= 14 && p.network == network_of(id_));
      require(network_of(p.ingress) == network_of(id_));
      if (!is_overlay(p.ingress)) continue;
      require(!p.offload.any() || p.offload.gso != Offload::Gso::none);
      Packet copy = p;
      require(parse_layout(copy) == Reason::none);
      if (p.offload.gso != Offload::Gso::none) check_segments(p);
    }
  }

 private:
  PortId id_;
  Capabilities can_;
};

class FuzzNode {
 public:
  FuzzNode() {
    for (NetworkId n = 0; n < network_count; ++n) {
      tables_.networks.emplace_back();
      tables_.networks[n].ageing = std::chrono::seconds(300);
      tables_.networks[n].fdb = std::make_shared<Fdb>(32, Fdb::Seed{{1, 2, 3, 4}});
    }
    add(std::make_shared<LocalPort>(plain, all), one);
    add(std::make_shared<LocalPort>(bare, Capabilities{}), one);
    add(std::make_shared<LocalPort>(second, all), two);
    add_remote(peer, one);
    add_remote(other, one);
    add_remote(peer, two);
    socket_ = std::make_shared<TunnelSocket>(underlay_, TunnelType::vxlan, socket_id, entries_,
                                             std::vector{self});
    add(socket_, no_network);
    tables_.suppression =
        std::make_shared<Suppression>(16, HashKey{{0x9e3779b97f4a7c15, 3, 5, 0xd6e8feb86659fd93}});
    collect_members(tables_);
    pipeline_.adopt(tables_);
  }

  void take(const Record& r) {
    if (r.has(Record::later)) now_ += std::chrono::seconds(100);
    underlay_->refuse = r.has(Record::refuse);
    switch (r.flags & Record::from_mask) {
      case 0:
        return send(r);
      case 1:
        return arrive(peer, r);
      case 2:
        return arrive(other, r);
      default:
        return arrive(r.has(Record::myself) ? self : stranger, r);
    }
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
    require(in + copies == out + drops);
    require(tables_.ports[socket_id].stats->of_worker[0].tx_packets.get() == 0);
  }

 private:
  void add(std::shared_ptr<Port> port, NetworkId network) {
    PortSettings s;
    s.present = true;
    s.network = network;
    s.capabilities = port->capabilities();
    s.max_addresses = 12;
    tables_.settings.push_back(s);
    tables_.ports.push_back({"", std::move(port), std::make_shared<PortStats>(1)});
  }

  void add_remote(const IpAddress& address, NetworkId network) {
    const auto id = static_cast<PortId>(tables_.ports.size());
    const TunnelOptions options{TunnelType::vxlan, vni_of[network], {}};
    add(std::make_shared<TunnelPort>(underlay_, Remote{address, 4789}, options), network);
    PortSettings& s = tables_.settings.back();
    s.overlay = s.suppress = true;
    s.mtu = 1450;
    entries_.push_back({address, vni_of[network], id});
  }

  void send(const Record& r) {
    if (r.bytes.size() < virtio_header_size) return;
    const auto frame = r.bytes.subspan(virtio_header_size);
    Batch batch(pool());
    Packet& p = *batch.append();
    p.length = static_cast<uint32_t>(frame.size());
    std::copy(frame.begin(), frame.end(), p.data);
    p.offload = decode_offload(r.bytes.data());
    if (r.has(Record::mend)) fuzz::mend_lengths(p);
    const PortId from = r.has(Record::in_two) ? second : r.has(Record::myself) ? bare : plain;
    // Not poisoned: an answer to a question may be longer than it, within the packet's buffer.
    pipeline_.run(tables_, from, batch, now_);
    check_pool(batch);
  }

  void arrive(const IpAddress& from, const Record& r) {
    underlay_->inject(from, r);
    underlay_->receiving = true;
    Batch batch(pool());
    while (socket_->rx(0, batch, *io_)) {
      if (batch.empty()) continue;
      const PortId ingress = batch[0].ingress;
      require(ingress != no_port);
      for (const Packet* p : batch.packets()) require(p->ingress == ingress);
      pipeline_.run(tables_, ingress, batch, now_);
      check_pool(batch);
    }
    underlay_->receiving = false;
  }

  static void check_pool(const Batch& batch) {
    require(batch.empty() && pool().available() == pool().size());
  }

  std::unique_ptr<Io> io_ = make_io(IoKind::plain);
  Pipeline pipeline_{pool(), *io_, 0};
  Tables tables_;
  std::shared_ptr<FuzzUnderlay> underlay_ = std::make_shared<FuzzUnderlay>();
  std::shared_ptr<TunnelSocket> socket_;
  std::vector<RemoteEntry> entries_;
  Time now_{std::chrono::hours(1)};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::span<const uint8_t> input(data, size);
  FuzzNode node;
  while (const auto record = next_record(input)) node.take(*record);
  node.check_counters();
  return 0;
}
