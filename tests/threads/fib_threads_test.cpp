// Workers look up while the control thread changes routes all around. Meant for ThreadSanitizer as
// much as for the expectations.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "core/quiescent.h"
#include "router/fib.h"

namespace uswitch {
namespace {

constexpr uint32_t steady = 1'000'000;    // next hops of routes that stay, from here
constexpr uint32_t changing = 2'000'000;  // and of those that come and go

IpPrefix prefix(std::string_view text) {
  return IpPrefix::parse(text).value();
}

// Readers that are quiescent after each of their turns, until the writer is done.
void run(size_t readers, const std::function<void(std::mt19937_64&)>& turn,
         const std::function<void()>& writer) {
  std::atomic<bool> done{false};
  std::atomic<size_t> ready{0};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < readers; ++i) {
    threads.emplace_back([&, i] {
      QuiescentThread self;
      std::mt19937_64 random(i);
      ++ready;
      while (!done) {
        turn(random);
        self.quiescent();
      }
    });
  }
  while (ready < readers) std::this_thread::yield();
  writer();
  done = true;
  for (std::thread& t : threads) t.join();
}

// Routes whose neighbours in the same nodes change all the time: even values of the last byte that
// counts stay, odd ones, shorter ones around and longer ones beside them change.
struct Field {
  std::vector<IpPrefix> stay;
  std::vector<IpPrefix> change;

  explicit Field(const IpAddress& base) {
    const size_t first = base.is_v4() ? 13 : 2;  // byte 1 of an IPv4 address, byte 2 of an IPv6 one
    for (size_t depth = 1; depth <= 3; ++depth) {
      for (unsigned value = 0; value < 64; ++value) {
        IpAddress a = base;
        a.bytes[first + depth - 1] = static_cast<uint8_t>(value * 3);
        const auto length = static_cast<uint8_t>(8 * (depth + (base.is_v4() ? 1 : 2)));
        (value % 2 ? change : stay).push_back({a, length});
        if (value % 2) change.push_back({a, static_cast<uint8_t>(length - 3)});
        a.bytes[first + depth - 1] |= 1;
        if (depth < 3) a.bytes[first + depth] = 0x80;
        if (value % 2) change.push_back({a, static_cast<uint8_t>(std::min(length + 2, 32))});
      }
    }
    change.push_back({base, 0});
    change.push_back({base, 4});
    change.push_back({base, 12});
  }
};

// Each steady route by an address whose longest match it is, whatever changes.
std::vector<std::pair<IpAddress, uint32_t>> expectations(Fib& fib, const Field& field) {
  for (const IpPrefix& p : field.change) fib.insert(p, changing);
  for (size_t i = 0; i < field.stay.size(); ++i) {
    fib.insert(field.stay[i], steady + static_cast<uint32_t>(i));
  }
  std::vector<std::pair<IpAddress, uint32_t>> expected;
  for (const IpPrefix& p : field.stay) {
    for (const IpAddress& a : {p.network(), p.broadcast()}) {
      const uint32_t hop = fib.lookup(a);
      if (hop < changing) expected.emplace_back(a, hop);
    }
  }
  return expected;
}

void expect_steady_routes_hold(const char* base, int changes) {
  Fib fib;
  const Field field(*IpAddress::parse(base));
  const auto expected = expectations(fib, field);
  ASSERT_GT(expected.size(), 90u);
  std::vector<const uint8_t*> wires;
  for (const auto& [a, hop] : expected) wires.push_back(a.wire());
  const PrefixTrie& trie = expected[0].first.is_v4() ? fib.v4() : fib.v6();

  std::atomic<uint64_t> turns{0}, wrong{0};
  const auto turn = [&](std::mt19937_64& random) {
    std::vector<uint32_t> hops(expected.size());
    trie.lookup(wires.data(), wires.size(), hops.data());
    for (size_t i = 0; i < hops.size(); ++i) wrong += hops[i] != expected[i].second;
    for (int i = 0; i < 50; ++i) {
      const auto& [a, hop] = expected[random() % expected.size()];
      wrong += fib.lookup(a) != hop;
    }
    ++turns;
  };
  run(2, turn, [&] {
    std::mt19937_64 random(7);
    for (int i = 0; i < changes || turns < 20; ++i) {
      const IpPrefix& p = field.change[random() % field.change.size()];
      if (random() % 2) {
        ASSERT_NE(fib.insert(p, changing + static_cast<uint32_t>(random() % 9)), Fib::Insert::full);
      } else {
        fib.remove(p);
      }
    }
  });
  EXPECT_EQ(wrong, 0u);
}

TEST(FibThreads, R4_5_UntouchedIpv4RoutesAlwaysHold) {
  expect_steady_routes_hold("10.0.0.0", 30'000);
}
TEST(FibThreads, R4_5_UntouchedIpv6RoutesAlwaysHold) {
  expect_steady_routes_hold("2001:db8::", 30'000);
}

// An address is at any moment with the route or with its cover, never without either.
TEST(FibThreads, R4_5_ChangedRouteOrItsCoverIsAlwaysFound) {
  Fib fib;
  const std::vector<IpPrefix> routes = {prefix("10.1.2.0/24"), prefix("10.1.2.0/27"),
                                        prefix("10.1.2.1/32"), prefix("10.1.0.0/15")};
  const std::vector<IpPrefix> routes6 = {prefix("2001:db8:1::/48"), prefix("2001:db8:1::/51"),
                                         prefix("2001:db8:1::1/128"), prefix("2001:d00::/24")};
  fib.insert(prefix("10.0.0.0/8"), steady);
  fib.insert(prefix("2000::/3"), steady);
  const IpAddress inside = *IpAddress::parse("10.1.2.1");
  const IpAddress inside6 = *IpAddress::parse("2001:db8:1::1");
  std::atomic<uint64_t> turns{0}, missing{0};
  const auto turn = [&](std::mt19937_64&) {
    for (int i = 0; i < 100; ++i) {
      const uint32_t hop = fib.lookup(inside), hop6 = fib.lookup(inside6);
      missing += hop > steady || (hop < steady && hop >= routes.size());
      missing += hop6 > steady || (hop6 < steady && hop6 >= routes6.size());
    }
    ++turns;
  };
  run(2, turn, [&] {
    std::mt19937_64 random(3);
    for (int i = 0; i < 20'000 || turns < 20; ++i) {
      const auto n = static_cast<uint32_t>(random() % routes.size());
      const IpPrefix& p = random() % 2 ? routes[n] : routes6[n];
      random() % 2 ? void(fib.insert(p, n)) : void(fib.remove(p));
    }
  });
  EXPECT_EQ(missing, 0u);
}

}  // namespace
}  // namespace uswitch
