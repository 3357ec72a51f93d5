// Small numbers that name what Tables hold. An id is valid within one Tables value and keeps its
// meaning across reloads as long as the thing it names stays configured.
#pragma once
#include <cstdint>

namespace uswitch {

using PortId = uint16_t;     // index into Tables::ports
using NetworkId = uint16_t;  // index into Tables::networks

inline constexpr PortId no_port = 0xffff;
inline constexpr NetworkId no_network = 0xffff;
inline constexpr unsigned max_ports = 0xfff0;

}  // namespace uswitch
