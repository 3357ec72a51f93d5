#include "switch/endpoint.h"

#include <algorithm>
#include <cerrno>

#include "switch/device_error.h"
#include "switch/link.h"
#include "switch/sysctl.h"

namespace uswitch {
namespace {

std::string ipv6_key(const std::string& device, const char* setting) {
  return "net/ipv6/conf/" + device + "/" + setting;
}

void switch_ipv6_on(const NetNs& netns, const std::string& device) {
  if (write_sysctl(netns, ipv6_key(device, "disable_ipv6"), "0")) return;
  throw DeviceError(EAFNOSUPPORT, "device " + device + " in " + netns.label() +
                                      " can have no IPv6 address: its MTU is below 1280 or the "
                                      "kernel has no IPv6");
}

// A wish: where there is no such setting or /proc/sys is read-only, things stay as they are.
void prefer(const NetNs& netns, const std::string& key, const char* value) {
  try {
    write_sysctl(netns, key, value);
  } catch (const DeviceError& error) {
    if (error.error() != EROFS) throw;
  }
}

// accept_ra 1 means: unless forwarding; 2: even then.
void autoconfigure(const NetNs& netns, const std::string& device) {
  prefer(netns, ipv6_key(device, "disable_ipv6"), "0");
  bool forwards = read_sysctl(netns, ipv6_key(device, "forwarding")) == "1";
  prefer(netns, ipv6_key(device, "accept_ra"), forwards ? "2" : "1");
  prefer(netns, ipv6_key(device, "autoconf"), "1");
}

// A station that has come in place of another has another MAC mostly, which its neighbours would
// find out only once the old one is no longer good to them: it announces itself when it is up.
void announce(const NetNs& netns, const std::string& device) {
  prefer(netns, "net/ipv4/conf/" + device + "/arp_notify", "1");
  prefer(netns, ipv6_key(device, "ndisc_notify"), "1");
}

// Before the device is up: then it solicits an advertisement at once.
void configure_ipv6(const NetNs& netns, const EndpointOptions& options) {
  bool has_address = std::any_of(options.addresses.begin(), options.addresses.end(),
                                 [](const IpPrefix& prefix) { return !prefix.address.is_v4(); });
  if (has_address) {
    switch_ipv6_on(netns, options.device);
    // Another address would be preferred at times (RFC 6724), and a guarded port drops it.
    prefer(netns, ipv6_key(options.device, "autoconf"), "0");
  } else if (options.autoconfigure) {
    autoconfigure(netns, options.device);
  }
  if (netns.is_current()) prefer(netns, ipv6_key(options.device, "accept_ra_defrtr"), "0");
}

template <class T>
bool holds(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

void take_out(NetlinkSocket& netlink, const Link& link, const EndpointOptions& from,
              const EndpointOptions& to) {
  for (const Route& route : from.routes)
    if (!holds(to.routes, route)) remove_route(netlink, link, route);
  for (const IpPrefix& address : from.addresses)
    if (!holds(to.addresses, address)) remove_address(netlink, link, address);
}

// All of them are offered again: what left may have taken others along.
template <class Add, class All>
void put_in(const All& all, Add add) {
  for (const auto& one : all) {
    try {
      add(one);
    } catch (const DeviceError& error) {
      if (error.error() != EEXIST) throw;
    }
  }
}

}  // namespace

void configure_endpoint(const NetNs& netns, const EndpointOptions& options) {
  NetlinkSocket netlink(netns);
  Link link = get_link(netlink, options.device);
  change_link(netlink, link,
              {.mac = options.mac, .mtu = options.mtu, .txqueuelen = options.txqueuelen});
  configure_ipv6(netns, options);
  announce(netns, options.device);
  for (const IpPrefix& address : options.addresses) add_address(netlink, link, address);
  change_link(netlink, link, {.up = true});  // routes need the device up
  for (const Route& route : options.routes) add_route(netlink, link, route);
}

void change_endpoint(const NetNs& netns, const EndpointOptions& from, const EndpointOptions& to) {
  NetlinkSocket netlink(netns);
  const Link link = get_link(netlink, to.device);
  take_out(netlink, link, from, to);
  LinkChange change;
  if (to.mac && *to.mac != link.mac) change.mac = to.mac;
  if (to.mtu && *to.mtu != link.mtu) change.mtu = to.mtu;
  if (change.mac || change.mtu) change_link(netlink, link, change);
  if (from.addresses != to.addresses || from.autoconfigure != to.autoconfigure)
    configure_ipv6(netns, to);
  put_in(to.addresses, [&](const IpPrefix& a) { add_address(netlink, link, a); });
  put_in(to.routes, [&](const Route& r) { add_route(netlink, link, r); });
}

}  // namespace uswitch
