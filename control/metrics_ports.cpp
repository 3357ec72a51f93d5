// The metrics of ports, and of what was dropped.
#include <vector>

#include "control/metrics.h"
#include "control/port_totals.h"
#include "control/views.h"

namespace uswitch {

namespace {

using Type = MetricsText::Type;

// A port as it is shown, or the router, which is one in the books: with it the counters add up.
struct Row {
  std::string_view name;
  PortInfo info;
  std::string_view network;  // of untagged frames
  bool up;
  const PortStats* stats;
  PortTotals totals;
};

Row row_of(const ApiContext& context, PortId id) {
  const Tables& tables = context.engine.tables();
  const PortEntry& entry = tables.ports[id];
  const NetworkId network = tables.settings[id].network;
  Row row{entry.name, {}, {}, entry.port && entry.port->alive(), entry.stats.get(), {}};
  if (id < context.ports.size()) row.info = context.ports[id];
  if (network < tables.networks.size()) row.network = tables.networks[network].name;
  if (row.stats) row.totals = totals_of(*row.stats);
  return row;
}

std::vector<Row> rows_of(const ApiContext& context) {
  const Tables& tables = context.engine.tables();
  std::vector<Row> rows;
  for (size_t id = 0; id < tables.ports.size(); ++id) {
    if (!tables.ports[id].name.empty()) rows.push_back(row_of(context, static_cast<PortId>(id)));
  }
  if (tables.routing.routes && tables.router_stats) {
    const PortStats& stats = *tables.router_stats;
    rows.push_back({router_row, {}, {}, true, &stats, totals_of(stats)});
    rows.back().info.type = "router";
  }
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

void add_info(MetricsText& text, const std::vector<Row>& rows) {
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
    for (size_t reason = 1; row.stats && reason < reason_count; ++reason) {
      const uint64_t packets = drops_of(*row.stats, reason);
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
    for (const Row& row : rows) packets += row.stats ? drops_of(*row.stats, reason) : 0;
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
