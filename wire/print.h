// One line about a frame, for traces, logs and test failures.
#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace uswitch {

// Any bytes will do; what cannot be read is called so. Allocates: not for every packet. Examples:
//   IPv4 10.0.0.1:4242 > 10.0.0.2:80 TCP SYN seq 1 win 64240 len 0
//   VLAN 10 IPv6 fe80::1 > ff02::1:ff00:2 ICMPv6 neighbor solicitation for fd00::2 from
//   02:00:00:00:00:01 ARP who has 10.0.0.2, tell 10.0.0.1 02:00:00:00:00:01 > 02:00:00:00:00:02
//   type 0x88cc len 46
std::string describe(std::span<const uint8_t> frame);

}  // namespace uswitch
