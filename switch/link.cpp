#include "switch/link.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cerrno>

#include "switch/device_error.h"

namespace uswitch {
namespace {

std::string kind_of(const nlattr& link_info) {
  std::string kind;
  for_each_nested(link_info, [&](const nlattr& attribute) {
    if (mnl_attr_get_type(&attribute) == IFLA_INFO_KIND) kind = mnl_attr_get_str(&attribute);
  });
  return kind;
}

void read_attribute(Link& link, const nlattr& attribute) {
  switch (mnl_attr_get_type(&attribute)) {
    case IFLA_IFNAME:
      link.name = mnl_attr_get_str(&attribute);
      break;
    case IFLA_ADDRESS:
      if (mnl_attr_get_payload_len(&attribute) == 6)
        link.mac = MacAddress::load(static_cast<uint8_t*>(mnl_attr_get_payload(&attribute)));
      break;
    case IFLA_MTU:
      link.mtu = mnl_attr_get_u32(&attribute);
      break;
    case IFLA_TXQLEN:
      link.txqueuelen = mnl_attr_get_u32(&attribute);
      break;
    case IFLA_CARRIER:
      link.carrier = mnl_attr_get_u8(&attribute);
      break;
    case IFLA_LINK:
      link.peer_index = static_cast<int>(mnl_attr_get_u32(&attribute));
      break;
    case IFLA_LINKINFO:
      link.kind = kind_of(attribute);
      break;
    default:
      break;
  }
}

std::optional<Link> query(NetlinkSocket& netlink, NetlinkRequest& request,
                          const std::string& device) {
  std::optional<Link> link;
  int error = netlink.try_request(request, [&](const nlmsghdr& m) { link = parse_link(m); });
  if (error && error != ENODEV) throw device_error(error, "read " + device, netlink.label());
  return link;
}

void put_flag(ifinfomsg& header, std::optional<bool> on, unsigned flag, bool inverted = false) {
  if (!on) return;
  header.ifi_change |= flag;
  if (*on != inverted) header.ifi_flags |= flag;
}

// "change device eth0 (set MAC 02:..:01, set MTU 9000)", for the error.
std::string describe(const Link& link, const LinkChange& change) {
  std::string text;
  auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (change.netns) add("move it to " + change.netns->label());
  if (!change.name.empty()) add("rename it to " + change.name);
  if (change.mac) add("set MAC " + change.mac->to_string());
  if (change.mtu) add("set MTU " + std::to_string(*change.mtu));
  if (change.txqueuelen) add("set txqueuelen " + std::to_string(*change.txqueuelen));
  if (change.up) add(*change.up ? "set it up" : "set it down");
  if (change.arp) add(*change.arp ? "switch ARP on" : "switch ARP off");
  return "change device " + link.name + " (" + text + ")";
}

void check_device_name(const std::string& name) {
  bool bad = name.empty() || name.size() >= IFNAMSIZ || name == "." || name == ".." ||
             name.find_first_of("/:% \t\n") != std::string::npos;
  if (bad)
    throw DeviceError(EINVAL, "'" + name +
                                  "' cannot be the name of a device: 1 to 15 characters "
                                  "without '/', ':', '%' and blanks");
}

}  // namespace

Link parse_link(const nlmsghdr& message) {
  auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message));
  Link link;
  link.index = header->ifi_index;
  link.up = header->ifi_flags & IFF_UP;
  link.running = header->ifi_flags & IFF_RUNNING;
  link.arp = !(header->ifi_flags & IFF_NOARP);
  for_each_attribute(message, sizeof *header,
                     [&](const nlattr& attribute) { read_attribute(link, attribute); });
  return link;
}

std::optional<Link> find_link(NetlinkSocket& netlink, const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ) return std::nullopt;
  NetlinkRequest request(RTM_GETLINK, 0);
  request.extra_header<ifinfomsg>();
  request.put_string(IFLA_IFNAME, name);
  return query(netlink, request, "device " + name);
}

std::optional<Link> find_link(NetlinkSocket& netlink, int index) {
  NetlinkRequest request(RTM_GETLINK, 0);
  request.extra_header<ifinfomsg>().ifi_index = index;
  return query(netlink, request, "the device with index " + std::to_string(index));
}

Link get_link(NetlinkSocket& netlink, const std::string& name) {
  auto link = find_link(netlink, name);
  if (!link) throw DeviceError(ENODEV, "there is no device " + name + " in " + netlink.label());
  return *link;
}

void require_free_name(NetlinkSocket& netlink, const std::string& name) {
  check_device_name(name);
  auto link = find_link(netlink, name);
  if (!link) return;
  std::string where = "device " + name + " in " + netlink.label();
  if (link->kind == "tun" && link->carrier)
    throw DeviceError(EBUSY, where +
                                 " is in use by another process, which holds this TAP open; "
                                 "stop it or choose another `device:`");
  std::string kind = link->kind.empty() ? "" : " (a " + link->kind + " device)";
  throw DeviceError(EEXIST,
                    where + " exists already" + kind + "; remove it or choose another `device:`");
}

std::vector<Link> list_links(NetlinkSocket& netlink) {
  std::vector<Link> links;
  NetlinkRequest request(RTM_GETLINK, NLM_F_DUMP);
  request.extra_header<ifinfomsg>();
  netlink.request(request, "list the devices",
                  [&](const nlmsghdr& message) { links.push_back(parse_link(message)); });
  return links;
}

void change_link(NetlinkSocket& netlink, const Link& link, const LinkChange& change) {
  NetlinkRequest request(RTM_NEWLINK, 0);
  auto& header = request.extra_header<ifinfomsg>();
  header.ifi_index = link.index;
  put_flag(header, change.up, IFF_UP);
  put_flag(header, change.arp, IFF_NOARP, true);
  if (change.netns) request.put_u32(IFLA_NET_NS_FD, static_cast<uint32_t>(change.netns->fd()));
  if (!change.name.empty()) request.put_string(IFLA_IFNAME, change.name);
  if (change.mac) request.put(IFLA_ADDRESS, change.mac->bytes.data(), change.mac->bytes.size());
  if (change.mtu) request.put_u32(IFLA_MTU, *change.mtu);
  if (change.txqueuelen) request.put_u32(IFLA_TXQLEN, *change.txqueuelen);
  netlink.request(request, describe(link, change));
}

void delete_link(NetlinkSocket& netlink, const Link& link) {
  NetlinkRequest request(RTM_DELLINK, 0);
  request.extra_header<ifinfomsg>().ifi_index = link.index;
  netlink.request(request, "delete device " + link.name);
}

}  // namespace uswitch
