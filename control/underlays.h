// The sockets beneath the tunnels: each is made once and shared by all tunnels at one local address
// and port, and goes with the last of them.
//
// Owner: the control thread.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/time.h"
#include "tunnel/path_mtu.h"
#include "tunnel/tunnel_socket.h"
#include "tunnel/udp_underlay.h"

namespace uswitch {

class Underlays {
 public:
  // `attention`: see UdpUnderlay.
  explicit Underlays(int attention) : attention_(attention) {}

  // Throws std::system_error, or std::runtime_error when it is there with other options; one
  // sentence either way.
  std::shared_ptr<UdpUnderlay> get(const UdpOptions& options);

 private:
  const int attention_;
  std::map<std::pair<IpAddress, uint16_t>, std::weak_ptr<UdpUnderlay>> all_;
};

// What the control thread keeps of a port of a tunnel, or of a socket.
struct LiveTunnel {
  std::shared_ptr<UdpUnderlay> underlay;
  std::vector<RemoteEntry> remotes = {};  // of a socket: that it reads for
  std::optional<PathMtu> path = {};       // of a remote
  std::optional<uint16_t> path_mtu = {};  // as last read; nothing: no way there
  uint64_t received = 0;                  // packets, when looked last
  std::optional<Time> last_heard = {};    // to a second
};

}  // namespace uswitch
