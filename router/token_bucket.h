// How often something may happen: once an interval, and `burst` times at once after a rest. A value
// of one time stamp: when it will be full again. Origins of time are of no account: what lies back
// is full.
#pragma once
#include <algorithm>

#include "core/time.h"

namespace uswitch {

class TokenBucket {
 public:
  // A token takes `interval` to come back, so `burst` of them are there while the bucket would be
  // full within (burst - 1) intervals.
  bool has_token(Duration interval, int burst, Time now) const {
    return full_ <= now + (burst - 1) * interval;
  }
  void take(Duration interval, Time now) { full_ = std::max(full_, now) + interval; }

 private:
  Time full_ = Time::min();
};

}  // namespace uswitch
