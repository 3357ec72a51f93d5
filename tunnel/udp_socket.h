// The sockets of a tunnel's underlay: how they are opened and what is set on them.
//
// Any thread; no state. Every descriptor is non-blocking and closed on exec. Errors are
// std::system_error with a sentence that names the address and says what to do.
#pragma once
#include <cstdint>
#include <string>

#include "switch/fd.h"
#include "wire/address.h"

namespace uswitch {

struct UdpOptions {
  IpAddress local;          // of this node: where datagrams come to and go from
  uint16_t port = 0;        // where they come to
  std::string device = {};  // pins the path to this device (SO_BINDTODEVICE); empty: as routed
  uint8_t ttl = 64;         // or hop limit, of the outer header (VX-12)
  // Off: UDP checksum 0 (VX-3), over IPv6 both ways (VX-4). It spares nothing where the device
  // sums, and takes the possibility to send several datagrams at once.
  bool checksum = true;
  unsigned queues = 1;           // workers
  unsigned source_ports = 1024;  // at most so many; fewer where descriptors are short

  bool operator==(const UdpOptions&) const = default;
};

// Reads the datagrams that come to options.port, coalesced where the kernel can (UDP_GRO); one of
// options.queues that share the port. Before the `first` of them nobody else may have it.
UniqueFd open_receiving(const UdpOptions& options, bool first);

// Sends from this port of the local address, never in fragments (VX-6), and takes nothing in.
// Invalid when another socket has the port.
UniqueFd open_sending(const UdpOptions& options, uint16_t port);

// Bound to the local address and device and to a port of the kernel's choice.
UniqueFd open_probing(const UdpOptions& options);

}  // namespace uswitch
