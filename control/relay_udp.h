// A published UDP port: each client has a connected socket of its own to the endpoint, and what
// comes back on it goes to the client, from the address that it had sent to.
//
// A Relay (see there), on the relay thread. A client is an address and port, and the host's address
// that it sends to. It is forgotten when neither side has sent for RelayLimits::udp_idle, or when
// it is the one longest unused and there is no room for a new one. Datagrams that a socket does not
// take are lost, as UDP has it; that the endpoint's port is closed does not reach the client.
#pragma once
#include <boost/asio/steady_timer.hpp>
#include <compare>
#include <list>
#include <map>
#include <memory>
#include <span>

#include "control/relay.h"
#include "control/relay_datagram.h"
#include "control/relay_socket.h"
#include "core/time.h"

namespace uswitch {

class UdpRelay : public Relay, public std::enable_shared_from_this<UdpRelay> {
 public:
  // `socket` is open_published's. `thread` must outlive it.
  UdpRelay(RelayThread& thread, UniqueFd socket, RelayEntry entry,
           std::shared_ptr<RelayCounters> counters);

  void start() override;
  void stop() override;

 private:
  struct Key {
    IpAddress client, local;
    uint16_t port;
    uint32_t scope;

    auto operator<=>(const Key&) const = default;
  };
  struct Client {
    Key key;
    Datagram first;  // to answer to
    RelayDescriptor endpoint;
    Time last;
  };
  using Clients = std::list<std::shared_ptr<Client>>;

  void from_clients();
  void from_client(const Datagram& datagram);
  void from_endpoint(Client& client);
  Client* find_or_open(const Datagram& datagram);
  bool make_room();
  Client* open(const Key& key, const Datagram& datagram);
  void listen_to(const std::shared_ptr<Client>& client);
  void used(Client& client);
  void close_oldest();
  void close_idle();

  RelayThread& thread_;
  const RelayEntry entry_;
  const SocketAddress to_;
  std::shared_ptr<RelayCounters> counters_;
  RelayDescriptor socket_;
  boost::asio::steady_timer idle_;  // runs while there are clients
  Clients clients_;                 // the one longest unused in front
  std::map<Key, Clients::iterator> by_key_;
};

}  // namespace uswitch
