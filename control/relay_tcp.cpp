#include "control/relay_tcp.h"

#include <cerrno>
#include <memory>
#include <utility>

namespace uswitch {

namespace {

// Clients in a row, before those who came earlier have their turn.
constexpr int burst = 64;

// Of accept: it is the host that lacks something, not this one client that is gone again.
bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

bool TcpRelay::serve() {
  for (int i = 0; i < burst; ++i) {
    SocketAddress from{};
    socklen_t size = sizeof from;
    UniqueFd client(
        accept4(socket_.native_handle(), &from.generic, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      carry(std::move(client), from.address());
    } else if (is_transient(errno)) {
      return true;
    } else if (is_shortage(errno)) {
      return false;
    }
  }
  return true;
}

void TcpRelay::carry(UniqueFd client, const IpAddress& from) {
  if (is_full() || !is_allowed(from)) {
    refused_.add(1);
    return reset_on_close(client.get());
  }
  auto connection = std::make_shared<RelayConnection>(
      thread_, RelayConnection::Counts{failed_, bytes_in_, bytes_out_},
      [this, self = shared_from_this()](RelayConnection* gone) { ended(gone); });
  connections_.insert(connection.get());
  opened();
  connection->start(std::move(client), to_);
}

void TcpRelay::ended(RelayConnection* connection) {
  connections_.erase(connection);
  closed();
}

void TcpRelay::end_flows() {
  // Their handlers keep them until this one has returned.
  for (RelayConnection* connection : connections_) connection->abort();
}

}  // namespace uswitch
