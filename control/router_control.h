// The router's side of the control thread: what of it is configured becomes Routing and routes, and
// what it does by the clock is done.
//
// Owner: Daemon, on the control thread. The shared tables (routes, neighbours) live as long as any
// Tables that hold them.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "control/config.h"
#include "control/host_link.h"
#include "control/live_port.h"
#include "control/nat_control.h"
#include "engine/workforce.h"
#include "router/announcer.h"

namespace uswitch {

class RouterControl {
 public:
  // Throws DeviceError, or std::system_error when there is no memory for the tables.
  RouterControl(const Config& config, const NatControl& nat, Workforce& workers);

  // Whether any network has a router; without, nothing below does anything.
  bool present() const { return routes_ != nullptr; }

  // How often tick() is to be called.
  static constexpr auto interval = std::chrono::milliseconds(200);

  // The ports are up, or one of them has died: joins the host where there is a port for it.
  void follow_ports(const std::vector<std::unique_ptr<LivePort>>& ports);
  // For the next Tables. After follow_ports().
  Routing routing() const;
  // The Tables of routing() are published: announces what is new.
  void published(Time now);

  // Readable when the host's addresses may have changed; -1 without a host port.
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
  // Brings the table of routes to what it should be, changing only what differs.
  void settle_routes();
  void join_host(PortId id, const LivePort& port);
  std::vector<HostRoute> routes_of_host() const;

  const Config& config_;
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
  std::vector<IpPrefix> host_port_addresses_;  // link-local included
  std::unique_ptr<HostLink> host_;
};

// The MAC of a network's router: the configured one, or one that is the same at each start, so that
// stations need not learn a new one (TR-14). It follows from the network's name and the router's
// first address: two switches on one cable have different ones.
MacAddress router_mac_of(const NetworkConfig& network);

}  // namespace uswitch
