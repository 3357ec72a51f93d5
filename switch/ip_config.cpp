#include "switch/ip_config.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <set>

#include "switch/device_error.h"

namespace uswitch {
namespace {

uint8_t family_of(const IpAddress& address) {
  return address.is_v4() ? AF_INET : AF_INET6;
}

void put_address(NetlinkRequest& request, uint16_t attribute, const IpAddress& address) {
  request.put(attribute, address.wire(), address.wire_size());
}

std::optional<IpAddress> read_address(const nlattr& attribute) {
  auto* bytes = static_cast<const uint8_t*>(mnl_attr_get_payload(&attribute));
  switch (mnl_attr_get_payload_len(&attribute)) {
    case 4:
      return IpAddress::load4(bytes);
    case 16:
      return IpAddress::load6(bytes);
    default:
      return std::nullopt;
  }
}

// IFA_LOCAL is the own address; on a point-to-point link IFA_ADDRESS is the peer's. IPv6 mostly
// has IFA_ADDRESS alone.
std::optional<IpPrefix> parse_address(const nlmsghdr& message, const ifaddrmsg& header) {
  std::optional<IpAddress> local, address;
  for_each_attribute(message, sizeof header, [&](const nlattr& attribute) {
    if (mnl_attr_get_type(&attribute) == IFA_LOCAL) local = read_address(attribute);
    if (mnl_attr_get_type(&attribute) == IFA_ADDRESS) address = read_address(attribute);
  });
  if (!local) local = address;
  if (!local) return std::nullopt;
  return IpPrefix{*local, header.ifa_prefixlen};
}

// Scopes are numbered from the widest: what is narrower than a site is no destination for others.
bool is_for_others(const ifaddrmsg& header, const IpAddress& address) {
  constexpr uint8_t undecided = IFA_F_TENTATIVE | IFA_F_DADFAILED;
  return header.ifa_scope <= RT_SCOPE_SITE && !(header.ifa_flags & undecided) &&
         !address.is_loopback() && !address.is_link_local() && !address.is_multicast();
}

std::set<int> links_up(NetlinkSocket& netlink) {
  std::set<int> up;
  for (const Link& link : list_links(netlink))
    if (link.up) up.insert(link.index);
  return up;
}

std::string describe(const Route& route) {
  std::string text = "the route to " + route.to.to_string();
  if (route.via) text += " via " + route.via->to_string();
  return text;
}

void put_route(NetlinkRequest& request, const Link& link, const Route& route) {
  auto& header = request.extra_header<rtmsg>();
  header.rtm_family = family_of(route.to.address);
  header.rtm_dst_len = route.to.length;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = route.protocol;
  header.rtm_scope = route.via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  header.rtm_type = RTN_UNICAST;
  if (route.onlink) header.rtm_flags = RTNH_F_ONLINK;
  if (route.to.length > 0) put_address(request, RTA_DST, route.to.network());
  if (route.via) put_address(request, RTA_GATEWAY, *route.via);
  if (route.metric > 0) request.put_u32(RTA_PRIORITY, route.metric);
  request.put_u32(RTA_OIF, static_cast<uint32_t>(link.index));
}

void read_attribute(TableRoute& found, uint32_t& table, const nlattr& attribute) {
  switch (mnl_attr_get_type(&attribute)) {
    case RTA_DST:
      if (auto to = read_address(attribute)) found.route.to.address = *to;
      break;
    case RTA_GATEWAY:
      found.route.via = read_address(attribute);
      break;
    case RTA_PRIORITY:
      found.route.metric = mnl_attr_get_u32(&attribute);
      break;
    case RTA_OIF:
      found.link_index = static_cast<int>(mnl_attr_get_u32(&attribute));
      break;
    case RTA_TABLE:  // the header has 8 bits for it only
      table = mnl_attr_get_u32(&attribute);
      break;
    default:
      break;
  }
}

// nullopt: of another table or family (a dump of all brings multicast and MPLS routes too).
std::optional<TableRoute> parse_route(const nlmsghdr& message) {
  auto& header = *static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
  bool v4 = header.rtm_family == AF_INET;
  if (!v4 && header.rtm_family != AF_INET6) return std::nullopt;
  TableRoute found;
  found.route.to = {v4 ? IpAddress::from_v4(0) : IpAddress{}, header.rtm_dst_len};
  found.route.onlink = header.rtm_flags & RTNH_F_ONLINK;
  found.route.protocol = header.rtm_protocol;
  uint32_t table = header.rtm_table;
  for_each_attribute(message, sizeof header,
                     [&](const nlattr& attribute) { read_attribute(found, table, attribute); });
  if (table != RT_TABLE_MAIN) return std::nullopt;
  return found;
}

}  // namespace

void add_address(NetlinkSocket& netlink, const Link& link, const IpPrefix& address,
                 bool duplicate_detection) {
  NetlinkRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  auto& header = request.extra_header<ifaddrmsg>();
  header.ifa_family = family_of(address.address);
  header.ifa_prefixlen = address.length;
  header.ifa_index = static_cast<uint32_t>(link.index);
  put_address(request, IFA_LOCAL, address.address);
  put_address(request, IFA_ADDRESS, address.address);
  bool v4 = address.address.is_v4();
  if (v4 && address.length < 31) put_address(request, IFA_BROADCAST, address.broadcast());
  if (!v4 && !duplicate_detection) request.put_u32(IFA_FLAGS, IFA_F_NODAD);
  netlink.request(request, "add address " + address.to_string() + " to device " + link.name);
}

void remove_address(NetlinkSocket& netlink, const Link& link, const IpPrefix& address) {
  NetlinkRequest request(RTM_DELADDR, 0);
  auto& header = request.extra_header<ifaddrmsg>();
  header.ifa_family = family_of(address.address);
  header.ifa_prefixlen = address.length;
  header.ifa_index = static_cast<uint32_t>(link.index);
  put_address(request, IFA_LOCAL, address.address);
  try {
    netlink.request(request, "remove address " + address.to_string() + " from device " + link.name);
  } catch (const DeviceError& error) {
    if (error.error() != EADDRNOTAVAIL) throw;
  }
}

std::vector<IpPrefix> list_addresses(NetlinkSocket& netlink, const Link& link) {
  std::vector<IpPrefix> addresses;
  NetlinkRequest request(RTM_GETADDR, NLM_F_DUMP);
  request.extra_header<ifaddrmsg>();
  netlink.request(request, "list the addresses of " + link.name, [&](const nlmsghdr& message) {
    auto& header = *static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(&message));
    if (header.ifa_index != static_cast<uint32_t>(link.index)) return;  // the dump holds all links
    if (auto address = parse_address(message, header)) addresses.push_back(*address);
  });
  return addresses;
}

