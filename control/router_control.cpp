#include "control/router_control.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/entropy.h"
#include "switch/device_error.h"

namespace uswitch {

namespace {

uint8_t bits_of(const IpAddress& a) {
  return a.is_v4() ? 32 : 128;
}
IpPrefix alone(const IpAddress& a) {
  return {a, bits_of(a)};
}

RouteTarget target(RouteKind kind, RouteOrigin origin, const std::vector<RouteHop>& hops) {
  RouteTarget t;
  t.kind = kind;
  t.origin = origin;
  t.count = static_cast<uint8_t>(hops.size());
  std::copy(hops.begin(), hops.end(), t.hops.begin());
  return t;
}

RouteKind kind_of(RouteType type) {
  switch (type) {
    case RouteType::blackhole:
      return RouteKind::blackhole;
    case RouteType::unreachable:
      return RouteKind::unreachable;
    case RouteType::prohibit:
      return RouteKind::prohibit;
    case RouteType::via:
    case RouteType::onlink:
      break;
  }
  return RouteKind::forward;
}

RouterInterface make_interface(const NetworkConfig& c, std::vector<IpPrefix> addresses,
                               bool routed_together) {
  RouterInterface i;
  i.present = !c.router.empty();
  if (!i.present) return i;
  i.mac = router_mac_of(c);
  i.link_local = eui64_link_local(i.mac);
  i.addresses = std::move(addresses);
  i.mtu = c.mtu;
  i.reverse_path = c.reverse_path;
  i.clamp_mss = c.clamp_mss;
  i.isolated = (c.isolated || !routed_together) && !c.outside;
  i.outside = c.outside;
  i.advertise = c.advertise;
  return i;
}

}  // namespace

MacAddress router_mac_of(const NetworkConfig& network) {
  if (network.router_mac) return *network.router_mac;
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : network.name + " " + network.router[0].address.to_string()) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  }
  constexpr uint64_t local_station = uint64_t{0x02} << 40;  // locally administered, not a group
  return MacAddress::from_u64(local_station | ((hash ^ hash >> 40) & 0xffffffffff));
}

RouterControl::RouterControl(const Config& config, const NatControl& nat, Workforce& workers)
    : config_(&config),
      nat_(nat),
      workers_(workers),
      announcer_(random_value<uint32_t>()),
      flow_seed_(random_value<uint32_t>()) {
  update(config);
}

void RouterControl::update(const Config& config) {
  const auto has_router = [](const NetworkConfig& n) { return !n.router.empty(); };
  const bool wanted = std::ranges::any_of(config.networks, has_router);
  if (wanted && !routes_) {
    auto neighbours = std::make_shared<Neighbours>(config.max_neighbours);
    routes_ = std::make_shared<RouteTable>();
    neighbours_ = std::move(neighbours);
    neighbours_->on_resolved([&workers = workers_](uint64_t waiting) { workers.settle(waiting); });
  }
  for (NetworkId n = 0; n < announced_.size(); ++n) {
    const bool stays = n < config.networks.size() && to_announce(config.networks[n]).advertise;
    if (announced_[n].advertise && !stays) {
      workers_.post(announcer_.farewell(workers_.tables().routing, n));
    }
  }
  config_ = &config;
  present_ = wanted;
}

RouterControl::Announced RouterControl::to_announce(const NetworkConfig& network) const {
  if (network.router.empty()) return {};
  return {true, router_mac_of(network), addresses_on(network), network.advertise, network.mtu};
}

NetworkId RouterControl::id_of(const std::string& network) const {
  const auto at = std::ranges::find(config_->networks, network, &NetworkConfig::name);
  return static_cast<NetworkId>(at - config_->networks.begin());
}

std::vector<IpPrefix> RouterControl::addresses_on(const NetworkConfig& network) const {
  std::vector<IpPrefix> all = network.router;
  if (all.empty()) return all;
  for (const IpAddress& a : nat_.addresses_on(network.name)) all.push_back(alone(a));
  return all;
}

