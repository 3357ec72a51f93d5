// The router's side of the control thread: what of it is configured becomes Routing and routes, and
// what it does by the clock is done.
//
// Owner: Daemon, on the control thread. The shared tables (routes, neighbours) live as long as any
// Tables that hold them.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/host_link.h"
#include "control/live_port.h"
#include "control/nat_control.h"
#include "control/stations.h"
#include "engine/workforce.h"
#include "router/announcer.h"

namespace uswitch {

class RouterControl {
 public:
  // std::system_error when there is no memory for the tables. The configuration must live until the
  // next update().
  RouterControl(const Config& config, const NatControl& nat, Workforce& workers);

  // Whether any network has a router; without, nothing below does anything.
  bool present() const { return present_; }

  // How often tick() is to be called.
  static constexpr auto interval = std::chrono::milliseconds(200);

  // Another configuration, in the order of these calls: update() takes it, and says goodbye where
  // it has no router any more; Tables are published as below. Throws as the constructor does;
  // nothing has changed then.
  void update(const Config& config);

  // Before Tables are made: joins the host where there is a port for it, and takes out the routes
  // that are not to be any more: what they lead to may be gone from the next Tables. An
  // error of the host's routes is logged; the host is then not joined.
  void follow_ports(const std::vector<std::unique_ptr<LivePort>>& ports);
  // For the next Tables.
  Routing routing() const;
  // The Tables of routing() are published: puts in the routes that are new, which may lead to what
  // is new in them, forgets the neighbours of networks without a router, and announces what is new.
  void published(Time now);

  // An endpoint with these addresses has gone from the network: another one may come with them.
  void forget(const std::string& network, const std::vector<IpPrefix>& addresses);
  // What the router knows of the addresses of stations, and that they have gone.
  StationAddresses addresses_of(const Stations& stations, Time now) const;
  void forget(const StationAddresses& addresses);

  // Readable when the host's addresses may have changed; -1 without a host port. Of another file
  // when the host port is another one.
  int host_fd() const { return host_ ? host_->fd() : -1; }
  void follow_host();

  void tick(Time now);
  // The last words: stations are told that the router goes.
  void farewell();

 private:
  NetworkId id_of(const std::string& network) const;
  // The router's own addresses there, those that NAT needs included.
  std::vector<IpPrefix> addresses_on(const NetworkConfig& network) const;
  void add_configured(Routes& routes) const;
  void add_host(Routes& routes) const;
  // What the table of routes should be, and bringing it there: by taking out, and by putting in
  // what differs.
  Routes wanted_routes() const;
  void withdraw_routes(const Routes& wanted);
  void install_routes(const Routes& wanted);
  bool leads_nowhere(const RouteTarget& target) const;
  PortId find_host(const std::vector<std::unique_ptr<LivePort>>& ports) const;
  void join_host(PortId id, const LivePort& port);
  void leave_host();
  std::vector<HostRoute> routes_of_host() const;

  // What a network's stations have been told of its router.
  struct Announced {
    bool present = false;
    MacAddress mac;
    std::vector<IpPrefix> addresses;
    bool advertise = false;
    uint16_t mtu = 0;

    bool operator==(const Announced&) const = default;
  };
  Announced to_announce(const NetworkConfig& network) const;

  const Config* config_;
  bool present_ = false;
  const NatControl& nat_;
  Workforce& workers_;
  std::shared_ptr<RouteTable> routes_;
  std::shared_ptr<Neighbours> neighbours_;
  Announcer announcer_;
  uint32_t flow_seed_;

  // The port of the host, and its part in routing; HostLink's destructor takes the routes out. Null
  // without a host port, and when that is none of this machine's.
  PortId host_port_ = no_port;
  NetworkId host_network_ = no_network;
  const Port* host_device_ = nullptr;
  std::vector<IpPrefix> host_port_addresses_;  // link-local included
  std::vector<HostRoute> host_routes_;
  std::unique_ptr<HostLink> host_;

  std::vector<Announced> announced_;  // indexed by network
};

// The MAC of a network's router: the configured one, or one that is the same at each start, so that
// stations need not learn a new one (TR-14). It follows from the network's name and the router's
// first address: two switches on one cable have different ones.
MacAddress router_mac_of(const NetworkConfig& network);

}  // namespace uswitch
