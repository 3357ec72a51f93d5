#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

bool is_on(const PortSettings& settings, NetworkId network) {
  return settings.present && (settings.network == network || settings.tag_of(network) != untagged);
}

json::array view_members(const Tables& tables, NetworkId network) {
  json::array out;
  for (size_t id = 0; id < tables.ports.size(); ++id) {
    if (is_on(tables.settings[id], network)) out.emplace_back(tables.ports[id].name);
  }
  return out;
}

// `isolated` and `outside` are the router's affair, and false without it.
void add_router(json::object& out, const Tables& tables, NetworkId network) {
  const RouterInterface none;
  const RouterInterface& router = tables.routing.on(network) ? tables.routing.at(network) : none;
  json::array addresses;
  for (const IpPrefix& address : router.addresses) addresses.emplace_back(address.to_string());
  out["router"] = std::move(addresses);
  out["router_mac"] = router.present ? json::value(router.mac.to_string()) : json::value(nullptr);
  out["isolated"] = router.isolated;
  out["outside"] = router.outside;
}

json::object view_network(const Tables& tables, NetworkId id) {
  const Network& network = tables.networks[id];
  json::object out;
  out["name"] = network.name;
  out["mtu"] = network.mtu;
  add_router(out, tables, id);
  out["ports"] = view_members(tables, id);
  out["addresses"] = network.fdb ? network.fdb->size() : 0;
  out["max_addresses"] = network.fdb ? network.fdb->max_addresses() : 0;
  return out;
}

}  // namespace

json::object view_networks(const ApiContext& context, const Query& query) {
  Parameters(query).done();
  const Tables& tables = context.engine.tables();
  json::array networks;
  for (size_t id = 0; id < tables.networks.size(); ++id) {
    if (tables.networks[id].name.empty()) continue;
    networks.push_back(view_network(tables, static_cast<NetworkId>(id)));
  }
  return {{"networks", std::move(networks)}};
}

}  // namespace uswitch
