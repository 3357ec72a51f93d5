#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

struct Totals {
  uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0, copies = 0, drops = 0;
  uint64_t moves = 0, not_learned = 0;

  void operator+=(const Totals& other) {
    rx_packets += other.rx_packets;
    rx_bytes += other.rx_bytes;
    tx_packets += other.tx_packets;
    tx_bytes += other.tx_bytes;
    copies += other.copies;
    drops += other.drops;
    moves += other.moves;
    not_learned += other.not_learned;
  }
};

Totals totals_of(const PortStats& stats) {
  Totals sum;
  for (const PortCounters& worker : stats.of_worker) {
    sum.rx_packets += worker.rx_packets.get();
    sum.rx_bytes += worker.rx_bytes.get();
    sum.tx_packets += worker.tx_packets.get();
    sum.tx_bytes += worker.tx_bytes.get();
    sum.copies += worker.copies.get();
    sum.moves += worker.moves.get();
    sum.not_learned += worker.not_learned.get();
    for (const Counter& reason : worker.drops) sum.drops += reason.get();
  }
  return sum;
}

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

void add_counters(json::object& out, const Totals& sum) {
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
  add_counters(out, entry.stats ? totals_of(*entry.stats) : Totals{});
  return out;
}

// With these the counters of all rows add up.
json::object view_no_port(const Tables& tables, const char* name, const char* type,
                          const Totals& totals) {
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

// Ports that were configured once, and are no longer.
Totals totals_of_removed(const ApiContext& context) {
  Totals sum;
  if (context.forgotten) sum += totals_of(*context.forgotten);
  for (const PortEntry& entry : context.engine.tables().ports) {
    if (entry.name.empty() && entry.stats) sum += totals_of(*entry.stats);
  }
  return sum;
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
  const Totals removed = totals_of_removed(context);
  if (removed.rx_packets + removed.tx_packets > 0) {
    ports.push_back(view_no_port(tables, removed_row, "removed", removed));
  }
  return {{"ports", std::move(ports)}};
}

}  // namespace uswitch
