#include "core/keyed_hash.h"

#include <gtest/gtest.h>

#include <vector>

#include "wire/address.h"

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
      const IpAddress from = IpAddress::from_v4(0x5db80000 + n / 60000);
      const IpAddress to = IpAddress::from_v4(0x0a000001);
      const uint64_t ports = uint64_t{17} << 32 | uint64_t{2000 + n % 60000} << 16 | 443;
      const uint64_t h =
          hash(first_half(from), second_half(from), first_half(to), second_half(to), ports);
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
  for (uint64_t n = 0; n < 1000; ++n) same += a(n, 0, 0) % 4096 == b(n, 0, 0) % 4096;
  EXPECT_LT(same, 10u);
}

}  // namespace
}  // namespace uswitch
