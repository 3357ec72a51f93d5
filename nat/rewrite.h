// Changes addresses, ports and ICMP query ids of packets, and their checksums by the difference
// (RFC 1624): a right checksum stays right, a wrong one stays wrong (NG-3), and no payload is read.
//
// `from` is what a packet carries when it comes, as flow_fields gives it, `to` what it is to carry
// when it leaves; both of one family and protocol. Ports are changed in TCP and UDP, the id in ICMP
// and ICMPv6 queries (it is the port that differs). Of other protocols the addresses alone: DCCP
// and UDP-Lite have the checksum's pseudo-header seen to, the CRC of SCTP has none (NG-2), and
// their ports stay as they are.
//
// The worker that owns the packet calls it. No state, no allocation.
#pragma once
#include <cstdint>
#include <span>

#include "core/packet.h"
#include "nat/tuple.h"

namespace uswitch {

// `packet` was accepted by parse_layout without a fault and is not untrackable. A fragment that is
// not the first has its addresses changed only: the transport checksum stands in the first one and
// is changed there, once (NG-5). A checksum that is left undone gets the addresses only, not
// complemented (VH-4). A super-segment is one packet.
void rewrite(Packet& packet, const Tuple& from, const Tuple& to);

// The same for a packet that stands anywhere, with a full checksum: its IP header, and at
// `transport` as many bytes as there are of what follows it; none of a later fragment. What is cut
// off is not changed.
void rewrite_at(uint8_t* ip, std::span<uint8_t> transport, const Tuple& from, const Tuple& to);

}  // namespace uswitch
