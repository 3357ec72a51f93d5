#include "switch/link_monitor.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>

#include "switch/device_error.h"
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

LinkMonitor::LinkMonitor(const NetNs& netns) : socket_(open_route_socket(netns, SOCK_NONBLOCK)) {
  if (mnl_socket_bind(socket_.get(), RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0)
    throw device_error(errno, "watch the devices", netns.label());
}

std::vector<LinkEvent> LinkMonitor::read_events() {
  std::vector<LinkEvent> events;
  while (read_some(events)) continue;
  return events;
}

bool LinkMonitor::read_some(std::vector<LinkEvent>& events) {
  alignas(nlmsghdr) char buffer[16384];
  ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer, sizeof buffer);
  if (size < 0 && errno == EINTR) return true;
  // ENOBUFS: the socket's buffer overflowed; ENOSPC: one message larger than ours was cut.
  if (size < 0 && (errno == ENOBUFS || errno == ENOSPC)) {
    events.push_back({.kind = LinkEvent::Kind::overrun, .name = {}});
    return true;
  }
  if (size <= 0) return false;
  int left = static_cast<int>(size);
  auto* message = reinterpret_cast<const nlmsghdr*>(buffer);
  for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
    append(events, *message);
  return true;
}

}  // namespace uswitch
