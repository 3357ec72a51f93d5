#include "control/relay_udp.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
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

UdpRelay::UdpRelay(RelayThread& thread, UniqueFd socket, RelayEntry entry)
    : Relay(thread, std::move(socket), std::move(entry)), idle_(thread.io) {}

bool UdpRelay::serve() {
  for (int i = 0; i < burst; ++i) {
    const auto datagram = receive_datagram(socket_.native_handle(), thread_.buffer);
    if (!datagram) break;
    from_client(*datagram);
  }
  return true;
}

void UdpRelay::from_client(const Datagram& datagram) {
  // No answer could come from there.
  const bool to_group =
      datagram.local.is_multicast() || datagram.local == IpAddress::from_v4(INADDR_BROADCAST);
  if (to_group || !is_allowed(datagram.peer.address())) return refused_.add(1);
  Client* client = find_or_open(datagram);
  if (!client) return;
  send_to_endpoint(client->endpoint.native_handle(),
                   std::span(thread_.buffer).first(datagram.size));
  bytes_in_.add(datagram.size);
  used(*client, client->answered);
}

UdpRelay::Client* UdpRelay::find_or_open(const Datagram& datagram) {
  const Key key{datagram.peer.address(), datagram.local, datagram.peer.port(),
                datagram.peer.scope()};
  if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second->get();
  if (make_room()) return open(key, datagram);
  refused_.add(1);
  return nullptr;
}

bool UdpRelay::make_room() {
  const auto has_room = [&] { return by_key_.size() < thread_.limits.udp_flows && !is_full(); };
  if (!has_room() && !by_key_.empty()) close_oldest(clients_[clients_[0].empty() ? 1 : 0]);
  return has_room();
}

UdpRelay::Client* UdpRelay::open(const Key& key, const Datagram& datagram) {
  RelayDescriptor endpoint(thread_.io);
  if (!hand_over(connect_to(to_, SOCK_DGRAM), endpoint)) {
    failed_.add(1);
    return nullptr;
  }
  auto client = std::make_shared<Client>(Client{key, datagram, std::move(endpoint), now()});
  by_key_.emplace(key, clients_[0].insert(clients_[0].end(), client));
  opened();
  listen_to(client);
  if (by_key_.size() == 1) close_idle();
  return client.get();
}

void UdpRelay::listen_to(const std::shared_ptr<Client>& client) {
  client->endpoint.async_wait(RelayDescriptor::wait_read,
                              [this, self = shared_from_this(), client](auto error) {
                                if (error || !client->endpoint.is_open()) return;
                                from_endpoint(*client);
                                listen_to(client);
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
      bytes_out_.add(answer.size());
    }
    used(client, true);
  }
}

void UdpRelay::used(Client& client, bool answered) {
  Clients& to = clients_[answered ? 1 : 0];
  to.splice(to.end(), clients_[client.answered ? 1 : 0], by_key_.at(client.key));
  client.answered = answered;
  client.last = now();
}

void UdpRelay::close_oldest(Clients& clients) {
  Client& client = *clients.front();
  boost::system::error_code ignored;
  client.endpoint.close(ignored);
  by_key_.erase(client.key);
  clients.pop_front();
  closed();
}

void UdpRelay::close_idle() {
  const Duration idle = thread_.limits.udp_idle;
  const Time at = now();
  Time next = Time::max();
  for (Clients& clients : clients_) {
    while (!clients.empty() && at - clients.front()->last >= idle) close_oldest(clients);
    if (!clients.empty()) next = std::min(next, clients.front()->last + idle);
  }
  if (by_key_.empty()) return;
  idle_.expires_at(next);
  idle_.async_wait([this, self = shared_from_this()](boost::system::error_code error) {
    if (!error && !is_stopped()) close_idle();
  });
}

void UdpRelay::end_flows() {
  idle_.cancel();
  for (Clients& clients : clients_) {
    while (!clients.empty()) close_oldest(clients);
  }
}

}  // namespace uswitch
