// Random changes and look-ups on the Fib and on a plain list of routes.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "router/fib.h"

namespace uswitch {
namespace {

class Model {
 public:
  Fib::Insert insert(const IpPrefix& prefix, uint32_t next_hop) {
    const bool added = routes_.insert_or_assign(prefix, next_hop).second;
    return added ? Fib::Insert::added : Fib::Insert::replaced;
  }
  bool remove(const IpPrefix& prefix) { return routes_.erase(prefix) > 0; }
  uint32_t lookup(const IpAddress& destination) const {
    int longest = -1;
    uint32_t found = Fib::no_route;
    for (const auto& [prefix, next_hop] : routes_) {
      if (int{prefix.length} <= longest || !prefix.contains(destination)) continue;
      longest = prefix.length;
      found = next_hop;
    }
    return found;
  }
  const std::map<IpPrefix, uint32_t>& routes() const { return routes_; }

 private:
  std::map<IpPrefix, uint32_t> routes_;
};

// Addresses that differ from each other in few bits, mostly at the bounds of bytes, so that the
// prefixes made of them cover each other at all depths.
class Random {
 public:
  Random(Family family, uint64_t seed) : family_(family), bits_(seed) {}

  uint64_t below(uint64_t n) { return bits_() % n; }
  IpAddress address() {
    IpAddress a = family_ == Family::v4 ? IpAddress::from_v4(0x0a40ff00)
                                        : *IpAddress::parse("2001:db8:0:ff00:8000::ff01");
    for (uint64_t flips = below(4); flips > 0; --flips) flip(a, below(width()));
    return a;
  }
  IpPrefix prefix() {
    static constexpr uint8_t bounds[] = {0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32};
    const uint64_t quarter = below(width() / 32) * 32;
    const uint64_t length =
        below(2) ? quarter + bounds[below(std::size(bounds))] : below(width() + 1);
    const IpPrefix p{address(), static_cast<uint8_t>(length)};
    return {p.network(), p.length};
  }

