#include "switch/endpoint.h"

#include <algorithm>
#include <cerrno>

#include "switch/device_error.h"
#include "switch/link.h"
#include "switch/sysctl.h"

namespace uswitch {
namespace {

void switch_ipv6_on(const NetNs& netns, const std::string& device) {
  if (write_sysctl(netns, "net/ipv6/conf/" + device + "/disable_ipv6", "0")) return;
  throw DeviceError(EAFNOSUPPORT, "device " + device + " in " + netns.label() +
                                      " can have no IPv6 address: its MTU is below 1280 or the "
                                      "kernel has no IPv6");
}

}  // namespace

void configure_endpoint(const NetNs& netns, const EndpointOptions& options) {
  NetlinkSocket netlink(netns);
  Link link = get_link(netlink, options.device);
  change_link(netlink, link,
              {.mac = options.mac, .mtu = options.mtu, .txqueuelen = options.txqueuelen});
  bool has_v6 = std::any_of(options.addresses.begin(), options.addresses.end(),
                            [](const IpPrefix& prefix) { return !prefix.address.is_v4(); });
  if (has_v6) switch_ipv6_on(netns, options.device);
  for (const IpPrefix& address : options.addresses) add_address(netlink, link, address);
  change_link(netlink, link, {.up = true});  // routes need the device up
  for (const Route& route : options.routes) add_route(netlink, link, route);
}

}  // namespace uswitch