Routing RouterControl::routing() const {
  Routing r;
  for (const NetworkConfig& n : config_->networks) {
    r.interfaces.push_back(make_interface(n, addresses_on(n), config_->routed_together));
    for (const IpPrefix& own : r.interfaces.back().addresses) r.own.add(own.address);
  }
  r.routes = routes_;
  r.neighbours = neighbours_;
  r.host_port = host_port_;
  r.flow_seed = flow_seed_;
  return r;
}

void RouterControl::add_configured(Routes& routes) const {
  for (const RouterRouteConfig& c : config_->routes) {
    std::vector<RouteHop> hops;
    for (const auto& hop : c.hops) {
      hops.push_back({id_of(hop.network), c.type == RouteType::onlink, hop.gateway});
    }
    routes[c.to] = target(kind_of(c.type), RouteOrigin::configured, hops);
  }
}

// Its port's own addresses are on the network. The others lead by one of those: it answers for that
// one for certain.
void RouterControl::add_host(Routes& routes) const {
  if (host_port_ == no_port) return;
  const RouteHop here{host_network_, true, {}};
  for (const IpPrefix& own : host_port_addresses_) {
    if (own.address.is_link_local()) continue;
    routes.try_emplace(alone(own.address), target(RouteKind::forward, RouteOrigin::host, {here}));
  }
  if (!host_) return;
  for (const IpAddress& a : host_->addresses()) {
    const auto same = [&](const IpPrefix& p) { return p.address.family() == a.family(); };
    const auto gateway = std::ranges::find_if(host_port_addresses_, same);
    // Linux answers ARP for each of its addresses on every device, should it have no other there.
    const bool onlink = gateway == host_port_addresses_.end();
    const RouteHop hop{host_network_, onlink, onlink ? IpAddress{} : gateway->address};
    routes.try_emplace(alone(a), target(RouteKind::forward, RouteOrigin::host, {hop}));
  }
}

Routes RouterControl::wanted_routes() const {
  Routes wanted;
  if (!present()) return wanted;
  add_configured(wanted);
  for (NetworkId n = 0; n < config_->networks.size(); ++n) {
    wanted.merge(connected_routes(n, addresses_on(config_->networks[n])));
  }
  add_host(wanted);
  return wanted;
}

// Whether it leads to a network that has no router any more.
bool RouterControl::leads_nowhere(const RouteTarget& target) const {
  const auto is_gone = [&](const RouteHop& hop) {
    return hop.network != no_network && (hop.network >= config_->networks.size() ||
                                         config_->networks[hop.network].router.empty());
  };
  return std::any_of(target.hops.begin(), target.hops.begin() + std::max<int>(target.count, 1),
                     is_gone);
}

void RouterControl::withdraw_routes(const Routes& wanted) {
  std::vector<IpPrefix> unwanted;
  routes_->for_each([&](const IpPrefix& prefix, const RouteTarget& target) {
    if (!wanted.contains(prefix) || leads_nowhere(target)) unwanted.push_back(prefix);
  });
  for (const IpPrefix& prefix : unwanted) routes_->remove(prefix);
}

void RouterControl::install_routes(const Routes& wanted) {
  for (const auto& [prefix, to] : wanted) {
    if (routes_->set(prefix, to) == RouteTable::Change::full) {
      spdlog::error("no room for the route to {}", prefix.to_string());
    }
  }
}

PortId RouterControl::find_host(const std::vector<std::unique_ptr<LivePort>>& ports) const {
  for (PortId id = 0; id < ports.size(); ++id) {
    const PortConfig& c = ports[id]->config();
    if (ports[id]->gone() || !is_host(c) || !c.network) continue;
    if (!config_->networks[id_of(*c.network)].router.empty()) return id;
  }
  return no_port;
}

