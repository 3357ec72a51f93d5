#include "router/route_target.h"

#include <algorithm>

namespace uswitch {
namespace {

constexpr uint64_t flow_step = 0xd6e8feb86659fd93;
constexpr uint64_t weight_key = 0xa0761d6478bd642f;

}  // namespace

size_t RouteTarget::used() const {
  const bool names_network = kind == RouteKind::local || kind == RouteKind::broadcast;
  return std::max<size_t>(count, names_network);
}

bool RouteTarget::operator==(const RouteTarget& other) const {
  return kind == other.kind && origin == other.origin && count == other.count &&
         std::equal(hops.begin(), hops.begin() + used(), other.hops.begin());
}

uint64_t RouteTarget::hash() const {
  uint64_t sum =
      uint64_t{count} << 16 | static_cast<uint64_t>(kind) << 8 | static_cast<uint64_t>(origin);
  for (size_t i = 0; i < used(); ++i) {
    sum = fold(sum ^ hops[i].identity() ^ uint64_t{hops[i].onlink}, weight_key);
  }
  return sum;
}

// The index stands in the weight's low bits, so that the maximum brings it along and nothing
// branches on what flows make random.
size_t RouteTarget::heaviest(uint32_t flow_hash) const {
  const uint64_t flow = flow_hash * flow_step;
  constexpr uint64_t index_mask = max_hops - 1;
  uint64_t most = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t weight = fold(hops[i].identity() ^ flow, weight_key);
    most = std::max(most, (weight & ~index_mask) | i);
  }
  return most & index_mask;
}

}  // namespace uswitch
