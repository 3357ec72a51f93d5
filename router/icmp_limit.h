// How many ICMP errors a worker may send, as Linux limits them (STANDARDS IC-4, I6-2, TR-18). Kind
// "mine": one per worker, so a router of n workers may send n times as many. Nothing is allocated
// after construction: 64 KiB.
//
// Buckets are found by a keyed hash and hold no address. Destinations that meet in one bucket share
// it: that errs to the side of silence, needs no eviction, and nobody can choose to meet a given
// victim. To keep all of them empty would take more errors a second than the global limit lets
// through.
#pragma once
#include <array>
#include <cstddef>
#include <vector>

#include "core/keyed_hash.h"
#include "core/time.h"
#include "router/token_bucket.h"
#include "wire/address.h"

namespace uswitch {

class IcmpLimit {
 public:
  // To one destination: one an interval, and `burst` at once after a rest.
  static constexpr Duration interval4 = std::chrono::milliseconds(1000);
  static constexpr Duration interval6 = std::chrono::milliseconds(100);
  static constexpr int burst = 6;
  // To all of them: 1000 a second, 50 at once.
  static constexpr Duration global_interval = std::chrono::milliseconds(1);
  static constexpr int global_burst = 50;
  static constexpr size_t buckets = 4096;  // of each family

  explicit IcmpLimit(const KeyedHash& hash = KeyedHash());

  // Whether an error may go to `destination` now; if so it is counted. `too_big`: 3/4 and ICMPv6
  // type 2, for which only the global limit holds, since a path MTU that stays unknown is a black
  // hole.
  [[nodiscard]] bool allow(const IpAddress& destination, bool too_big, Time now);

 private:
  KeyedHash hash_;
  TokenBucket global_;
  std::array<std::vector<TokenBucket>, 2> of_destination_;  // by family
};

}  // namespace uswitch
