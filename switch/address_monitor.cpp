#include "switch/address_monitor.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace uswitch {
namespace {

constexpr unsigned groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK;

void note(std::set<int>& changed, const nlmsghdr& message) {
  const void* header = mnl_nlmsg_get_payload(&message);
  switch (message.nlmsg_type) {
    case RTM_NEWADDR:
    case RTM_DELADDR:
      changed.insert(static_cast<int>(static_cast<const ifaddrmsg*>(header)->ifa_index));
      break;
    case RTM_NEWLINK:
    case RTM_DELLINK:
      changed.insert(static_cast<const ifinfomsg*>(header)->ifi_index);
      break;
    default:
      break;
  }
}

}  // namespace

AddressMonitor::AddressMonitor(const NetNs& netns)
    : events_(netns, groups, "watch the addresses") {}

std::set<int> AddressMonitor::read_changed() {
  std::set<int> changed;
  bool complete = events_.read([&](const nlmsghdr& message) { note(changed, message); });
  if (!complete) changed.insert(every_link);
  return changed;
}

}  // namespace uswitch