std::vector<LinkAddress> list_reachable_addresses(NetlinkSocket& netlink) {
  const std::set<int> up = links_up(netlink);
  std::vector<LinkAddress> addresses;
  NetlinkRequest request(RTM_GETADDR, NLM_F_DUMP);
  request.extra_header<ifaddrmsg>();
  netlink.request(request, "list the addresses", [&](const nlmsghdr& message) {
    auto& header = *static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(&message));
    const int index = static_cast<int>(header.ifa_index);
    auto address = parse_address(message, header);
    if (address && up.contains(index) && is_for_others(header, address->address))
      addresses.push_back({*address, index});
  });
  return addresses;
}

void add_route(NetlinkSocket& netlink, const Link& link, const Route& route) {
  NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  put_route(request, link, route);
  netlink.request(request, "add " + describe(route) + " on device " + link.name);
}

void remove_route(NetlinkSocket& netlink, const Link& link, const Route& route) {
  NetlinkRequest request(RTM_DELROUTE, 0);
  put_route(request, link, route);
  try {
    netlink.request(request, "remove " + describe(route) + " on device " + link.name);
  } catch (const DeviceError& error) {
    if (error.error() != ESRCH) throw;
  }
}

void for_each_route(NetlinkSocket& netlink, const std::function<void(const TableRoute&)>& fn) {
  NetlinkRequest request(RTM_GETROUTE, NLM_F_DUMP);
  request.extra_header<rtmsg>();
  netlink.request(request, "list the routes", [&](const nlmsghdr& message) {
    if (auto found = parse_route(message)) fn(*found);
  });
}

}  // namespace uswitch
