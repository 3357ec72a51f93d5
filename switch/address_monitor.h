// On which devices of a namespace IP addresses came, went or changed their state
// (RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR), and which devices went up or down (RTMGRP_LINK): an
// IPv4 address and the routes of a device stay or go with that without an event of their own.
//
// Only where, not what: one change brings several events (IPv6 detects duplicates first), and after
// any of them the list is read again (list_reachable_addresses). Make the monitor before the first
// reading, so that nothing is missed between the two.
//
// Owner: the control thread, as for switch/link_monitor.h, and with the same limit: watch only the
// namespace that uswitch runs in.
#pragma once
#include <set>

#include "switch/netlink.h"

namespace uswitch {

class AddressMonitor {
 public:
  // Stands for every device: events were lost. No device has this index.
  static constexpr int every_link = 0;

  // DeviceError when the socket cannot be had.
  explicit AddressMonitor(const NetNs& netns);

  int fd() const { return events_.fd(); }
  // The indices of the devices since the last call; never blocks.
  std::set<int> read_changed();

 private:
  NetlinkEvents events_;
};

}  // namespace uswitch
