// IP addresses and routes of a device, over rtnetlink. Called by the thread that owns the socket;
// failures are DeviceError.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "switch/link.h"
#include "switch/netlink.h"
#include "wire/address.h"

namespace uswitch {

// IPv4 gets the subnet's directed broadcast address too, but for /31 (RFC 3021) and /32.
// `duplicate_detection`: IPv6 only; off (IFA_F_NODAD), the address is usable at once, on, after
// a second of RFC 4862 5.4.
void add_address(NetlinkSocket& netlink, const Link& link, const IpPrefix& address,
                 bool duplicate_detection = false);
// In the kernel's order, link-local ones included.
std::vector<IpPrefix> list_addresses(NetlinkSocket& netlink, const Link& link);

struct Route {
  IpPrefix to;                        // host bits are ignored; length 0 is the default route
  std::optional<IpAddress> via = {};  // without: the destination is on the link itself
  bool onlink = false;                // via is on this link though no address says so
};
// The device must be up. A route that exists already is an error, never replaced: it is
// somebody's.
void add_route(NetlinkSocket& netlink, const Link& link, const Route& route);

}  // namespace uswitch
