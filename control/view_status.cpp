#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>

#include "control/version.h"
#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

json::object view_table(const char* name, uint64_t entries, json::value most) {
  return {{"name", name}, {"entries", entries}, {"max_entries", std::move(most)}};
}

// Those that are shared by all networks; how full they are is known without counting.
json::array view_tables(const Tables& tables) {
  json::array out;
  if (tables.routing.routes) {
    const Neighbours& neighbours = *tables.routing.neighbours;
    out.push_back(view_table("routes", tables.routing.routes->size(), nullptr));
    out.push_back(view_table("neighbours", neighbours.size(), neighbours.max_entries()));
  }
  if (tables.nat.connections) {
    const ConnectionTable& connections = *tables.nat.connections;
    out.push_back(view_table("connections", connections.size(), connections.max_connections()));
    out.push_back(view_table("mappings", tables.nat.ports->size(), nullptr));
  }
  return out;
}

}  // namespace

json::object view_status(const ApiContext& context, const Query& query) {
  Parameters(query).done();
  const Tables& tables = context.engine.tables();
  uint64_t ports = 0, up = 0, networks = 0;
  for (const PortEntry& entry : tables.ports) {
    ports += entry.name.empty() ? 0 : 1;
    up += entry.port && entry.port->alive() ? 1 : 0;
  }
  for (const Network& network : tables.networks) networks += network.name.empty() ? 0 : 1;
  const std::chrono::duration<double> uptime = context.now - context.started;
  return {{"version", build_version},
          {"uptime_seconds", std::round(uptime.count() * 1000) / 1000},
          {"workers", context.engine.workers().size()},
          {"networks", networks},
          {"ports", ports},
          {"ports_up", up},
          {"tables", view_tables(tables)}};
}

}  // namespace uswitch
