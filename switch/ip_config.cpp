#include "switch/ip_config.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

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

std::string describe(const Route& route) {
  std::string text = "add the route to " + route.to.to_string();
  if (route.via) text += " via " + route.via->to_string();
  return text;
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

void add_route(NetlinkSocket& netlink, const Link& link, const Route& route) {
  NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  auto& header = request.extra_header<rtmsg>();
  header.rtm_family = family_of(route.to.address);
  header.rtm_dst_len = route.to.length;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = route.via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  header.rtm_type = RTN_UNICAST;
  if (route.onlink) header.rtm_flags = RTNH_F_ONLINK;
  if (route.to.length > 0) put_address(request, RTA_DST, route.to.network());
  if (route.via) put_address(request, RTA_GATEWAY, *route.via);
  request.put_u32(RTA_OIF, static_cast<uint32_t>(link.index));
  netlink.request(request, describe(route) + " on device " + link.name);
}

}  // namespace uswitch
