// The metrics of ports, and of what was dropped.
#include <span>
#include <vector>

#include "control/metrics.h"
#include "control/port_totals.h"
#include "control/views.h"

namespace uswitch {

namespace {

using Type = MetricsText::Type;

// A port as it is shown; or the router, which is one in the books; or all ports that are no longer
// there, so that no sum ever falls. With these the counters add up.
struct Row {
  std::string_view name;
  PortInfo info;
  std::string_view network;  // of untagged frames
  bool up = false;
  std::vector<const PortStats*> stats = {};
  PortTotals totals = {};

  void count(const PortStats& more) {
    stats.push_back(&more);
    totals += totals_of(more);
  }
  uint64_t drops(size_t reason) const {
    uint64_t sum = 0;
    for (const PortStats* s : stats) sum += drops_of(*s, reason);
    return sum;
  }
};

Row row_of(const ApiContext& context, PortId id) {
  const Tables& tables = context.engine.tables();
  const PortEntry& entry = tables.ports[id];
  const NetworkId network = tables.settings[id].network;
  Row row{entry.name, {}, {}, entry.port && entry.port->alive()};
  if (id < context.ports.size()) row.info = context.ports[id];
  if (network < tables.networks.size()) row.network = tables.networks[network].name;
  if (entry.stats) row.count(*entry.stats);
  return row;
}

std::vector<Row> rows_of(const ApiContext& context) {
  const Tables& tables = context.engine.tables();
  std::vector<Row> rows;
  for (size_t id = 0; id < tables.ports.size(); ++id) {
    if (!tables.ports[id].name.empty()) rows.push_back(row_of(context, static_cast<PortId>(id)));
  }
  if (tables.routing.routes && tables.router_stats) {
    Row& router = rows.emplace_back(Row{router_row, {}, {}, true});
    router.info.type = "router";
    router.count(*tables.router_stats);
  }
  Row removed{removed_row, {}, {}};
  for (const PortStats* stats : removed_stats(tables, context.forgotten)) removed.count(*stats);
  if (removed.totals.rx_packets + removed.totals.tx_packets > 0) rows.push_back(std::move(removed));
  return rows;
}

struct Counted {
  std::string_view name, help;
  uint64_t PortTotals::*value;
};

constexpr Counted counted[] = {
    {"uswitch_port_receive_packets_total", "Frames that came from the port into the switch.",
     &PortTotals::rx_packets},
    {"uswitch_port_receive_bytes_total", "Bytes of them, Ethernet headers included.",
     &PortTotals::rx_bytes},
    {"uswitch_port_transmit_packets_total", "Frames that the switch sent to the port.",
     &PortTotals::tx_packets},
    {"uswitch_port_transmit_bytes_total", "Bytes of them, Ethernet headers included.",
     &PortTotals::tx_bytes},
    {"uswitch_port_copied_packets_total",
     "Frames that flooding or segmenting made beyond the first, by the port of the original.",
     &PortTotals::copies},
    {"uswitch_port_station_moves_total", "Stations that came to this port from another one.",
     &PortTotals::moves},
    {"uswitch_port_not_learned_packets_total",
     "Frames whose source there was no room to learn: they were forwarded.",
     &PortTotals::not_learned},
};

// Of what is there: an alarm for a port that is down must not ring for those that are removed.
void add_info(MetricsText& text, std::span<const Row> rows) {
  if (!rows.empty() && rows.back().name == removed_row) rows = rows.first(rows.size() - 1);
  text.family("uswitch_port_info", Type::gauge, "What the port is.");
  for (const Row& row : rows) {
    const std::string mac = row.info.mac ? row.info.mac->to_string() : "";
    text.sample({{"port", row.name},
                 {"type", row.info.type},
                 {"network", row.network},
                 {"netns", row.info.netns},
                 {"device", row.info.device},
                 {"mac", mac}},
                uint64_t{1});
  }
  text.family("uswitch_port_up", Type::gauge, "1 while the port's device is there.");
  for (const Row& row : rows) text.sample({{"port", row.name}}, uint64_t{row.up});
}

// A port has a series only for the reasons that it lost packets for: most have few of the many.
void add_port_drops(MetricsText& text, const std::vector<Row>& rows) {
  text.family("uswitch_port_dropped_packets_total", Type::counter,
              "Packets that came in by the port and were dropped, by reason; those above 0.");
  for (const Row& row : rows) {
    for (size_t reason = 1; reason < reason_count; ++reason) {
      const uint64_t packets = row.drops(reason);
      if (packets == 0) continue;
      text.sample({{"port", row.name}, {"reason", reason_table[reason].name}}, packets);
    }
  }
}

// All reasons from 0 on, so that the first packet is seen to be one.
void add_drops(MetricsText& text, const std::vector<Row>& rows) {
  text.family("uswitch_dropped_packets_total", Type::counter,
              "Packets of all ports that were dropped, by reason.");
  for (size_t reason = 1; reason < reason_count; ++reason) {
    uint64_t packets = 0;
    for (const Row& row : rows) packets += row.drops(reason);
    const ReasonInfo& info = reason_table[reason];
    text.sample({{"reason", info.name}, {"room", info.room}}, packets);
  }
}

}  // namespace

void add_port_metrics(MetricsText& text, const ApiContext& context) {
  const std::vector<Row> rows = rows_of(context);
  add_info(text, rows);
  for (const Counted& metric : counted) {
    text.family(metric.name, Type::counter, metric.help);
    for (const Row& row : rows) text.sample({{"port", row.name}}, row.totals.*metric.value);
  }
  text.family("uswitch_port_missed_packets_total", Type::counter,
              "Frames that the kernel dropped before the switch could read them.");
  for (const Row& row : rows) text.sample({{"port", row.name}}, row.info.missed);
  add_port_drops(text, rows);
  add_drops(text, rows);
}

}  // namespace uswitch
