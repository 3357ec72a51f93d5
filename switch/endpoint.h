// Settling an endpoint's device in its namespace: MAC, MTU, up, addresses, routes.
//
// Called by the control thread after the device was made (create_tap, VethPair). Throws DeviceError
// at the first thing that is refused; the caller then drops the device, and all that was set goes
// with it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "switch/ip_config.h"
#include "switch/netns.h"
#include "wire/address.h"

namespace uswitch {

struct EndpointOptions {
  std::string device;
  std::optional<MacAddress> mac = {};  // unset: left as it is, and so for the two below
  std::optional<uint32_t> mtu = {};
  std::optional<uint32_t> txqueuelen = {};
  // IPv6 addresses are usable at once, without duplicate address detection: the configuration is
  // the authority on who has which. IPv6 is switched on for the device when one is given (container
  // engines switch it off), which needs a writable /proc/sys.
  std::vector<IpPrefix> addresses = {};
  std::vector<Route> routes = {};
};

void configure_endpoint(const NetNs& netns, const EndpointOptions& options);

}  // namespace uswitch
