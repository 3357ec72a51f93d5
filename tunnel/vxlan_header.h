// The VXLAN header (RFC 7348 5; VX-1):
//
//    0                   1                   2                   3
//   |R|R|R|R|I|R|R|R|            reserved                           |
//   |            VXLAN network identifier           |   reserved    |
//
// I says that there is an identifier. All that is reserved is sent as 0 and not looked at.
#pragma once
#include <cstdint>
#include <optional>

#include "wire/bytes.h"

namespace uswitch::vxlan_header {

inline constexpr size_t size = 8;
inline constexpr uint8_t has_identifier = 0x08;

inline void write(uint8_t* to, uint32_t network_id) {
  store_be32(to, uint32_t{has_identifier} << 24);
  store_be32(to + 4, network_id << 8);
}

// The network, or nothing when I is not set. `size` bytes are there.
inline std::optional<uint32_t> read(const uint8_t* from) {
  if (!(from[0] & has_identifier)) return std::nullopt;
  return load_be32(from + 4) >> 8;
}

}  // namespace uswitch::vxlan_header
