#include "router/icmp_limit.h"

namespace uswitch {

IcmpLimit::IcmpLimit(const KeyedHash& hash) : hash_(hash) {
  for (auto& family : of_destination_) family.resize(buckets);
}

bool IcmpLimit::allow(const IpAddress& destination, bool too_big, Time now) {
  if (!global_.has_token(global_interval, global_burst, now)) return false;
  if (!too_big) {
    const bool v4 = destination.is_v4();
    const Duration interval = v4 ? interval4 : interval6;
    const uint64_t hash = hash_(first_half(destination), second_half(destination), 0);
    TokenBucket& bucket = of_destination_[v4 ? 0 : 1][hash % buckets];
    if (!bucket.has_token(interval, burst, now)) return false;
    bucket.take(interval, now);
  }
  global_.take(global_interval, now);
  return true;
}

}  // namespace uswitch
