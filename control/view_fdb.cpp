#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <tuple>

#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

struct Filter {
  std::optional<size_t> network;  // index into Tables::networks
  std::optional<PortId> port;
  std::optional<MacAddress> mac;
  size_t limit = 0;
};

Filter filter_of(const Tables& tables, const Query& query) {
  Parameters parameters(query);
  Filter filter;
  filter.network = parameters.named("network", tables.networks);
  if (const auto port = parameters.named("port", tables.ports)) {
    filter.port = static_cast<PortId>(*port);
  }
  if (const auto text = parameters.text("mac")) {
    filter.mac = MacAddress::parse(*text);
    if (!filter.mac) throw BadQuery("mac is '" + *text + "', it takes one like 02:00:5e:10:00:01");
  }
  filter.limit = parameters.limit();
  parameters.done();
  return filter;
}

// The entries of one network that fit the filter, by MAC, until there are `room` of them. Adds
// those left out to `left_out`.
std::vector<Fdb::Entry> select(const Fdb& fdb, const Filter& filter, Time now, size_t room,
                               size_t& left_out) {
  std::vector<Fdb::Entry> entries;
  fdb.for_each(now, [&](const Fdb::Entry& entry) {
    if (filter.port && entry.port != *filter.port) return;
    if (filter.mac && entry.mac != *filter.mac) return;
    if (entries.size() == room) {
      ++left_out;
    } else {
      entries.push_back(entry);
    }
  });
  std::ranges::sort(entries, {}, &Fdb::Entry::mac);
  return entries;
}

json::object view_entry(const Tables& tables, const Network& network, const Fdb::Entry& entry) {
  json::object out;
  out["network"] = network.name;
  out["mac"] = entry.mac.to_string();
  out["port"] = entry.port < tables.ports.size() ? tables.ports[entry.port].name : "";
  out["static"] = entry.is_static;
  out["age"] = std::chrono::duration_cast<std::chrono::seconds>(entry.age).count();
  return out;
}

json::object view_table(const Network& network) {
  json::object out;
  out["name"] = network.name;
  out["entries"] = network.fdb->size();
  out["max_addresses"] = network.fdb->max_addresses();
  out["ageing"] = std::chrono::duration_cast<std::chrono::seconds>(network.ageing).count();
  return out;
}

}  // namespace

json::object view_fdb(const ApiContext& context, const Query& query) {
  const Tables& tables = context.engine.tables();
  const Filter filter = filter_of(tables, query);
  json::array entries, networks;
  size_t left_out = 0;
  for (size_t id = 0; id < tables.networks.size(); ++id) {
    const Network& network = tables.networks[id];
    if (network.name.empty()) continue;  // a free id
    if (!network.fdb || (filter.network && *filter.network != id)) continue;
    networks.push_back(view_table(network));
    const size_t room = filter.limit - entries.size();
    for (const Fdb::Entry& entry : select(*network.fdb, filter, context.now, room, left_out)) {
      entries.push_back(view_entry(tables, network, entry));
    }
  }
  return {{"fdb", std::move(entries)},
          {"truncated", left_out > 0},
          {"left_out", left_out},
          {"networks", std::move(networks)}};
}

}  // namespace uswitch
