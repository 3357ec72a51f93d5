#include "router/icmp_limit.h"

#include <algorithm>

namespace uswitch {

namespace {

// A token takes `interval` to come back, so `burst` of them are there while the bucket would be
// full within (burst - 1) intervals.
bool has_token(Time full, Duration interval, int burst, Time now) {
  return full <= now + (burst - 1) * interval;
}

void take_token(Time& full, Duration interval, Time now) {
  full = std::max(full, now) + interval;
}

}  // namespace

IcmpLimit::IcmpLimit(const HashKey& key) : key_(key) {
  for (auto& family : of_destination_) family.assign(buckets, Time::min());
}

bool IcmpLimit::allow(const IpAddress& destination, bool too_big, Time now) {
  if (!has_token(global_, global_interval, global_burst, now)) return false;
  if (!too_big) {
    const bool v4 = destination.is_v4();
    const Duration interval = v4 ? interval4 : interval6;
    const uint64_t hash = keyed_hash(key_, {first_half(destination), second_half(destination)});
    Bucket& bucket = of_destination_[v4 ? 0 : 1][hash % buckets];
    if (!has_token(bucket, interval, burst, now)) return false;
    take_token(bucket, interval, now);
  }
  take_token(global_, global_interval, now);
  return true;
}

}  // namespace uswitch
