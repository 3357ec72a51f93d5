// Which outer DSCP and ECN a packet gets on its way through a tunnel, and what the outer ECN means
// for the packet that comes out (RFC 6040, RFC 2983; ECN-1, ECN-2, VX-12). No state; any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "wire/address.h"

namespace uswitch {

enum class Ecn : uint8_t { not_ect = 0, ect1 = 1, ect0 = 2, ce = 3 };

// The outer DSCP and ECN field: ECN copied (normal mode), DSCP copied or as given. What is not IP
// has neither.
uint8_t outer_traffic_class(std::span<const uint8_t> frame, std::optional<uint8_t> dscp);

// What the inner field becomes (RFC 6040 4.2); nothing: the packet must be dropped, since it says
// that it cannot be marked and has been.
std::optional<Ecn> decapsulated(Ecn inner, Ecn outer);

// Does that to the frame, its IPv4 header checksum kept as right or wrong as it was. False: to be
// dropped. Frames that are not IP have no field to change and are never to be dropped.
bool apply_outer_ecn(std::span<uint8_t> frame, uint8_t outer_traffic_class);

}  // namespace uswitch
