#include "nat/keyed_hash.h"

#include <gtest/gtest.h>

#include <vector>

#include "nat/tuple.h"

namespace uswitch {
namespace {

// Flows of one external address and few remotes differ in few bits, as an attacker's would: under
// any key they must spread as random numbers do.
TEST(KeyedHash, SpreadsTuplesThatDifferInPortsOnly) {
  constexpr size_t parts = 1024, each = 64;
  for (uint64_t key = 0; key < 50; ++key) {
    KeyedHash::Seed seed;
    uint64_t x = key;
    for (uint64_t& word : seed.words) {
      x = x * 6364136223846793005 + 1442695040888963407;
      word = x ^ x >> 29;
    }
    const KeyedHash hash(seed);
    std::vector<unsigned> high(parts), low(parts);
    for (uint32_t n = 0; n < parts * each; ++n) {
      const TupleWords w =
          pack({IpAddress::from_v4(0x5db80000 + n / 60000), IpAddress::from_v4(0x0a000001), 443,
                static_cast<uint16_t>(2000 + n % 60000), 17});
      const uint64_t h = hash(w[0], w[1], w[2], w[3], w[4]);
      ++high[h >> 54];
      ++low[h % parts];
    }
    for (const auto& counts : {high, low}) {
      double squares = 0;
      for (unsigned c : counts) squares += (c - 64.0) * (c - 64.0) / 64.0;
      // Chi-square with 1023 degrees of freedom: 1023 +- 45 a standard deviation.
      EXPECT_LT(squares, 1300) << key;
    }
  }
}

TEST(KeyedHash, KeysAreIndependent) {
  const KeyedHash a, b;
  unsigned same = 0;
  for (uint64_t n = 0; n < 1000; ++n) same += a(n, 0, 0) % 16 == b(n, 0, 0) % 16;
  EXPECT_LT(same, 150u);
}

}  // namespace
}  // namespace uswitch
