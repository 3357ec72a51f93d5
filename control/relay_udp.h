// A published UDP port: each client has a connected socket of its own to the endpoint, and what
// comes back on it goes to the client, from the address that it had sent to.
//
// A Relay (see there). A client is an address and port, and the host's address that it sends to. It
// is forgotten when neither side has sent for RelayLimits::udp_idle, or when there is no room for a
// new one: first go those that were never answered, then the others, of either those that are
// longest unused. So forged sources do not take the place of clients that talk. Datagrams that a
// socket does not take are lost, as UDP has it; that the endpoint's port is closed does not reach
// the client.
#pragma once
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <compare>
#include <list>
#include <map>
#include <memory>

#include "control/relay.h"
#include "control/relay_datagram.h"

namespace uswitch {

class UdpRelay : public Relay {
 public:
  UdpRelay(RelayThread& thread, UniqueFd socket, RelayEntry entry);

  void end_flows() override;
  void idle_changed() override { close_idle(); }

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
    bool answered = false;
  };
  using Clients = std::list<std::shared_ptr<Client>>;  // the one longest unused in front

  bool serve() override;
  void from_client(const Datagram& datagram);
  void from_endpoint(Client& client);
  Client* find_or_open(const Datagram& datagram);
  bool make_room();
  Client* open(const Key& key, const Datagram& datagram);
  void listen_to(const std::shared_ptr<Client>& client);
  void used(Client& client, bool answered);
  void close_oldest(Clients& clients);
  void close_idle();

  std::array<Clients, 2> clients_;  // those that were never answered, and the others
  std::map<Key, Clients::iterator> by_key_;
  boost::asio::steady_timer idle_;  // runs while there are clients
};

}  // namespace uswitch
