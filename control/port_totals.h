// The counters of one port added up over the workers. Control thread; any time.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/tables.h"

namespace uswitch {

struct PortTotals {
  uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0, copies = 0, drops = 0;
  uint64_t moves = 0, not_learned = 0;

  void operator+=(const PortTotals& other) {
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

PortTotals totals_of(const PortStats& stats);
uint64_t drops_of(const PortStats& stats, size_t reason);

// The counters of ports that were configured once, and are no longer: of those whose id nobody has
// yet, and `forgotten` (or null) of all others.
std::vector<const PortStats*> removed_stats(const Tables& tables, const PortStats* forgotten);

}  // namespace uswitch
