#include "core/entropy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace uswitch {
namespace {

using Draw = std::array<uint64_t, 3>;

TEST(Entropy, DrawsDiffer) {
  EXPECT_NE(random_value<Draw>(), random_value<Draw>());
}

TEST(Entropy, ASeedMakesOneSequence) {
  std::array<Draw, 2> first, second, other;
  const auto draw = [](uint64_t seed, std::array<Draw, 2>& draws) {
    const RepeatableRandomness seeded(seed);
    for (Draw& d : draws) d = random_value<Draw>();
  };
  draw(1, first);
  draw(1, second);
  draw(2, other);
  EXPECT_EQ(first, second);
  EXPECT_NE(first, other);
  EXPECT_NE(first[0], first[1]);
}

TEST(Entropy, IsTheKernelsAgainAfterwards) {
  const auto seeded = [] {
    const RepeatableRandomness repeatable(7);
    return random_value<Draw>();
  };
  const Draw drawn = seeded();
  EXPECT_NE(random_value<Draw>(), drawn);
  EXPECT_EQ(seeded(), drawn);
}

TEST(Entropy, OddSizesAreFilledWhole) {
  const RepeatableRandomness seeded(1);
  std::array<uint8_t, 64> bytes{};
  random_bytes(bytes.data(), 13);
  EXPECT_EQ(bytes[13], 0);
  EXPECT_NE(std::count(bytes.begin(), bytes.begin() + 13, 0), 13);
}

}  // namespace
}  // namespace uswitch
