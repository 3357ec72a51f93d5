#include "control/relay_socket.h"

#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "switch/device_error.h"
#include "wire/bytes.h"

namespace uswitch {
namespace {

void set_on(int fd, int level, int option) {
  const int value = 1;
  setsockopt(fd, level, option, &value, sizeof value);
}

std::string remedy(int error, uint16_t port, bool udp) {
  const std::string number = std::to_string(port);
  switch (error) {
    case EADDRINUSE:
      return "; another program has it: `ss -" + std::string(udp ? "lunp" : "ltnp") +
             " 'sport = :" + number + "'` says which, stop that one or publish another port";
    case EADDRNOTAVAIL:
      return "; the host has no such address: `ip address` lists those it has";
    case EACCES:
      return "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
    case EMFILE:
      return "; raise the limit of open files (LimitNOFILE, ulimit -n)";
    default:
      return "";
  }
}

[[noreturn]] void fail(const IpAddress& address, uint16_t port, bool udp) {
  const int error = errno;
  const std::string where = !address.is_unspecified() ? address.to_string()
                            : address.is_v4()         ? "all IPv4 addresses"
                                                      : "all IPv6 addresses";
  throw DeviceError(error, std::string("cannot publish ") + (udp ? "UDP" : "TCP") + " port " +
                               std::to_string(port) + " of " + where + " on the host: " +
                               std::generic_category().message(error) + remedy(error, port, udp));
}

UniqueFd make_socket(int family, int type) {
  return UniqueFd(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

bool bind_and_listen(int fd, const SocketAddress& at, bool udp) {
  const bool v6 = at.generic.sa_family == AF_INET6;
  if (v6) set_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
  if (udp) {
    set_on(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO);
  } else {
    // Connections of an earlier life that wait for their end do not hold the port. UDP's would let
    // two programs have it.
    set_on(fd, SOL_SOCKET, SO_REUSEADDR);
  }
  return bind(fd, &at.generic, at.size()) == 0 && (udp || listen(fd, SOMAXCONN) == 0);
}

}  // namespace

UniqueFd open_published(const IpAddress& address, uint16_t port, bool udp) {
  const SocketAddress at = SocketAddress::of(address, port);
  UniqueFd fd = make_socket(at.generic.sa_family, udp ? SOCK_DGRAM : SOCK_STREAM);
  if (!fd || !bind_and_listen(fd.get(), at, udp)) fail(address, port, udp);
  return fd;
}

uint16_t bound_port(int fd) {
  SocketAddress at{};
  socklen_t size = sizeof at;
  return getsockname(fd, &at.generic, &size) == 0 ? at.port() : uint16_t{0};
}

bool hand_over(UniqueFd fd, RelayDescriptor& to) {
  boost::system::error_code error;
  if (fd) to.assign(fd.get(), error);
  if (!fd || error) return false;
  fd.release();
  return true;
}

UniqueFd connect_to(const SocketAddress& to, int type) {
  UniqueFd fd = make_socket(to.generic.sa_family, type);
  const bool refused = fd && connect(fd.get(), &to.generic, to.size()) != 0;
  return refused && errno != EINPROGRESS ? UniqueFd() : std::move(fd);
}

int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

bool is_transient(int error) {
  return error == EAGAIN || error == EINTR;
}

void set_up_stream(int fd) {
  set_on(fd, IPPROTO_TCP, TCP_NODELAY);
  set_on(fd, SOL_SOCKET, SO_OOBINLINE);
  set_on(fd, SOL_SOCKET, SO_KEEPALIVE);
}

void reset_on_close(int fd) {
  const linger at_once{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace uswitch
