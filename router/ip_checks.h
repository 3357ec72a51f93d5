// What a router checks of a packet's own header before it looks for a route (RFC 1812 5.2.2, 5.3;
// RFC 8200; STANDARDS R4-1, R4-8, R4-9, R4-12, R6-2).
//
// No state; called by workers. The layout of the packet is known and without fault.
#pragma once
#include "core/packet.h"
#include "core/reason.h"

namespace uswitch::ip_checks {

// Addresses as they stand in the header.
inline const uint8_t* destination4(const Packet& p) {
  return p.data + Layout::l3 + 16;
}
inline const uint8_t* destination6(const Packet& p) {
  return p.data + Layout::l3 + 24;
}

// Whatever becomes of the packet: a broken header or an address that cannot be. Silent drops.
Reason check4(const Packet& p);
Reason check6(const Packet& p);

// Only for what is not for the router itself.
Reason check_scope4(const Packet& p);
Reason check_scope6(const Packet& p);

// IPv4 options of a packet that is to be forwarded: none, source_routed, or bad_ip_option with
// `pointer` at the byte of the IP header that is wrong.
Reason check_options(const Packet& p, uint8_t& pointer);

// Whether the packet may only pass whole (DF, or IPv6).
bool dont_fragment(const Packet& p);

inline bool is_v4(const Packet& p) {
  return p.layout.ether_type == 0x0800;
}
inline uint8_t ttl(const Packet& p) {
  return p.data[Layout::l3 + (is_v4(p) ? 8 : 7)];
}
// By one; the IPv4 checksum follows (RFC 1624 eqn 3, R4-4). It must not be 0.
void decrement_ttl(Packet& p);

}  // namespace uswitch::ip_checks
