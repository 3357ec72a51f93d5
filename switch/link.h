// Network devices: reading, changing, moving and deleting them over rtnetlink.
//
// Called by the thread that owns the NetlinkSocket; the device is one of the socket's namespace.
// Failures are DeviceError and name the device, the namespace and the kernel's reason.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "switch/netlink.h"
#include "wire/address.h"

namespace uswitch {

// What was read of a device at one moment.
struct Link {
  int index = 0;
  std::string name;
  MacAddress mac;
  uint32_t mtu = 0;         // bytes of the L3 packet
  uint32_t txqueuelen = 0;  // frames
  bool up = false;          // administratively
  bool running = false;     // and able to carry frames
  bool carrier = false;     // also when down; a TAP has it while a process holds it open
  bool arp = true;          // the stack speaks ARP on it
  std::string kind;         // "veth", "tun", "bridge"...; empty for hardware and loopback
  int peer_index = 0;       // veth: the other end's index in the other end's namespace
};

std::optional<Link> find_link(NetlinkSocket& netlink, const std::string& name);
std::optional<Link> find_link(NetlinkSocket& netlink, int index);
Link get_link(NetlinkSocket& netlink, const std::string& name);  // throws when there is none
std::vector<Link> list_links(NetlinkSocket& netlink);

// Throws DeviceError when `name` cannot be the name of a device or is taken: by what, whether
// a process holds it, and the remedy.
void require_free_name(NetlinkSocket& netlink, const std::string& name);

// What is set is changed, in one request; what is not stays.
struct LinkChange {
  std::optional<MacAddress> mac = {};
  std::optional<uint32_t> mtu = {};
  std::optional<uint32_t> txqueuelen = {};
  std::optional<bool> up = {};
  std::optional<bool> arp = {};  // false: the stack neither asks nor answers ARP on it
  std::string name = {};         // the new name, when not empty
  const NetNs* netns = nullptr;  // where it moves to
};
// The device is addressed by link.index; link.name stands in the error.
void change_link(NetlinkSocket& netlink, const Link& link, const LinkChange& change);

void delete_link(NetlinkSocket& netlink, const Link& link);

// The message of an RTM_NEWLINK or RTM_DELLINK, read.
Link parse_link(const nlmsghdr& message);

}  // namespace uswitch
