#include "control/relay_udp.h"

#include <cerrno>
#include <chrono>
#include <iterator>
#include <utility>

namespace uswitch {

namespace {

// Datagrams of one socket in a row, before other sockets have their turn.
constexpr int burst = 64;

Time now() {
  return std::chrono::steady_clock::now();
}

// An earlier datagram's ICMP error is told once, in place of sending.
void send_to_endpoint(int fd, std::span<const uint8_t> bytes) {
  if (send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT) < 0 && errno == ECONNREFUSED) {
    send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
  }
}

}  // namespace

UdpRelay::UdpRelay(RelayThread& thread, UniqueFd socket, RelayEntry entry,
                   std::shared_ptr<RelayCounters> counters)
    : thread_(thread),
      entry_(std::move(entry)),
      to_(SocketAddress::of(entry_.to, entry_.to_port)),
      counters_(std::move(counters)),
      socket_(thread.io, socket.get()),
      idle_(thread.io) {
  socket.release();
}

void UdpRelay::start() {
  socket_.async_wait(RelayDescriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (error || !self->socket_.is_open()) return;
                       self->from_clients();
                       self->start();
                     });
}

void UdpRelay::from_clients() {
  for (int i = 0; i < burst; ++i) {
    const auto datagram = receive_datagram(socket_.native_handle(), thread_.buffer);
    if (!datagram) return;
    from_client(*datagram);
  }
}

void UdpRelay::from_client(const Datagram& datagram) {
  // No answer could come from there.
  const bool to_group =
      datagram.local.is_multicast() || datagram.local == IpAddress::from_v4(INADDR_BROADCAST);
  if (to_group || !is_allowed(entry_, datagram.peer.address())) return counters_->refused.add(1);
  Client* client = find_or_open(datagram);
  if (!client) return;
  send_to_endpoint(client->endpoint.native_handle(),
                   std::span(thread_.buffer).first(datagram.size));
  counters_->bytes_in.add(datagram.size);
  used(*client);
}

UdpRelay::Client* UdpRelay::find_or_open(const Datagram& datagram) {
  const Key key{datagram.peer.address(), datagram.local, datagram.peer.port(),
                datagram.peer.scope()};
  if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second->get();
  if (make_room()) return open(key, datagram);
  counters_->refused.add(1);
  return nullptr;
}

bool UdpRelay::make_room() {
  const RelayLimits& limits = thread_.limits;
  const bool full = clients_.size() >= limits.udp_flows || thread_.flows >= limits.flows;
  if (full && !clients_.empty()) close_oldest();
  return clients_.size() < limits.udp_flows && thread_.flows < limits.flows;
}

UdpRelay::Client* UdpRelay::open(const Key& key, const Datagram& datagram) {
  UniqueFd fd = connect_to(to_, SOCK_DGRAM);
  RelayDescriptor endpoint(thread_.io);
  boost::system::error_code error;
  if (fd) endpoint.assign(fd.get(), error);
  if (!fd || error) {
    counters_->failed.add(1);
    return nullptr;
  }
  fd.release();
  auto client = std::make_shared<Client>(Client{key, datagram, std::move(endpoint), now()});
  by_key_.emplace(key, clients_.insert(clients_.end(), client));
  ++thread_.flows;
  counters_->opened.add(1);
  listen_to(client);
  if (clients_.size() == 1) close_idle();
  return client.get();
}

void UdpRelay::listen_to(const std::shared_ptr<Client>& client) {
  client->endpoint.async_wait(RelayDescriptor::wait_read,
                              [self = shared_from_this(), client](boost::system::error_code error) {
                                if (error || !client->endpoint.is_open()) return;
                                self->from_endpoint(*client);
                                self->listen_to(client);
                              });
}

void UdpRelay::from_endpoint(Client& client) {
  for (int i = 0; i < burst; ++i) {
    auto& buffer = thread_.buffer;
    const ssize_t n =
        recv(client.endpoint.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0 && is_transient(errno)) return;
    if (n < 0) continue;  // an ICMP error
    const auto answer = std::span(buffer).first(static_cast<size_t>(n));
    if (answer_datagram(socket_.native_handle(), client.first, answer)) {
      counters_->bytes_out.add(answer.size());
    }
    used(client);
  }
}

void UdpRelay::used(Client& client) {
  client.last = now();
  clients_.splice(clients_.end(), clients_, by_key_.at(client.key));
}

void UdpRelay::close_oldest() {
  Client& client = *clients_.front();
  boost::system::error_code ignored;
  client.endpoint.close(ignored);
  by_key_.erase(client.key);
  clients_.pop_front();
  --thread_.flows;
  counters_->closed.add(1);
}

void UdpRelay::close_idle() {
  const Time end = now() - thread_.limits.udp_idle;
  while (!clients_.empty() && clients_.front()->last <= end) close_oldest();
  if (clients_.empty()) return;
  idle_.expires_at(clients_.front()->last + thread_.limits.udp_idle);
  idle_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error && self->socket_.is_open()) self->close_idle();
  });
}

void UdpRelay::stop() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  idle_.cancel();
  while (!clients_.empty()) close_oldest();
}

}  // namespace uswitch
