// IP addresses and routes of a device and of a whole namespace, over rtnetlink. Called by the
// thread that owns the socket; failures are DeviceError.
#pragma once
#include <cstdint>
#include <functional>
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
// Nothing is done when the device has it not. With an IPv4 address go the routes that it is the
// source of; of several in one subnet the kernel would take the others along with the first, unless
// `promote_secondaries` says otherwise: add them again.
void remove_address(NetlinkSocket& netlink, const Link& link, const IpPrefix& address);
// In the kernel's order, link-local ones included.
std::vector<IpPrefix> list_addresses(NetlinkSocket& netlink, const Link& link);

struct LinkAddress {
  IpPrefix address;
  int link_index = 0;

  auto operator<=>(const LinkAddress&) const = default;
};
// All addresses by which others can reach this namespace now, in the kernel's order: those of every
// device that is up, /32 and /128 ones on lo too. Not those that mean something on their own link
// or host only (127/8, ::1, 169.254/16 (RFC 3927 7), fe80::/10, `scope link` or `host`), and not an
// IPv6 address before duplicate detection has let it pass (RFC 4862 5.4).
std::vector<LinkAddress> list_reachable_addresses(NetlinkSocket& netlink);

// Who made a route, as `ip route` shows it ("proto 117"): the mark of those that uswitch puts into
// a table it shares with others. A number that no routing daemon of iproute2's rt_protos uses.
inline constexpr uint8_t uswitch_route_protocol = 117;

struct Route {
  IpPrefix to;                        // host bits are ignored; length 0 is the default route
  std::optional<IpAddress> via = {};  // without: the destination is on the link itself
  bool onlink = false;                // via is on this link though no address says so
  uint32_t metric = 0;                // the least is preferred; 0 means 1024 for IPv6
  uint8_t protocol = 4;               // who made it; 4 (static): whoever configures by hand

  bool operator==(const Route&) const = default;
};
// The device must be up. A route that exists already, with this metric, is an error, never
// replaced: it is somebody's.
void add_route(NetlinkSocket& netlink, const Link& link, const Route& route);
// Takes out the one that agrees in every field; nothing is done when there is none.
void remove_route(NetlinkSocket& netlink, const Link& link, const Route& route);

struct TableRoute {
  Route route;
  int link_index = 0;  // 0: none (a blackhole), or several (multipath)
};
// Every route of the main table, of both families and all kinds, one at a time: a router's table
// can have a million.
void for_each_route(NetlinkSocket& netlink, const std::function<void(const TableRoute&)>& fn);

}  // namespace uswitch
