// What the control thread knows of a port beyond what forwarding needs: for people and programs
// that look. Kind: control thread's alone.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "tunnel/tunnel_type.h"
#include "wire/address.h"

namespace uswitch {

// Of a port that is one remote of a tunnel.
struct TunnelInfo {
  std::string name;  // of the tunnel
  TunnelType type = TunnelType::vxlan;
  uint32_t network_id = 0;
  IpAddress local, remote;
  uint16_t port = 0;
  std::optional<uint16_t> path_mtu;  // of the outer packet; nothing: the host has no way there
  std::optional<Time> last_heard;    // nothing: never
};

struct PortInfo {
  std::string type;    // as in the configuration: "tap", "veth", "raw", "pcap"; "tunnel", "socket"
  std::string netns;   // name, path or pid:N as configured; empty: the one uswitch runs in
  std::string device;  // interface name in there; empty when there is none (pcap)
  std::optional<MacAddress> mac;    // of the device
  std::vector<IpPrefix> addresses;  // that the device was given
  uint64_t missed = 0;              // frames the kernel dropped before the switch could read them
  std::optional<TunnelInfo> tunnel = {};
};

}  // namespace uswitch
