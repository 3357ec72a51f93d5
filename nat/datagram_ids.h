// IPv4 ids for what leaves under another source. To its receivers the datagrams of all hosts that
// have an external address together come from one sender, so whoever translates them sees to it
// that no id is used twice while the other one is on its way (RFC 6864 5.3.1; N-6, FR-8). Those
// that may not be fragmented need none.
//
// Kind "mine": a worker's own, which takes ids from the port map in blocks. They are used again
// after 65536 datagrams, wherever those went to.
#pragma once
#include <algorithm>

#include "core/gso.h"
#include "core/packet.h"
#include "nat/port_map.h"
#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"

namespace uswitch {

class DatagramIds {
 public:
  // The packet gets another id if it may travel in fragments. What it had stays known.
  void renew(Packet& packet, PortMap& ports) {
    if (packet.layout.ether_type != ether_type::ipv4) return;
    constexpr uint8_t dont_fragment = 0x40;
    const uint8_t* ip = packet.data + Layout::l3;
    if ((ip[Ipv4View::Offset::fragment] & dont_fragment) != 0 && !packet.reassembled) return;
    packet.renumbered = true;
    packet.former_id = load_be16(ip + Ipv4View::Offset::id);
    write(packet, take(ports, count_of(packet)));
  }

  // Gives the packet the id back that it came with.
  static void restore(Packet& packet) {
    if (!packet.renumbered) return;
    packet.renumbered = false;
    write(packet, packet.former_id);
  }

 private:
  static constexpr uint32_t block = 256;

  // The segments that a super-segment is cut into have ids in a row, its own first.
  static uint32_t count_of(const Packet& packet) {
    if (packet.offload.gso == Offload::Gso::none) [[likely]]
      return 1;
    const uint32_t payload = packet.length - gso_header_length(packet);
    return payload / packet.offload.segment_size + 1;  // one too many if they are all of one size
  }

  // The first of so many.
  uint16_t take(PortMap& ports, uint32_t count) {
    if (left_ < count) {
      left_ = std::max(count, block);
      next_ = ports.take_datagram_ids(left_);
    }
    left_ -= count;
    const auto first = static_cast<uint16_t>(next_);
    next_ += count;
    return first;
  }

  static void write(Packet& packet, uint16_t id) {
    using Ip4 = Ipv4View::Offset;
    uint8_t* ip = packet.data + Layout::l3;
    const uint16_t delta = checksum::change(load_be16(ip + Ip4::id), id);
    store_be16(ip + Ip4::id, id);
    store_be16(ip + Ip4::checksum, checksum::apply(load_be16(ip + Ip4::checksum), delta));
  }

  uint32_t next_ = 0, left_ = 0;
};

}  // namespace uswitch
