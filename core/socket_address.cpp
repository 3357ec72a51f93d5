#include "core/socket_address.h"

#include <cstring>

#include "wire/bytes.h"

namespace uswitch {

SocketAddress SocketAddress::of(const IpAddress& address, uint16_t port) {
  SocketAddress result{};
  if (address.is_v4()) {
    result.v4 = {};
    result.v4.sin_family = AF_INET;
    result.v4.sin_port = htons(port);
    std::memcpy(&result.v4.sin_addr, address.wire(), 4);
  } else {
    result.v6 = {};
    result.v6.sin6_family = AF_INET6;
    result.v6.sin6_port = htons(port);
    std::memcpy(&result.v6.sin6_addr, address.wire(), 16);
  }
  return result;
}

IpAddress SocketAddress::address() const {
  if (generic.sa_family != AF_INET) return IpAddress::load6(v6.sin6_addr.s6_addr);
  return IpAddress::from_v4(ntohl(v4.sin_addr.s_addr));
}

uint16_t SocketAddress::port() const {
  return ntohs(generic.sa_family == AF_INET ? v4.sin_port : v6.sin6_port);
}

uint32_t SocketAddress::scope() const {
  return generic.sa_family == AF_INET ? 0 : v6.sin6_scope_id;
}

}  // namespace uswitch
