#include "control/host_link.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "switch/device_error.h"

namespace uswitch {
namespace {

// Behind what others put there, also behind IPv6's usual 1024: who adds a route of his own to the
// same prefix later is not refused, and his is taken.
constexpr uint32_t metric = 2048;

Route to_route(const HostRoute& wanted) {
  return {.to = wanted.to, .via = wanted.via, .metric = metric, .protocol = uswitch_route_protocol};
}

// True when the address lies in a prefix by which the device is on its network: the router asks for
// it there (ARP, ND). A /32 or /128 is no such prefix.
bool is_on_link(const LinkAddress& address, const std::vector<LinkAddress>& all) {
  return std::any_of(all.begin(), all.end(), [&](const LinkAddress& a) {
    return a.link_index == address.link_index &&
           a.address.length < 8 * a.address.address.wire_size() &&
           a.address.contains(address.address.address);
  });
}

}  // namespace

HostLink::HostLink(const std::string& device)
    : monitor_(NetNs::own()),
      netlink_(NetNs::own()),
      link_(get_link(netlink_, device)),
      addresses_(read_addresses()) {}

HostLink::~HostLink() {
  try {
    update({});
  } catch (const DeviceError& error) {
    spdlog::warn("host: {}", error.what());
  }
}

void HostLink::update(const std::vector<HostRoute>& wanted) {
  wanted_.clear();
  for (const HostRoute& route : wanted)
    wanted_.push_back({{route.to.network(), route.to.length}, route.via});
  settle_routes();
}

bool HostLink::refresh() {
  const std::set<int> changed = monitor_.read_changed();
  if (changed.empty()) return false;
  if (changed.contains(link_.index) || changed.contains(AddressMonitor::every_link))
    settle_routes();
  const std::vector<IpAddress> old = std::exchange(addresses_, read_addresses());
  return addresses_ != old;
}

std::vector<IpAddress> HostLink::read_addresses() {
  const std::vector<LinkAddress> all = list_reachable_addresses(netlink_);
  std::vector<IpAddress> addresses;
  for (const LinkAddress& found : all)
    if (found.link_index != link_.index || !is_on_link(found, all))
      addresses.push_back(found.address.address);
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

bool HostLink::is_ours(const TableRoute& found) const {
  return found.link_index == link_.index && found.route.protocol == uswitch_route_protocol;
}

bool HostLink::is_wanted(const Route& route) const {
  return std::any_of(wanted_.begin(), wanted_.end(), [&](const HostRoute& wanted) {
    return wanted.to == route.to && wanted.via == route.via;
  });
}

// Of the host's routes those that matter here: ours, and somebody's to a prefix that is wanted.
std::vector<TableRoute> HostLink::read_routes() {
  std::set<IpPrefix> prefixes;
  for (const HostRoute& wanted : wanted_) prefixes.insert(wanted.to);
  std::vector<TableRoute> found;
  for_each_route(netlink_, [&](const TableRoute& route) {
    if (is_ours(route) || prefixes.contains(route.route.to)) found.push_back(route);
  });
  return found;
}

void HostLink::settle_routes() {
  std::erase_if(refused_, [&](const IpPrefix& to) {
    return std::none_of(wanted_.begin(), wanted_.end(),
                        [&](const HostRoute& wanted) { return wanted.to == to; });
  });
  auto device = find_link(netlink_, link_.index);
  if (!device || !device->up) return;  // the kernel took all routes out, and takes none

  std::vector<TableRoute> present = read_routes();
  std::erase_if(present, [&](const TableRoute& found) {
    bool surplus = is_ours(found) && !is_wanted(found.route);
    if (surplus) remove_route(netlink_, link_, found.route);
    return surplus;
  });
  for (const HostRoute& wanted : wanted_) add(wanted, present);
}

void HostLink::add(const HostRoute& wanted, const std::vector<TableRoute>& present) {
  std::optional<TableRoute> other;
  for (const TableRoute& found : present) {
    if (found.route.to != wanted.to) continue;
    if (found.link_index == link_.index) return;  // ours, or the kernel's to the network itself
    other = found;
  }
  if (other) {
    auto device = find_link(netlink_, other->link_index);
    refuse(wanted, "the host has one already" + (device ? ", on device " + device->name : "") +
                       ", which is left alone");
    return;
  }
  try {
    add_route(netlink_, link_, to_route(wanted));
    refused_.erase(wanted.to);
  } catch (const DeviceError& error) {
    refuse(wanted, error.what());
  }
}

void HostLink::refuse(const HostRoute& wanted, const std::string& why) {
  if (refused_.insert(wanted.to).second)
    spdlog::warn("host: no route to {} via {}: {}", wanted.to.to_string(), wanted.via.to_string(),
                 why);
}

}  // namespace uswitch
