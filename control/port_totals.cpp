#include "control/port_totals.h"

namespace uswitch {

PortTotals totals_of(const PortStats& stats) {
  PortTotals sum;
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

uint64_t drops_of(const PortStats& stats, size_t reason) {
  uint64_t sum = 0;
  for (const PortCounters& worker : stats.of_worker) sum += worker.drops[reason].get();
  return sum;
}

std::vector<const PortStats*> removed_stats(const Tables& tables, const PortStats* forgotten) {
  std::vector<const PortStats*> all;
  if (forgotten) all.push_back(forgotten);
  for (const PortEntry& entry : tables.ports) {
    if (entry.name.empty() && entry.stats) all.push_back(entry.stats.get());
  }
  return all;
}

}  // namespace uswitch
