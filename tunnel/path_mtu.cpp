#include "tunnel/path_mtu.h"

#include <algorithm>

namespace uswitch {

PathMtu::PathMtu(const UdpOptions& options, const Remote& remote)
    : fd_(open_probing(options)), remote_(SocketAddress::of(remote.address, remote.port)) {}

// Connected anew each time: a connected socket keeps the route that it once found.
std::optional<uint16_t> PathMtu::read() const {
  if (connect(fd_.get(), &remote_.generic, remote_.size()) < 0) return std::nullopt;
  const bool v4 = remote_.generic.sa_family == AF_INET;
  int mtu = 0;
  socklen_t size = sizeof mtu;
  if (getsockopt(fd_.get(), v4 ? int{IPPROTO_IP} : int{IPPROTO_IPV6}, v4 ? IP_MTU : IPV6_MTU, &mtu,
                 &size) < 0)
    return std::nullopt;
  return static_cast<uint16_t>(std::clamp(mtu, 0, 65535));  // the loopback device says 65536
}

}  // namespace uswitch
