// What the kernel knows of the way to a remote: the MTU of the route and device there, and what
// ICMP has told of the path beyond (PM-6, RFC 1191, RFC 8201). Nothing is ever sent to ask.
//
// Owner: the control thread.
#pragma once
#include <optional>

#include "core/socket_address.h"
#include "tunnel/udp_socket.h"
#include "tunnel/underlay.h"

namespace uswitch {

class PathMtu {
 public:
  // Throws std::system_error.
  PathMtu(const UdpOptions& options, const Remote& remote);

  // Bytes of the outer IP packet, now; nothing: the host has no way there.
  std::optional<uint16_t> read() const;

 private:
  UniqueFd fd_;
  SocketAddress remote_;
};

}  // namespace uswitch
