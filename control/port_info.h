// What the control thread knows of a port beyond what forwarding needs: for people and programs
// that look. Kind: control thread's alone.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/address.h"

namespace uswitch {

struct PortInfo {
  std::string type;    // as in the configuration: "tap", "veth", "raw", "pcap"
  std::string netns;   // name, path or pid:N as configured; empty: the one uswitch runs in
  std::string device;  // interface name in there; empty when there is none (pcap)
  std::optional<MacAddress> mac;    // of the device
  std::vector<IpPrefix> addresses;  // that the device was given
  uint64_t missed = 0;              // frames the kernel dropped before the switch could read them
};

}  // namespace uswitch
