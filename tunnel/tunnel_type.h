// The kinds of tunnel, and the header that stands before each frame in its UDP datagrams.
#pragma once
#include <cstdint>

namespace uswitch {

enum class TunnelType : uint8_t {
  vxlan,  // RFC 7348
  udp,    // the smallest sound header, for hosts where VXLAN is blocked: see udp_header.h
};

inline constexpr uint32_t max_network_id = 0xffffff;  // of either: 24 bits

// Bytes of the header.
inline constexpr uint16_t tunnel_header_size(TunnelType type) {
  return type == TunnelType::vxlan ? 8 : 4;
}

// What a tunnel takes from the underlay's MTU: outer IP and UDP header, the tunnel's own and the
// inner Ethernet header (VX-5): 50 and 70 bytes of VXLAN, 46 and 66 of udp.
inline constexpr uint16_t tunnel_overhead(TunnelType type, bool underlay_is_v4) {
  constexpr uint16_t udp = 8, ethernet = 14;
  const uint16_t ip = underlay_is_v4 ? 20 : 40;
  return static_cast<uint16_t>(ip + udp + tunnel_header_size(type) + ethernet);
}

}  // namespace uswitch
