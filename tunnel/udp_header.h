// The header of tunnels of type udp, where Ethernet frames are carried in UDP and nothing else is
// known to be in the way:
//
//    0                   1                   2                   3
//   |    version    |            network identifier                 |
//
// Version 1 is followed by one Ethernet frame without FCS to the end of the datagram. What has
// another version is dropped as tunnel_malformed, so that whatever comes later needs no flags now.
#pragma once
#include <cstdint>
#include <optional>

#include "wire/bytes.h"

namespace uswitch::udp_header {

inline constexpr size_t size = 4;
inline constexpr uint8_t version = 1;

inline void write(uint8_t* to, uint32_t network_id) {
  store_be32(to, uint32_t{version} << 24 | network_id);
}

// The network, or nothing when the version is unknown. `size` bytes are there.
inline std::optional<uint32_t> read(const uint8_t* from) {
  if (from[0] != version) return std::nullopt;
  return load_be32(from) & 0xffffff;
}

}  // namespace uswitch::udp_header