 private:
  unsigned width() const { return family_ == Family::v4 ? 32 : 128; }
  void flip(IpAddress& a, uint64_t bit) {
    const size_t from = 128 - width() + bit;
    a.bytes[from / 8] ^= static_cast<uint8_t>(0x80 >> from % 8);
  }
  Family family_;
  std::mt19937_64 bits_;
};

// By both kinds of look-up, which must agree.
uint32_t lookup(const Fib& fib, const IpAddress& destination) {
  const uint8_t* wire = destination.wire();
  uint32_t bulk = 0;
  (destination.is_v4() ? fib.v4() : fib.v6()).lookup(&wire, 1, &bulk);
  EXPECT_EQ(bulk, fib.lookup(destination)) << destination.to_string();
  return bulk;
}

void expect_same_routes(const Fib& fib, const Model& model) {
  std::map<IpPrefix, uint32_t> listed;
  fib.for_each([&](const IpPrefix& p, uint32_t next_hop) {
    EXPECT_TRUE(listed.emplace(p, next_hop).second) << p.to_string();
  });
  EXPECT_EQ(listed, model.routes());
  EXPECT_EQ(fib.size(), model.routes().size());
}

void expect_like_model(Family family, uint64_t seed, size_t steps, uint64_t target) {
  Fib fib;
  Model model;
  Random random(family, seed);
  for (size_t step = 0; step < steps; ++step) {
    const IpPrefix p = random.prefix();
    if (random.below(2 * target) >= model.routes().size()) {
      const auto next_hop = static_cast<uint32_t>(random.below(5));
      ASSERT_EQ(fib.insert(p, next_hop), model.insert(p, next_hop)) << p.to_string();
    } else {
      auto victim = model.routes().lower_bound(p);
      const IpPrefix q = victim == model.routes().end() || random.below(8) == 0 ? p : victim->first;
      ASSERT_EQ(fib.remove(q), model.remove(q)) << q.to_string();
    }
    for (const IpAddress& a : {p.network(), p.broadcast(), random.address()}) {
      ASSERT_EQ(lookup(fib, a), model.lookup(a)) << a.to_string() << " after step " << step;
    }
  }
  expect_same_routes(fib, model);
  const std::map<IpPrefix, uint32_t> left = model.routes();
  for (const auto& [prefix, next_hop] : left) {
    ASSERT_TRUE(fib.remove(prefix));
    ASSERT_TRUE(model.remove(prefix));
    const IpAddress a = random.address();
    ASSERT_EQ(lookup(fib, a), model.lookup(a));
  }
  EXPECT_EQ(fib.size(), 0u);
}

TEST(FibModel, R4_5_RandomChangesOfIpv4) {
  for (uint64_t seed = 1; seed <= 6; ++seed) expect_like_model(Family::v4, seed, 4000, 20u << seed);
}

TEST(FibModel, R4_5_RandomChangesOfIpv6) {
  for (uint64_t seed = 1; seed <= 6; ++seed) expect_like_model(Family::v6, seed, 4000, 20u << seed);
}

// Whole sub-tries under a short route, all values of a byte: nodes of every size.
TEST(FibModel, R4_5_FullNodesAreEmptiedExactly) {
  Fib fib;
  for (unsigned length = 17; length <= 32; ++length) {
    const uint32_t step = 1u << (32 - length);
    const uint32_t count = 1u << (length > 24 ? length - 24 : length - 16);
    for (uint32_t i = 0; i < count; ++i) {
      fib.insert({IpAddress::from_v4(0x0a000000 + i * step), static_cast<uint8_t>(length)}, length);
    }
  }
  EXPECT_EQ(fib.size(), 2 * 510u);
  for (unsigned length = 32; length >= 17; --length) {
    EXPECT_EQ(fib.lookup(IpAddress::from_v4(0x0a0000ff)), length);
    const uint32_t step = 1u << (32 - length);
    const uint32_t count = 1u << (length > 24 ? length - 24 : length - 16);
    for (uint32_t i = 0; i < count; ++i) {
      EXPECT_TRUE(
          fib.remove({IpAddress::from_v4(0x0a000000 + i * step), static_cast<uint8_t>(length)}));
    }
  }
  EXPECT_EQ(fib.size(), 0u);
  EXPECT_EQ(fib.lookup(IpAddress::from_v4(0x0a0000ff)), Fib::no_route);
}

// So many /16s have routes that the shortcut shows all of their region, the others' covers too.
TEST(FibModel, R4_5_CoversHoldInACrowdedRegion) {
  constexpr uint32_t sixteens = 1024;
  const auto high = [](uint32_t i) { return IpAddress::from_v4((0x4000 + 2 * i) << 16); };
  const IpAddress without = IpAddress::from_v4(0x40010203);
  Fib fib;
  fib.insert({high(0), 8}, 8);
  for (uint32_t i = 0; i < sixteens; ++i) fib.insert({high(i), 24}, 24);
  for (const uint32_t hop : {8u, 9u}) {
    fib.insert({high(0), 8}, hop);
    EXPECT_EQ(lookup(fib, without), hop);
    fib.insert({without, 16}, 16);
    EXPECT_EQ(lookup(fib, without), 16u);
    fib.insert({without, 32}, 32);
    EXPECT_EQ(lookup(fib, without), 32u);
    EXPECT_TRUE(fib.remove({without, 16}));
    EXPECT_EQ(lookup(fib, without), 32u);
    EXPECT_TRUE(fib.remove({without, 32}));
    EXPECT_EQ(lookup(fib, without), hop);
    EXPECT_EQ(lookup(fib, high(100)), 24u);
    EXPECT_EQ(lookup(fib, IpPrefix{high(100), 16}.broadcast()), hop);
  }
  EXPECT_TRUE(fib.remove({high(0), 8}));
  EXPECT_EQ(lookup(fib, without), Fib::no_route);
  fib.insert({high(0), 0}, 1);
  EXPECT_EQ(lookup(fib, without), 1u);
  for (uint32_t i = 0; i < sixteens; ++i) {
    EXPECT_EQ(lookup(fib, high(i)), 24u);
    EXPECT_TRUE(fib.remove({high(i), 24}));
    EXPECT_EQ(lookup(fib, high(i)), 1u);
  }
}

}  // namespace
}  // namespace uswitch
