// Settling an endpoint's device in its namespace: MAC, MTU, up, addresses, routes, and what it
// makes of router advertisements. A device in the namespace uswitch runs in never takes its default
// route from them: what the host reaches by other devices is not for a network of containers to
// redirect.
//
// Called by the control thread after the device was made (create_tap, VethPair), and again when the
// configuration has changed. Throws DeviceError at the first thing that is refused; the caller then
// drops the device, and all that was set goes with it.
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
  // engines switch it off), which needs a writable /proc/sys. It then makes none of its own from
  // router advertisements (RFC 4862), from which it still takes the default route.
  std::vector<IpPrefix> addresses = {};
  // IPv6 addresses and the default route come from router advertisements, also where the namespace
  // forwards (a kernel that forwards ignores them) or IPv6 was off. No error where the kernel has
  // no IPv6, the MTU is below 1280, or a read-only /proc/sys says otherwise: there is none then.
  // With an IPv6 address in `addresses` it means nothing.
  bool autoconfigure = false;
  std::vector<Route> routes = {};

  bool operator==(const EndpointOptions&) const = default;
};

void configure_endpoint(const NetNs& netns, const EndpointOptions& options);

// A running endpoint goes from one set of options to another; what is in both stays as it is, so
// connections over addresses that stay do not notice. What others have set on the device stays too.
// A DeviceError leaves it in between: go back the other way. txqueuelen is left alone.
void change_endpoint(const NetNs& netns, const EndpointOptions& from, const EndpointOptions& to);

}  // namespace uswitch
