// A least interval between two of the same kind on one network. Kind "mine".
#pragma once
#include <vector>

#include "core/ids.h"
#include "core/time.h"

namespace uswitch {

class Pace {
 public:
  explicit Pace(Duration interval) : interval_(interval) {}

  // Whether it is time for the next one; then the interval begins anew.
  bool due(NetworkId network, Time now) {
    if (network >= next_.size()) next_.resize(network + 1u, Time::min());
    if (now < next_[network]) return false;
    next_[network] = now + interval_;
    return true;
  }

 private:
  Duration interval_;
  std::vector<Time> next_;  // indexed by network
};

// Two that claim the same address must not talk each other to death: DEFEND_INTERVAL of RFC 5227.
inline constexpr Duration defend_interval = std::chrono::seconds(10);

}  // namespace uswitch
