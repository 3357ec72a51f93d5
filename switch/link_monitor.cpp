#include "switch/link_monitor.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "switch/link.h"

namespace uswitch {
namespace {

// A device that leaves a bridge is also announced as RTM_DELLINK, with family AF_BRIDGE: it has
// not gone.
void append(std::vector<LinkEvent>& events, const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWLINK && message.nlmsg_type != RTM_DELLINK) return;
  if (static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message))->ifi_family != AF_UNSPEC)
    return;
  Link link = parse_link(message);
  bool removed = message.nlmsg_type == RTM_DELLINK;
  events.push_back({removed ? LinkEvent::Kind::removed : LinkEvent::Kind::changed, link.index,
                    link.name, link.up, link.running});
}

}  // namespace

LinkMonitor::LinkMonitor(const NetNs& netns) : events_(netns, RTMGRP_LINK, "watch the devices") {}

std::vector<LinkEvent> LinkMonitor::read_events() {
  std::vector<LinkEvent> events;
  bool complete = events_.read([&](const nlmsghdr& message) { append(events, message); });
  if (!complete) events.push_back({.kind = LinkEvent::Kind::overrun, .name = {}});
  return events;
}

}  // namespace uswitch
