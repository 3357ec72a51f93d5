#include "tunnel/udp_socket.h"

#include <linux/filter.h>
#include <netinet/udp.h>

#include <cerrno>
#include <system_error>

#include "core/socket_address.h"

namespace uswitch {

namespace {

constexpr int receive_bytes = 16 << 20;
constexpr int send_bytes = 4 << 20;

std::string remedy(int error) {
  switch (error) {
    case EADDRINUSE:
      return "; another program or a vxlan device of the kernel has it: `ss -lunp` and `ip -d link "
             "show type vxlan` say which, stop that one or choose another 'port'";
    case EADDRNOTAVAIL:
      return "; the host has no such address: `ip address` lists those it has";
    case ENODEV:
      return "; the host has no such 'device': `ip link` lists those it has";
    case EMFILE:
      return "; raise the limit of open files (LimitNOFILE, ulimit -n)";
    default:
      return "";
  }
}

[[noreturn]] void fail(const UdpOptions& o) {
  const int error = errno;
  std::string where = o.local.to_string() + " port " + std::to_string(o.port);
  if (!o.device.empty()) where += " on " + o.device;
  throw std::system_error(error, std::generic_category(),
                          "cannot open a tunnel at " + where + remedy(error));
}

bool set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

// As much room as the kernel grants (see PacketPort).
void set_room(int fd, int forced, int asked, int bytes) {
  if (!set(fd, SOL_SOCKET, forced, bytes)) set(fd, SOL_SOCKET, asked, bytes);
}

UniqueFd open_socket(const UdpOptions& o) {
  const int family = o.local.is_v4() ? AF_INET : AF_INET6;
  UniqueFd fd(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) fail(o);
  if (family == AF_INET6) set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (!o.device.empty() && setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, o.device.c_str(),
                                      static_cast<socklen_t>(o.device.size())) < 0)
    fail(o);
  return fd;
}

bool bind_to(const UniqueFd& fd, const IpAddress& local, uint16_t port) {
  const SocketAddress at = SocketAddress::of(local, port);
  return bind(fd.get(), &at.generic, at.size()) == 0;
}

// Several sockets may share a port only when each says so, and then another program's would take
// part of the datagrams: so the port must be free before the first one.
void expect_free(const UdpOptions& o) {
  if (!bind_to(open_socket(o), o.local, o.port)) fail(o);
}

// Nothing that comes to a port that only sends is for the tunnel.
void refuse_all(int fd) {
  sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{1, &nothing};
  setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  set(fd, SOL_SOCKET, SO_RCVBUF, 1);
}

}  // namespace

UniqueFd open_receiving(const UdpOptions& o, bool first) {
  if (first && o.queues > 1) expect_free(o);
  UniqueFd fd = open_socket(o);
  const bool v4 = o.local.is_v4();
  if (o.queues > 1) set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  set_room(fd.get(), SO_RCVBUFFORCE, SO_RCVBUF, receive_bytes);
  set(fd.get(), v4 ? int{IPPROTO_IP} : int{IPPROTO_IPV6}, v4 ? IP_RECVTOS : IPV6_RECVTCLASS, 1);
  set(fd.get(), IPPROTO_UDP, UDP_GRO, 1);  // older kernels bring them one by one
  if (!v4 && !o.checksum) set(fd.get(), IPPROTO_UDP, UDP_NO_CHECK6_RX, 1);
  if (!bind_to(fd, o.local, o.port)) fail(o);
  return fd;
}

UniqueFd open_sending(const UdpOptions& o, uint16_t port) {
  UniqueFd fd = open_socket(o);
  if (o.local.is_v4()) {
    set(fd.get(), IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    set(fd.get(), IPPROTO_IP, IP_TTL, o.ttl);
    if (!o.checksum) set(fd.get(), SOL_SOCKET, SO_NO_CHECK, 1);
  } else {
    set(fd.get(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
    set(fd.get(), IPPROTO_IPV6, IPV6_DONTFRAG, 1);
    set(fd.get(), IPPROTO_IPV6, IPV6_UNICAST_HOPS, o.ttl);
    if (!o.checksum) set(fd.get(), IPPROTO_UDP, UDP_NO_CHECK6_TX, 1);
  }
  set_room(fd.get(), SO_SNDBUFFORCE, SO_SNDBUF, send_bytes);
  refuse_all(fd.get());
  if (bind_to(fd, o.local, port)) return fd;
  if (errno != EADDRINUSE) fail(o);
  return {};
}

UniqueFd open_probing(const UdpOptions& o) {
  UniqueFd fd = open_socket(o);
  if (!bind_to(fd, o.local, 0)) fail(o);
  return fd;
}

}  // namespace uswitch
