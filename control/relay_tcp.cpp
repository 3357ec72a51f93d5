#include "control/relay_tcp.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>
#include <vector>

namespace uswitch {

namespace {

// Clients in a row, before those who came earlier have their turn.
constexpr int burst = 64;

// Of accept: it is the host that lacks something, not this one client that is gone again.
bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

TcpRelay::TcpRelay(RelayThread& thread, UniqueFd listener, RelayEntry entry,
                   std::shared_ptr<RelayCounters> counters)
    : thread_(thread),
      entry_(std::move(entry)),
      to_(SocketAddress::of(entry_.to, entry_.to_port)),
      counters_(std::move(counters)),
      listener_(thread.io, listener.get()),
      pause_(thread.io) {
  listener.release();
}

void TcpRelay::start() {
  listener_.async_wait(RelayDescriptor::wait_read,
                       [self = shared_from_this()](boost::system::error_code error) {
                         if (!self->listener_.is_open()) return;
                         if (error || !self->accept()) return self->pause();
                         self->start();
                       });
}

// False when the host has no room for more.
bool TcpRelay::accept() {
  for (int i = 0; i < burst; ++i) {
    SocketAddress from{};
    socklen_t size = sizeof from;
    UniqueFd client(
        accept4(listener_.native_handle(), &from.generic, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      serve(std::move(client), from.address());
    } else if (is_transient(errno)) {
      return true;
    } else if (is_shortage(errno)) {
      return false;
    }
  }
  return true;
}

// Clients stay in the backlog meanwhile; to ask again at once would spin.
void TcpRelay::pause() {
  pause_.expires_after(std::chrono::milliseconds(100));
  pause_.async_wait([self = shared_from_this()](boost::system::error_code) {
    if (self->listener_.is_open()) self->start();
  });
}

bool TcpRelay::admits(const IpAddress& from) const {
  return is_allowed(entry_, from) && thread_.flows < thread_.limits.flows;
}

void TcpRelay::serve(UniqueFd client, const IpAddress& from) {
  if (!admits(from)) {
    counters_->refused.add(1);
    return reset_on_close(client.get());
  }
  auto connection = std::make_shared<RelayConnection>(
      thread_, counters_,
      [self = shared_from_this()](RelayConnection* gone) { self->ended(gone); });
  connections_.insert(connection.get());
  ++thread_.flows;
  counters_->opened.add(1);
  connection->start(std::move(client), to_);
}

void TcpRelay::ended(RelayConnection* connection) {
  connections_.erase(connection);
  --thread_.flows;
  counters_->closed.add(1);
}

void TcpRelay::stop() {
  boost::system::error_code ignored;
  listener_.close(ignored);
  pause_.cancel();
  // Their handlers keep them until this one has returned.
  for (RelayConnection* connection : connections_) connection->abort();
}

}  // namespace uswitch
