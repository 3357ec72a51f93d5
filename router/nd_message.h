// Neighbour discovery messages of the router, as finished frames (RFC 4861 4, RFC 4862 5.4;
// STANDARDS ND-2, ND-3, ND-7, ND-8).
//
// No state; whoever has a fresh packet calls it. `out` gets the frame, its network is the caller's.
#pragma once
#include <optional>

#include "core/packet.h"
#include "router/interface.h"

namespace uswitch::nd_message {

// Where the message goes: one station, or all nodes (ff02::1).
struct To {
  IpAddress address;
  MacAddress mac;
  static To all_nodes();
};

// Who has the target? To its solicited-node group, or to the one who had it.
void write_solicitation(const RouterInterface& own, const IpAddress& target,
                        const std::optional<MacAddress>& to, Packet& out);
// Has anybody else this address of ours? From :: (RFC 4862 5.4.2), with a nonce by which our own
// question is known when it comes back (RFC 7527).
void write_duplicate_probe(const RouterInterface& own, const IpAddress& address, Packet& out);
// The nonce of those.
inline constexpr uint8_t nonce_option = 14;
inline constexpr uint8_t nonce[6] = {'u', 's', 'w', 'i', 't', 'c'};

// The target is here. solicited: it answers a question; override: it counts more than what was
// known before (all but a proxy's and that of an anycast address).
struct Claim {
  IpAddress target;
  bool solicited;
  bool override_;
};
void write_advertisement(const RouterInterface& own, const Claim& claim, const To& to, Packet& out);

// The router, its prefixes and its MTU, good for `lifetime` seconds; 0 takes the router back.
inline constexpr uint16_t router_lifetime = 1800;
void write_router_advertisement(const RouterInterface& own, uint16_t lifetime, const To& to,
                                Packet& out);

// The group that a station with this address listens to (RFC 4291 2.7.1), and the MAC of a group
// (RFC 2464 7).
IpAddress solicited_node(const IpAddress& address);
MacAddress group_mac(const IpAddress& group);

}  // namespace uswitch::nd_message
