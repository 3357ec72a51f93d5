// The host's part in routing: a port without `netns` joins the namespace uswitch runs in to a
// network, and this keeps the two tables that meet there in step. Of the host it learns the
// addresses that the router is to have routes to, through that port; into the host's main table it
// puts routes to the other networks, through the router.
//
// The host's table is shared with others. The routes put there carry uswitch_route_protocol and a
// metric behind all usual ones; a prefix to which the host has a route already, whatever its
// metric, is somebody's: it is left alone, and the log says so once. What is ours is read from the
// table, not remembered, so routes that the kernel dropped (the device went down) come back, and
// none is left behind.
//
// Owner: the control thread. An update reads the whole table: 1 s for the million routes of a
// router of the Internet, nothing to speak of elsewhere. DeviceError when netlink fails.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "switch/address_monitor.h"
#include "switch/ip_config.h"
#include "switch/link.h"
#include "wire/address.h"

namespace uswitch {

struct HostRoute {
  IpPrefix to;
  IpAddress via;  // the router's address on the host port's network

  bool operator==(const HostRoute&) const = default;
};

class HostLink {
 public:
  explicit HostLink(const std::string& device);  // the host port's
  ~HostLink();                                   // takes out the routes
  HostLink(const HostLink&) = delete;
  HostLink& operator=(const HostLink&) = delete;

  // The routes that the host is to have from now on. A prefix that it reaches by this device
  // already (the network's own) is passed over. While the device is down there are none; they come
  // when it is up.
  void update(const std::vector<HostRoute>& wanted);

  // The host's addresses (list_reachable_addresses) that the router needs a route to, in order,
  // each once: all but the device's own in the prefixes by which it is on its network.
  const std::vector<IpAddress>& addresses() const { return addresses_; }

  int fd() const { return monitor_.fd(); }
  // To be called when fd() is readable; never blocks. True when addresses() changed.
  bool refresh();

 private:
  bool is_ours(const TableRoute& found) const;
  bool is_wanted(const Route& route) const;
  std::vector<IpAddress> read_addresses();
  std::vector<TableRoute> read_routes();
  void settle_routes();
  void add(const HostRoute& wanted, const std::vector<TableRoute>& present);
  void refuse(const HostRoute& wanted, const std::string& why);

  AddressMonitor monitor_;  // first: it watches before anything is read
  NetlinkSocket netlink_;
  const Link link_;
  std::vector<IpAddress> addresses_;
  std::vector<HostRoute> wanted_;
  std::set<IpPrefix> refused_;  // of wanted_, and logged
};

}  // namespace uswitch
