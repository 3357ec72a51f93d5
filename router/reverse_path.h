// Whether a source address must be reachable (RFC 3704, STANDARDS R4-10): not asked, by any
// network, or by the network the packet came from.
#pragma once
#include <cstdint>

namespace uswitch {

enum class ReversePath : uint8_t { off, loose, strict };

}  // namespace uswitch
