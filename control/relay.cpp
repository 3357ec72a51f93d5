#include "control/relay.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace uswitch {

RelayCounts& RelayCounts::operator+=(const RelayCounts& other) {
  opened += other.opened;
  active += other.active;
  refused += other.refused;
  failed += other.failed;
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
  return *this;
}

Relay::Relay(RelayThread& thread, UniqueFd socket, RelayEntry entry)
    : thread_(thread),
      to_(SocketAddress::of(entry.to, entry.to_port)),
      socket_(thread.io, socket.get()),
      entry_(std::move(entry)),
      pause_(thread.io) {
  socket.release();
}

RelayCounts Relay::counts() const {
  const uint64_t closed = closed_.get();  // first: what is opened meanwhile is active
  const uint64_t opened = opened_.get();
  return {opened,          opened - std::min(closed, opened),
          refused_.get(),  failed_.get(),
          bytes_in_.get(), bytes_out_.get()};
}

bool Relay::is_allowed(const IpAddress& client) const {
  return entry_.allow.empty() || std::ranges::any_of(entry_.allow, [&](const IpPrefix& prefix) {
           return prefix.contains(client);
         });
}

void Relay::opened() {
  ++thread_.flows;
  opened_.add(1);
}

void Relay::closed() {
  --thread_.flows;
  closed_.add(1);
}

void Relay::start() {
  socket_.async_wait(RelayDescriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (self->is_stopped()) return;
                       if (error || !self->serve()) return self->pause();
                       self->start();
                     });
}

// Clients stay in the socket's queue meanwhile; to ask again at once would spin.
void Relay::pause() {
  pause_.expires_after(std::chrono::milliseconds(100));
  pause_.async_wait([self = shared_from_this()](boost::system::error_code) {
    if (!self->is_stopped()) self->start();
  });
}

void Relay::stop() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  pause_.cancel();
  end_flows();
}

}  // namespace uswitch
