// Values of IPv4's protocol and IPv6's next-header field (IANA protocol numbers).
#pragma once
#include <cstdint>

namespace uswitch::ip_protocol {

inline constexpr uint8_t hop_by_hop = 0;
inline constexpr uint8_t icmp = 1;
inline constexpr uint8_t tcp = 6;
inline constexpr uint8_t udp = 17;
inline constexpr uint8_t routing = 43;
inline constexpr uint8_t fragment = 44;
inline constexpr uint8_t esp = 50;
inline constexpr uint8_t authentication = 51;
inline constexpr uint8_t icmp6 = 58;
inline constexpr uint8_t no_next_header = 59;
inline constexpr uint8_t destination_options = 60;

}  // namespace uswitch::ip_protocol
