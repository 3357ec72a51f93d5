#include "control/build_tables.h"

#include <algorithm>

namespace uswitch {

namespace {

NetworkId id_of(const Config& config, const std::string& name) {
  const auto at = std::find_if(config.networks.begin(), config.networks.end(),
                               [&](const NetworkConfig& n) { return n.name == name; });
  return static_cast<NetworkId>(at - config.networks.begin());
}

Network make_network(const NetworkConfig& config, const Fdbs& fdbs) {
  Network network;
  network.name = config.name;
  network.mtu = config.mtu;
  network.relay_bpdu = config.relay_bpdu;
  network.ageing = config.ageing;
  network.fdb = fdbs.at(config.name);
  return network;
}

// The address that a station makes for itself from a prefix that the router advertises
// (RFC 4862 5.5.3): its interface identifier is that of its link-local address.
IpAddress autoconfigured(const IpPrefix& prefix, const MacAddress& mac) {
  IpAddress address = eui64_link_local(mac);
  std::copy_n(prefix.address.bytes.begin(), 8, address.bytes.begin());
  return address;
}

std::shared_ptr<const Guard> make_guard(const LivePort& port, const NetworkConfig* network) {
  if (!port.config().guard || !port.mac()) return nullptr;
  std::vector<IpAddress> addresses;
  for (const IpPrefix& p : port.config().addresses) addresses.push_back(p.address);
  if (network && network->advertise) {
    for (const IpPrefix& p : network->router) {
      if (!p.address.is_v4() && p.length == 64) addresses.push_back(autoconfigured(p, *port.mac()));
    }
  }
  return std::make_shared<Guard>(*port.mac(), addresses);
}

PortSettings make_settings(const Config& config, const LivePort& port) {
  const PortConfig& c = port.config();
  PortSettings s;
  if (port.gone()) return s;
  s.present = true;
  if (c.network) s.network = id_of(config, *c.network);
  std::map<uint16_t, NetworkId> tagged;
  for (const auto& [vid, name] : c.tagged) tagged[vid] = id_of(config, name);
  s.vlans = make_vlan_map(tagged, config.networks.size());
  s.mtu = static_cast<uint16_t>(port.mtu());
  s.isolated = c.isolated;
  s.overlay = c.type == PortType::tunnel;
  s.suppress = s.overlay && c.tunnel->suppress;
  s.capabilities = port.port()->capabilities();
  s.max_addresses = c.max_addresses;
  s.guard = make_guard(port, c.network ? &config.networks[s.network] : nullptr);
  return s;
}

void set_statics(const PortSettings& settings, const PortConfig& config, PortId id,
                 Tables& tables) {
  for (NetworkId n = 0; n < tables.networks.size(); ++n) {
    if (settings.network != n && settings.tag_of(n) == untagged) continue;
    for (const MacAddress& mac : config.static_macs) tables.networks[n].fdb->add_static(mac, id);
  }
}

}  // namespace

std::shared_ptr<const Tables> build_tables(const Config& config,
                                           const std::vector<std::unique_ptr<LivePort>>& ports,
                                           const Fdbs& fdbs, Routing routing, Translation nat,
                                           const std::shared_ptr<PortStats>& router_stats,
                                           const std::shared_ptr<Suppression>& suppression) {
  auto tables = std::make_shared<Tables>();
  tables->routing = std::move(routing);
  tables->nat = std::move(nat);
  tables->router_stats = router_stats;
  tables->suppression = suppression;
  for (const NetworkConfig& n : config.networks) tables->networks.push_back(make_network(n, fdbs));
  for (const auto& port : ports) {
    const auto id = static_cast<PortId>(tables->ports.size());
    tables->ports.push_back({port->config().name, port->port(), port->stats()});
    tables->settings.push_back(make_settings(config, *port));
    if (!port->gone()) set_statics(tables->settings.back(), port->config(), id, *tables);
  }
  for (NetworkId n = 0; n < tables->networks.size(); ++n) {
    if (tables->routing.on(n)) tables->networks[n].router_mac = tables->routing.at(n).mac.to_u64();
  }
  collect_members(*tables);
  return tables;
}

}  // namespace uswitch
