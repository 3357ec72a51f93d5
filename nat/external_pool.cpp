#include "nat/external_pool.h"

#include <algorithm>

#include "core/fold.h"

namespace uswitch {

namespace {

constexpr size_t slots = 4096;  // 16 for each of the most addresses there can be

uint64_t weight(size_t slot, ExternalId id) {
  constexpr uint64_t a = 0x9e3779b97f4a7c15, b = 0xbf58476d1ce4e5b9, c = 0x94d049bb133111eb;
  return fold(fold(slot ^ a, id ^ b), c);
}

}  // namespace

ExternalPool::ExternalPool(const std::vector<ExternalId>& ids) : ids_(ids) {
  if (!has_choice()) {
    slots_ = ids_;
    return;
  }
  for (size_t slot = 0; slot < slots; ++slot) {
    slots_.push_back(
        *std::ranges::max_element(ids_, {}, [&](ExternalId id) { return weight(slot, id); }));
  }
}

}  // namespace uswitch
