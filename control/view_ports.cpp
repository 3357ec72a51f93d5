#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "control/port_totals.h"
#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

void add_device(json::object& out, const PortInfo& info) {
  out["type"] = text_or_null(info.type);
  out["netns"] = text_or_null(info.netns);
  out["device"] = text_or_null(info.device);
  out["mac"] = info.mac ? json::value(info.mac->to_string()) : json::value(nullptr);
  json::array addresses;
  for (const IpPrefix& address : info.addresses) addresses.emplace_back(address.to_string());
  out["addresses"] = std::move(addresses);
  out["missed"] = info.missed;
}

void add_networks(json::object& out, const Tables& tables, const PortSettings& settings) {
  const bool has_untagged = settings.network < tables.networks.size();
  out["network"] =
      has_untagged ? json::value(tables.networks[settings.network].name) : json::value(nullptr);
  json::object tagged;
  for (size_t vid = 1; settings.vlans && vid < settings.vlans->network_of_vid.size(); ++vid) {
    const NetworkId network = settings.vlans->network_of_vid[vid];
    if (network < tables.networks.size()) {
      tagged[std::to_string(vid)] = tables.networks[network].name;
    }
  }
  out["tagged"] = std::move(tagged);
}

void add_counters(json::object& out, const PortTotals& sum) {
  out["rx_packets"] = sum.rx_packets;
  out["rx_bytes"] = sum.rx_bytes;
  out["tx_packets"] = sum.tx_packets;
  out["tx_bytes"] = sum.tx_bytes;
  out["copies"] = sum.copies;
  out["drops"] = sum.drops;
  out["moves"] = sum.moves;
  out["not_learned"] = sum.not_learned;
}

json::object view_port(const ApiContext& context, PortId id) {
  const Tables& tables = context.engine.tables();
  const PortEntry& entry = tables.ports[id];
  const PortSettings& settings = tables.settings[id];
  json::object out;
  out["name"] = entry.name;
  out["up"] = entry.port && entry.port->alive();
  add_device(out, id < context.ports.size() ? context.ports[id] : PortInfo{});
  out["mtu"] = settings.mtu;
  add_networks(out, tables, settings);
  add_counters(out, entry.stats ? totals_of(*entry.stats) : PortTotals{});
  return out;
}

// With these the counters of all rows add up.
json::object view_no_port(const Tables& tables, const char* name, const char* type,
                          const PortTotals& totals) {
  PortInfo info;
  info.type = type;
  json::object out;
  out["name"] = name;
  out["up"] = info.type == "router";
  add_device(out, info);
  out["mtu"] = 0;
  add_networks(out, tables, PortSettings{});
  add_counters(out, totals);
  return out;
}

}  // namespace

json::object view_ports(const ApiContext& context, const Query& query) {
  Parameters(query).done();
  const Tables& tables = context.engine.tables();
  json::array ports;
  for (size_t id = 0; id < tables.ports.size(); ++id) {
    if (!tables.ports[id].name.empty()) {
      ports.push_back(view_port(context, static_cast<PortId>(id)));
    }
  }
  if (tables.routing.routes && tables.router_stats) {
    ports.push_back(view_no_port(tables, router_row, "router", totals_of(*tables.router_stats)));
  }
  PortTotals removed;
  for (const PortStats* stats : removed_stats(tables, context.forgotten))
    removed += totals_of(*stats);
  if (removed.rx_packets + removed.tx_packets > 0) {
    ports.push_back(view_no_port(tables, removed_row, "removed", removed));
  }
  return {{"ports", std::move(ports)}};
}

}  // namespace uswitch
