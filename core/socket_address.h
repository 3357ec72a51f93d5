// An IP address and a port as the socket calls take them.
//
// A value; any thread.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

#include "wire/address.h"

namespace uswitch {

union SocketAddress {
  sockaddr generic;
  sockaddr_in v4;
  sockaddr_in6 v6;

  static SocketAddress of(const IpAddress& address, uint16_t port);
  IpAddress address() const;
  uint16_t port() const;
  uint32_t scope() const;  // the interface of a link-local IPv6 address, otherwise 0
  socklen_t size() const { return generic.sa_family == AF_INET ? sizeof v4 : sizeof v6; }
};

}  // namespace uswitch
