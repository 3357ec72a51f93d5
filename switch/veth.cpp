#include "switch/veth.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sys/random.h>

#include <cerrno>
#include <exception>

#include "switch/device_error.h"
#include "switch/sysctl.h"

namespace uswitch {
namespace {

constexpr const char* near_name = "usv%d";  // the kernel puts in the first number that is free

MacAddress random_mac() {
  MacAddress mac;
  if (::getrandom(mac.bytes.data(), mac.bytes.size(), 0) != 6)
    throw device_error(errno, "draw a random MAC address", {});
  mac.bytes[0] = static_cast<uint8_t>((mac.bytes[0] & 0xfc) | 0x02);  // local, not a group
  return mac;
}

std::optional<Link> find_veth(NetlinkSocket& netlink, const MacAddress& mac) {
  for (const Link& link : list_links(netlink))
    if (link.kind == "veth" && link.mac == mac) return link;
  return std::nullopt;
}

void delete_remains(NetlinkSocket& here, const std::string& claimed) {
  auto mac = MacAddress::parse(claimed);
  if (!mac) return;
  if (auto link = find_veth(here, *mac)) delete_link(here, *link);
}

void put_far_end(NetlinkRequest& request, const NetNs& netns, const VethOptions& options) {
  nlattr* info = request.begin_nest(IFLA_LINKINFO);
  request.put_string(IFLA_INFO_KIND, "veth");
  nlattr* data = request.begin_nest(IFLA_INFO_DATA);
  nlattr* peer = request.begin_nest(VETH_INFO_PEER);
  request.extra_header<ifinfomsg>();
  request.put_string(IFLA_IFNAME, options.name);
  request.put_u32(IFLA_MTU, options.mtu);
  if (options.mac) request.put(IFLA_ADDRESS, options.mac->bytes.data(), 6);
  request.put_u32(IFLA_NET_NS_FD, static_cast<uint32_t>(netns.fd()));
  request.end_nest(peer);
  request.end_nest(data);
  request.end_nest(info);
}

// Both ends in one request: the far one appears in its namespace under its final name or not at
// all.
void create_pair(NetlinkSocket& here, const NetNs& netns, const VethOptions& options,
                 const MacAddress& near_mac) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  request.extra_header<ifinfomsg>();
  request.put_string(IFLA_IFNAME, near_name);
  request.put_u32(IFLA_MTU, options.mtu);
  request.put(IFLA_ADDRESS, near_mac.bytes.data(), near_mac.bytes.size());
  put_far_end(request, netns, options);
  here.request(request, "create the veth pair for device " + options.name + " of " + netns.label());
}

// The near end is a cable's plug, not an interface of the host: nothing of the host may speak on
// it, or answer there for addresses it has elsewhere.
Link bring_up_silently(NetlinkSocket& here, const MacAddress& mac) {
  Link link = find_veth(here, mac).value();
  write_sysctl(NetNs::own(), "net/ipv6/conf/" + link.name + "/disable_ipv6", "1");
  change_link(here, link, {.up = true, .arp = false});
  return get_link(here, link.name);
}

}  // namespace

VethPair::VethPair(const NetNs& netns, const VethOptions& options)
    : claim_(claim_device(netns, options.name)) {
  NetlinkSocket here(NetNs::own());
  delete_remains(here, claim_.text());
  NetlinkSocket there(netns);
  require_free_name(there, options.name);
  MacAddress mac = random_mac();
  claim_.write(mac.to_string());
  create_pair(here, netns, options, mac);
  try {
    near_ = bring_up_silently(here, mac);
  } catch (...) {
    delete_remains(here, claim_.text());
    throw;
  }
}

void VethPair::set_mtu(uint32_t mtu) {
  NetlinkSocket here(NetNs::own());
  change_link(here, near_, {.mtu = mtu});
  near_.mtu = mtu;
}

VethPair::~VethPair() {
  try {
    NetlinkSocket here(NetNs::own());
    auto link = find_link(here, near_.index);
    if (link && link->mac == near_.mac) delete_link(here, *link);
  } catch (const std::exception&) {  // gone in this moment, with the far end's namespace
  }
}

}  // namespace uswitch
