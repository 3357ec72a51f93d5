// How long an idle worker keeps looking before it sleeps. Kind "mine".
//
// Waking a sleeping thread costs tens of microseconds, so under traffic that answers within that
// time looking a little longer is cheaper than sleeping. Whether traffic is of that kind is learned
// from the sleeps: one that ended at once should have been a look, a long one should have begun
// earlier. An idle worker thus always ends up asleep at once. While it looks it yields, so it never
// holds a CPU that a runnable thread on it could use.
#pragma once
#include <algorithm>

#include "core/time.h"

namespace uswitch {

class SpinGovernor {
 public:
  static constexpr Duration longest = std::chrono::microseconds(50);

  // How long to look before sleeping this time.
  Duration window() const { return window_; }

  // A sleep lasted this long.
  void slept(Duration length) {
    window_ = length < longest ? longest : window_ / 2;
    if (window_ < std::chrono::microseconds(2)) window_ = Duration::zero();
  }

 private:
  Duration window_ = Duration::zero();
};

}  // namespace uswitch
