// The network settings under /proc/sys/net of a namespace. The kernel shows there the namespace of
// the thread that opens the file (not of the process, as /proc/net does), hence in_namespace().
// Any thread; DeviceError when refused.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "switch/netns.h"

namespace uswitch {

// `key` is the path below /proc/sys: "net/ipv6/conf/eth0/disable_ipv6". A device name may hold a
// dot, so the dotted form is not taken. nullopt: the kernel has no such setting (no IPv6).
std::optional<std::string> read_sysctl(const NetNs& netns, const std::string& key);
// Nothing is done when the value is so already: a read-only /proc/sys is then no obstacle.
// False: the kernel has no such setting.
bool write_sysctl(const NetNs& netns, const std::string& key, std::string_view value);

}  // namespace uswitch
