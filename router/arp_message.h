// ARP messages of the router, as finished frames (RFC 826, RFC 5227; STANDARDS ARP-1, ARP-3, ARP-5,
// ARP-8, ARP-9).
//
// No state; whoever has a fresh packet calls it. `out` gets the frame, its network is the caller's.
#pragma once
#include <optional>

#include "core/packet.h"
#include "router/interface.h"
#include "wire/arp.h"

namespace uswitch::arp_message {

// Who has the target? By broadcast, or to the one who had it (ARP-11).
void write_request(const RouterInterface& own, const IpAddress& target,
                   const std::optional<MacAddress>& to, Packet& out);
// The request's target is here.
void write_reply(const RouterInterface& own, const ArpView& request, Packet& out);
// This address of its own is here (ARP-9); also defends it (ARP-8).
void write_announcement(const RouterInterface& own, const IpAddress& address, Packet& out);

}  // namespace uswitch::arp_message
