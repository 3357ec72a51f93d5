// How many packets a second are dropped for each reason: from two samples of the counters. Control
// thread.
#pragma once
#include <array>
#include <cstdint>

#include "core/reason.h"
#include "core/time.h"
#include "engine/tables.h"

namespace uswitch {

class DropRates {
 public:
  // To be called about once a second.
  void sample(const Tables& tables, Time now);
  // Between the last two samples; 0 before there are two.
  double per_second(Reason reason) const { return rates_[static_cast<size_t>(reason)]; }

 private:
  using Totals = std::array<uint64_t, reason_count>;
  static Totals totals_of(const Tables& tables);

  Totals last_{};
  Time at_{};
  bool sampled_ = false;
  std::array<double, reason_count> rates_{};
};

}  // namespace uswitch
