#include "nat/spread_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace uswitch {
namespace {

TEST(SpreadOrder, EveryElementComesOnceARound) {
  for (const uint32_t n : {1u, 2u, 3u, 16u, 60u, 1000u, 1024u, 65'537u}) {
    const SpreadOrder order(n);
    std::vector<int> seen(n);
    for (uint32_t step = 0, element = order.at(5); step < n; ++step) {
      EXPECT_EQ(element, order.at(5 + step));
      ++seen[element];
      element = order.after(element);
    }
    EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; })) << n;
  }
}

TEST(SpreadOrder, AFewInSuccessionLeaveNoLargeGap) {
  for (const uint32_t n : {1u << 14, 100'000u, 1u << 18, (1u << 24) - 1}) {
    const SpreadOrder order(n);
    for (uint32_t begin = 0; begin < 1000; begin += 7) {
      std::vector<uint32_t> places;
      for (uint32_t step = 0; step < 128; ++step) places.push_back(order.at(begin + step));
      std::sort(places.begin(), places.end());
      uint32_t gap = places.front() + n - places.back();
      for (size_t i = 1; i < places.size(); ++i) gap = std::max(gap, places[i] - places[i - 1]);
      EXPECT_LT(gap, n / 128 * 2) << n;
    }
  }
}

}  // namespace
}  // namespace uswitch
