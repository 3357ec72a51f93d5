// The metrics of what is learned and tracked: how much there is, and how much there may be.
#include "control/metrics.h"

namespace uswitch {

namespace {

using Type = MetricsText::Type;

void add_networks(MetricsText& text, const std::vector<Network>& networks) {
  text.family("uswitch_fdb_entries", Type::gauge, "MAC addresses that the network knows.");
  for (const Network& n : networks) {
    if (n.fdb) text.sample({{"network", n.name}}, uint64_t{n.fdb->size()});
  }
  text.family("uswitch_fdb_max_entries", Type::gauge, "MAC addresses that it learns at most.");
  for (const Network& n : networks) {
    if (n.fdb) text.sample({{"network", n.name}}, uint64_t{n.fdb->max_addresses()});
  }
}

void add_routing(MetricsText& text, const Routing& routing) {
  text.single("uswitch_route_entries", Type::gauge, "Routes, those of its own addresses included.",
              uint64_t{routing.routes->size()});
  const Neighbours& neighbours = *routing.neighbours;
  text.single("uswitch_neighbour_entries", Type::gauge, "Stations in the neighbour table.",
              uint64_t{neighbours.size()});
  text.single("uswitch_neighbour_max_entries", Type::gauge, "Stations that it has room for.",
              uint64_t{neighbours.max_entries()});
  const Neighbours::Counts counts = neighbours.counts();
  text.family("uswitch_neighbour_events_total", Type::counter,
              "Entries made, failed to be resolved, evicted for another one, not made for want of "
              "room, and questions asked.");
  text.sample({{"event", "created"}}, counts.created);
  text.sample({{"event", "failed"}}, counts.failed);
  text.sample({{"event", "evicted"}}, counts.evicted);
  text.sample({{"event", "full"}}, counts.full);
  text.sample({{"event", "solicited"}}, counts.solicitations);
}

void add_nat(MetricsText& text, const Translation& nat) {
  using Insert = ConnectionTable::Insert;
  const ConnectionTable& table = *nat.connections;
  text.single("uswitch_connection_entries", Type::gauge, "Connections that are tracked.",
              uint64_t{table.size()});
  text.single("uswitch_connection_max_entries", Type::gauge, "Connections that there is room for.",
              uint64_t{table.max_connections()});
  text.family("uswitch_connection_events_total", Type::counter,
              "Connections made, refused because another one's packets look like the answers, "
              "refused for want of room, expired, and evicted for another one.");
  text.sample({{"event", "inserted"}}, table.count(Insert::inserted));
  text.sample({{"event", "taken"}}, table.count(Insert::taken));
  text.sample({{"event", "full"}}, table.count(Insert::full));
  text.sample({{"event", "expired"}}, table.expired());
  text.sample({{"event", "evicted"}}, table.evicted());
  text.single("uswitch_nat_mapping_entries", Type::gauge, "External ports in use.",
              uint64_t{nat.ports->size()});
  text.single("uswitch_nat_ports_exhausted_total", Type::counter,
              "Times that no external port was left.", nat.ports->exhausted());
}

}  // namespace

// What is not configured has no metrics.
void add_table_metrics(MetricsText& text, const Tables& tables) {
  add_networks(text, tables.networks);
  if (tables.routing.routes) add_routing(text, tables.routing);
  if (tables.nat.connections) add_nat(text, tables.nat);
}

}  // namespace uswitch
