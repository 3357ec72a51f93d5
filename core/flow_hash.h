// Which flow a packet belongs to, as a number: whatever spreads flows (paths of equal cost, an
// overlay's source ports) keeps a flow together by it. A pure function of the packet; any thread.
#pragma once
#include <cstdint>

#include "core/packet.h"

namespace uswitch {

// `packet.layout` is filled in. The seed is the device's own, so that devices in a row do not all
// split the same flows the same way (EP-1).
//
// Hashed are source, destination, protocol and ports (TCP, UDP, UDP-Lite, SCTP, DCCP), in
// this order: the two directions of a flow have different numbers. Of an echo request or reply its
// id counts as both ports. There are no ports of other protocols, nor of any fragment, so that all
// fragments of a datagram go together (FR-9); what an IPv6 fragment's protocol is only the first
// tells, so there it does not count either. What is not IP is told apart by its MAC addresses.
//
// An ICMP error goes to the source of the packet it quotes. It gets the number of that flow's other
// direction, which goes there too, ports of a quoted first fragment included: so it meets the
// same member of a group, and takes the same path, as the packets it is about (EP-3). Quoted ports
// behind IPv6 extension headers are not looked for; an error with too short a quote is a flow of
// its own addresses.
uint32_t flow_hash(const Packet& packet, uint32_t seed);

}  // namespace uswitch
