// Readers of the suppression table see a station of the address they asked for, or none, whatever
// is written meanwhile.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tunnel/suppression.h"

namespace uswitch {
namespace {

// Every address belongs to stations whose MAC says so.
IpAddress address(unsigned n) {
  return IpAddress::from_v4(0x0a000000 + n);
}
MacAddress mac_of(unsigned n, unsigned variant) {
  return MacAddress::from_u64(0x020000000000 | uint64_t{n} << 8 | variant);
}

TEST(SuppressionThreads, WhatIsFoundBelongsTogether) {
  constexpr unsigned addresses = 64, rounds = 20'000;
  constexpr Time now{std::chrono::hours(1)};
  Suppression s(16, HashKey::random());
  std::atomic<bool> stop{false};
  std::atomic<unsigned> found{0};
  std::vector<std::thread> threads;
  for (unsigned writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      for (unsigned i = 0; i < rounds; ++i) {
        const unsigned n = (i * 7 + writer) % addresses;
        if (i % 5 == 4)
          s.forget(1, address(n));
        else
          s.learn(1, address(n), {mac_of(n, i & 0xff), n % 2 == 1}, now + std::chrono::seconds(i));
      }
      stop = true;
    });
  }
  threads.emplace_back([&] {
    for (unsigned i = 0; !stop || i < rounds; ++i) {
      const unsigned n = i % addresses;
      const auto station = s.find(1, address(n), now, Duration::max());
      if (!station) continue;
      ++found;
      ASSERT_EQ(station->mac.to_u64() >> 8, mac_of(n, 0).to_u64() >> 8);
      ASSERT_EQ(station->router, n % 2 == 1);
    }
  });
  for (std::thread& t : threads) t.join();
  EXPECT_GT(found, 0u);
}

}  // namespace
}  // namespace uswitch
