// What the IPv6 extension headers of a packet to the router ask of it (RFC 8200 4.2 to 4.6): it
// knows no options and no routing types beyond what may be skipped. The worker that owns the packet
// calls it; no state.
#pragma once
#include <optional>

#include "core/packet.h"
#include "router/icmp_error.h"

namespace uswitch {

// Why the packet must not be taken, when an option or a routing header says so.
struct OptionProblem {
  IcmpError error;
  bool tell;  // whether the sender wants to know
};

// Of an IPv6 packet that parse_layout took and found whole, to one of the router's own addresses.
std::optional<OptionProblem> unknown_option(const Packet& packet);

}  // namespace uswitch
