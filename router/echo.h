// Answers pings (RFC 792, RFC 4443 4.2; STANDARDS R4-11, I6-3). The worker that owns the packet
// calls it; no state.
#pragma once
#include "core/packet.h"
#include "wire/address.h"

namespace uswitch {

// Makes the reply of an echo request to one of the router's own addresses, in place: `source`, the
// pinged address unless that is anycast, answers the sender, identifier, sequence number and data
// unchanged, TTL 64. Checksums
// follow by what changes, so a wrong one stays wrong. The MAC addresses are the caller's to write.
//
// The request is whole (reassembled), has been through parse_layout without a fault, and is one
// (type 8 or 128). IPv4 options and the id stay, so what the sender made unique stays unique
// (FR-8). IPv6 extension headers are taken out, which moves packet.data. A reply may be longer than
// the MTU if the request came in fragments: see core/fragment.h.
void turn_into_echo_reply(Packet& packet, const IpAddress& source);

}  // namespace uswitch
