#include "control/drop_rates.h"

namespace uswitch {

namespace {

void add(const std::shared_ptr<PortStats>& stats, std::array<uint64_t, reason_count>& totals) {
  if (!stats) return;
  for (const PortCounters& worker : stats->of_worker) {
    for (size_t reason = 0; reason < reason_count; ++reason) {
      totals[reason] += worker.drops[reason].get();
    }
  }
}

}  // namespace

DropRates::Totals DropRates::totals_of(const Tables& tables) {
  Totals totals{};
  for (const PortEntry& entry : tables.ports) add(entry.stats, totals);
  add(tables.router_stats, totals);
  return totals;
}

// A port that was taken out took its drops with it: that is no rate below zero.
void DropRates::sample(const Tables& tables, Time now) {
  const Totals totals = totals_of(tables);
  const double seconds = std::chrono::duration<double>(now - at_).count();
  for (size_t reason = 0; sampled_ && seconds > 0 && reason < reason_count; ++reason) {
    const uint64_t more = totals[reason] > last_[reason] ? totals[reason] - last_[reason] : 0;
    rates_[reason] = static_cast<double>(more) / seconds;
  }
  last_ = totals;
  at_ = now;
  sampled_ = true;
}

}  // namespace uswitch
