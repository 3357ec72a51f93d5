// The sockets that a tunnel sends from, each bound to another source port, so that the underlay's
// equal-cost paths and receive queues see many flows (VX-2). A flow keeps its port.
//
// Owner: a UdpUnderlay. Made by the control thread; at() is for any worker: what is sent at once
// from two of them by one socket the kernel keeps apart.
#pragma once
#include <vector>

#include "tunnel/udp_socket.h"

namespace uswitch {

class SourcePorts {
 public:
  // Throws std::system_error when not even one can be opened.
  explicit SourcePorts(const UdpOptions& options);

  int at(uint16_t entropy) const { return sockets_[entropy % sockets_.size()].get(); }
  size_t size() const { return sockets_.size(); }

 private:
  std::vector<UniqueFd> sockets_;
};

}  // namespace uswitch
