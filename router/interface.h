// What the router is on one network.
#pragma once
#include <cstdint>

#include "core/ids.h"

namespace uswitch {

// Whether a source address must be reachable (RFC 3704, STANDARDS R4-10): not asked, by any
// network, or by the network the packet came from.
enum class ReversePath : uint8_t { off, loose, strict };

}  // namespace uswitch
