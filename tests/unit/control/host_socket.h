// Blocking sockets on the loopback interface for tests of what the host publishes: clients, and
// servers in the place of endpoints. Whatever waits gives up after ten seconds.
#pragma once
#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "control/host_publish.h"
#include "control/relay_socket.h"

namespace uswitch::test {

inline const IpAddress loopback4 = IpAddress::from_v4(0x7f000001);
inline const IpAddress any4 = IpAddress::from_v4(0);
inline const IpAddress loopback6 = *IpAddress::parse("::1");

class HostSocket {
 public:
  explicit HostSocket(UniqueFd fd) : fd_(std::move(fd)) {
    if (!fd_) throw std::runtime_error("no socket");
    const timeval patience{10, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  HostSocket(Family family, int type)
      : HostSocket(UniqueFd(socket(family == Family::v4 ? AF_INET : AF_INET6, type, 0))) {}

  static HostSocket server(const IpAddress& address, int type = SOCK_STREAM) {
    HostSocket result(address.family(), type);
    const SocketAddress at = SocketAddress::of(address, 0);
    if (bind(result.fd(), &at.generic, at.size()) != 0) throw std::runtime_error("bind");
    if (type == SOCK_STREAM && listen(result.fd(), 4096) != 0) throw std::runtime_error("listen");
    return result;
  }
  static HostSocket client(const IpAddress& address, uint16_t port, int type = SOCK_STREAM,
                           int receive_buffer = 0) {
    HostSocket result(address.family(), type);
    if (receive_buffer) {
      setsockopt(result.fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const SocketAddress to = SocketAddress::of(address, port);
    if (connect(result.fd(), &to.generic, to.size()) != 0) throw std::runtime_error("connect");
    return result;
  }

  int fd() const { return fd_.get(); }
  uint16_t port() const { return bound_port(fd()); }
  HostSocket accept() const { return HostSocket(UniqueFd(::accept(fd(), nullptr, nullptr))); }

  bool say(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t n = send(fd(), text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  // One read. What ended it stands in angle brackets.
  std::string hear() const {
    std::string text(65536, '\0');
    const ssize_t n = recv(fd(), text.data(), text.size(), 0);
    if (n < 0) return errno == ECONNRESET ? "<reset>" : "<error " + std::to_string(errno) + ">";
    if (n == 0) return "<end>";
    text.resize(static_cast<size_t>(n));
    return text;
  }
  // Until the other side has ended, which is left out.
  std::string hear_all() const {
    std::string all, text;
    while ((text = hear()) != "<end>") {
      all += text;
      if (text == "<reset>" || text.starts_with("<error")) break;
    }
    return all;
  }
  void finish() const { shutdown(fd(), SHUT_WR); }
  void close() { fd_ = UniqueFd(); }
  void reset() {
    reset_on_close(fd());
    close();
  }

 private:
  UniqueFd fd_;
};

inline bool has_ipv6() {
  try {
    HostSocket::server(loopback6);
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

// Whether this comes true before anybody loses patience.
template <class Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

inline RelayEntry entry_to(const HostSocket& server, const IpAddress& server_address,
                           const IpAddress& address, bool udp = false) {
  return {address, 0, udp, server_address, server.port(), {}};
}

// Publishes it and says behind which port.
inline uint16_t publish(HostPublish& host, HostPublish::Id id, const RelayEntry& entry) {
  host.add(id, entry);
  for (const auto& view : host.list()) {
    if (view.id == id) return view.entry.port;
  }
  return 0;
}

}  // namespace uswitch::test
