// Changes addresses, ports and ICMP query ids of packets, and their checksums by the difference
// (RFC 1624): a right checksum stays right, a wrong one stays wrong (NG-3), and no payload is read.
//
// A Rewrite is made once for each direction of a connection and kept there; apply() is for every
// packet of that direction, by the worker that owns the packet. No state, no allocation.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <type_traits>

#include "core/packet.h"
#include "nat/flow_tuple.h"

namespace uswitch {

// What packets of one direction carry when they leave, changed or not, and what that does to their
// checksums. As made by default it changes nothing. 46 bytes, read only.
struct Rewrite {
  static constexpr uint8_t none = 0;

  std::array<uint8_t, 32> addresses{};  // source, then destination, as they stand in the header
  std::array<uint8_t, 4> ports{};       // likewise; of an ICMP query the first two bytes are its id
  // Deltas of sums (wire/checksum.h): of the addresses, which is all the IPv4 header needs; of the
  // pseudo-header, which is 0 where a protocol has none (NG-1, VH-4); and of all the transport
  // checksum covers.
  uint16_t address_delta = 0;
  uint16_t pseudo_delta = 0;
  uint16_t transport_delta = 0;
  uint8_t address_bytes = 0;   // 8: IPv4, 32: IPv6, 0: nothing to do
  uint8_t port_bytes = 0;      // 4: two ports, 2: an id, 0: neither changes
  uint8_t ports_at = 0;        // offsets in the transport header
  uint8_t checksum_at = none;  // none: no checksum depends on what is changed here
  bool zero_is_none = false;   // a checksum of 0 was never made and is not updated (NG-2)

  bool changes_anything() const { return address_bytes != 0; }
};
static_assert(std::is_trivially_copyable_v<Rewrite>);

// For packets of `protocol` that carry `from` when they come and are to carry `to`; both of one
// family, and as flow_fields gives them. Ports are changed in TCP and UDP, the id in ICMP and
// ICMPv6 queries (it is the port that differs between `from` and `to`).
//
// Of other protocols the addresses alone: DCCP and UDP-Lite have the checksum's pseudo-header seen
// to, the CRC of SCTP has none (NG-2), and their ports stay as they are.
Rewrite make_rewrite(uint8_t protocol, const Endpoints& from, const Endpoints& to);

// The same change with source and destination exchanged: what an answer's rewrite is to the packet
// that was answered, which is what an ICMP error quotes (nat/icmp_translate).
Rewrite mirrored(const Rewrite& rewrite);

// `packet` was accepted by parse_layout without a fault, belongs to the direction the Rewrite was
// made for, and is not untrackable. A fragment that is not the first has its addresses changed
// only: the transport checksum stands in the first one and is changed there, once (NG-5). A
// checksum that is left undone gets the addresses only, not complemented (VH-4). A super-segment is
// one packet.
void apply(const Rewrite& rewrite, Packet& packet);

// The same for a packet that stands anywhere, with a full checksum: its IP header, and at
// `transport` as many bytes as there are of what follows it; none of a later fragment. What is cut
// off is not changed.
void apply_at(const Rewrite& rewrite, uint8_t* ip, std::span<uint8_t> transport);

}  // namespace uswitch
