#include "control/relay_connection.h"

#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

namespace uswitch {

namespace {

// Reads in a row, before other connections have their turn.
constexpr int burst = 4;

}  // namespace

RelayConnection::RelayConnection(RelayThread& thread, const Counts& counts, OnEnd on_end)
    : thread_(thread),
      failed_(counts.failed),
      on_end_(std::move(on_end)),
      client_(thread.io),
      endpoint_(thread.io),
      ways_{Way{client_, endpoint_, counts.bytes_in, {}},
            Way{endpoint_, client_, counts.bytes_out, {}}} {}

RelayConnection::~RelayConnection() {
  on_end_(this);
}

void RelayConnection::start(UniqueFd client, const SocketAddress& to) {
  if (!hand_over(std::move(client), client_)) return fail();
  if (!hand_over(connect_to(to, SOCK_STREAM), endpoint_)) return fail();
  for (RelayDescriptor* side : {&client_, &endpoint_}) set_up_stream(side->native_handle());
  watch(client_);
  endpoint_.async_wait(RelayDescriptor::wait_write,
                       [self = shared_from_this()](boost::system::error_code error) {
                         if (self->is_over()) return;
                         if (error || pending_error(self->endpoint_.native_handle()) != 0) {
                           return self->fail();
                         }
                         self->on_connected();
                       });
}

void RelayConnection::fail() {
  failed_.add(1);
  abort();
}

void RelayConnection::on_connected() {
  watch(endpoint_);
  for (Way& way : ways_) wait(way.from, RelayDescriptor::wait_read, way);
}

// A reset is passed on also while nothing is read from the side that it came from.
void RelayConnection::watch(RelayDescriptor& side) {
  side.async_wait(RelayDescriptor::wait_error,
                  [self = shared_from_this(), &side](boost::system::error_code error) {
                    if (self->is_over() || error) return;
                    if (pending_error(side.native_handle()) != 0) self->abort();
                  });
}

void RelayConnection::wait(RelayDescriptor& side, RelayDescriptor::wait_type what, Way& way) {
  side.async_wait(what, [self = shared_from_this(), &way](boost::system::error_code error) {
    if (self->is_over()) return;
    if (error) return self->abort();
    self->pump(way);
  });
}

void RelayConnection::pump(Way& way) {
  if (!way.waiting.empty() && !send(way, std::exchange(way.waiting, {}))) return;
  for (int i = 0; i < burst; ++i) {
    auto& buffer = thread_.buffer;
    const ssize_t n = recv(way.from.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n == 0) return end(way);
    if (n < 0 && !is_transient(errno)) return abort();
    if (n < 0) return wait(way.from, RelayDescriptor::wait_read, way);
    const auto size = static_cast<size_t>(n);
    way.bytes.add(size);
    if (!send(way, std::span(buffer).first(size))) return;
    if (size < buffer.size()) break;  // it has no more
  }
  wait(way.from, RelayDescriptor::wait_read, way);
}

// False when not all is sent: the rest waits for the other side, or the connection is over.
bool RelayConnection::send(Way& way, std::span<const uint8_t> bytes) {
  const ssize_t n =
      ::send(way.to.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0 && !is_transient(errno)) {
    abort();
    return false;
  }
  const auto rest = bytes.subspan(n < 0 ? 0 : static_cast<size_t>(n));
  if (rest.empty()) return true;
  way.waiting.assign(rest.begin(), rest.end());
  wait(way.to, RelayDescriptor::wait_write, way);
  return false;
}

void RelayConnection::end(Way& way) {
  way.ended = true;
  shutdown(way.to.native_handle(), SHUT_WR);
  if (ways_[0].ended && ways_[1].ended) close();
}

void RelayConnection::abort() {
  for (RelayDescriptor* side : {&client_, &endpoint_}) {
    if (side->is_open()) reset_on_close(side->native_handle());
  }
  close();
}

void RelayConnection::close() {
  boost::system::error_code ignored;
  client_.close(ignored);
  endpoint_.close(ignored);
}

}  // namespace uswitch