void RouterControl::follow_ports(const std::vector<std::unique_ptr<LivePort>>& ports) {
  if (!routes_) return;
  const PortId id = find_host(ports);
  if (id == no_port) {
    leave_host();
  } else {
    try {
      join_host(id, *ports[id]);
    } catch (const DeviceError& error) {
      spdlog::error("host: {}", error.what());
      leave_host();
    }
  }
  withdraw_routes(wanted_routes());
}

void RouterControl::leave_host() {
  host_.reset();
  host_routes_.clear();
  host_port_ = no_port;
}

// Again and again: the port may be another one, or have other addresses, and the networks too.
void RouterControl::join_host(PortId id, const LivePort& port) {
  if (port.port().get() != host_device_) leave_host();
  if (!host_ && port.on_machine()) host_ = std::make_unique<HostLink>(port.config().device);
  host_port_ = id;
  host_device_ = port.port().get();
  host_network_ = id_of(*port.config().network);
  host_port_addresses_ = port.config().addresses;
  if (port.mac()) host_port_addresses_.push_back({eui64_link_local(*port.mac()), 64});
  std::vector<HostRoute> wanted = routes_of_host();
  if (!host_ || wanted == host_routes_) return;
  host_->update(wanted);
  host_routes_ = std::move(wanted);
}

std::vector<HostRoute> RouterControl::routes_of_host() const {
  std::vector<HostRoute> wanted;
  const NetworkConfig& here = config_->networks[host_network_];
  const bool has_v6 = std::ranges::any_of(host_port_addresses_, [](const IpPrefix& own) {
    return !own.address.is_v4() && !own.address.is_link_local();
  });
  for (const NetworkConfig& n : config_->networks) {
    for (const IpPrefix& to : n.router) {
      if (!to.address.is_v4() && !has_v6) continue;  // IPv6 is off on a device without an address
      const auto via = std::ranges::find_if(here.router, [&](const IpPrefix& own) {
        return own.address.family() == to.address.family();
      });
      if (via != here.router.end()) wanted.push_back({{to.network(), to.length}, via->address});
    }
  }
  return wanted;
}

void RouterControl::follow_host() {
  if (!host_ || !host_->refresh()) return;
  const Routes wanted = wanted_routes();
  withdraw_routes(wanted);
  install_routes(wanted);
}

void RouterControl::published(Time now) {
  if (!routes_) return;
  install_routes(wanted_routes());
  announced_.resize(std::max(announced_.size(), config_->networks.size()));
  for (NetworkId n = 0; n < config_->networks.size(); ++n) {
    Announced wanted = to_announce(config_->networks[n]);
    if (announced_[n].present && !wanted.present) neighbours_->flush_network(n);
    if (wanted.present && wanted != announced_[n]) announcer_.begin(n, now);
    announced_[n] = std::move(wanted);
  }
}

void RouterControl::forget(const std::string& network, const std::vector<IpPrefix>& addresses) {
  if (!neighbours_) return;
  for (const IpPrefix& p : addresses) neighbours_->remove(id_of(network), p.address);
}

StationAddresses RouterControl::addresses_of(const Stations& stations, Time now) const {
  return neighbours_ ? uswitch::addresses_of(stations, *neighbours_, now) : StationAddresses{};
}

void RouterControl::forget(const StationAddresses& addresses) {
  if (!neighbours_) return;
  for (const auto& [network, address] : addresses) neighbours_->remove(network, address);
}

void RouterControl::tick(Time now) {
  if (!present()) return;
  uint64_t wake = 0;
  auto frames = announcer_.due(workers_.tables().routing, now, wake);
  if (!frames.empty()) workers_.post(std::move(frames));
  if (wake != 0) workers_.settle(wake);
}

void RouterControl::farewell() {
  if (!present()) return;
  workers_.post(announcer_.farewell(workers_.tables().routing));
  workers_.publish(
      std::make_shared<Tables>(workers_.tables()));  // returns when they have been sent
}

}  // namespace uswitch
