#include "router/route_table.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace uswitch {
namespace {

using Change = RouteTable::Change;

IpPrefix prefix(const std::string& text) {
  return IpPrefix::parse(text).value();
}
IpAddress address(const std::string& text) {
  return IpAddress::parse(text).value();
}

RouteTarget via(const std::string& gateway) {
  RouteTarget target{RouteKind::forward, RouteOrigin::configured, 1, {}};
  target.hops[0] = {1, false, address(gateway)};
  return target;
}
// One of many that differ.
RouteTarget numbered(uint32_t n) {
  RouteTarget target{RouteKind::forward, RouteOrigin::configured, 1, {}};
  target.hops[0] = {1, false, IpAddress::from_v4(n)};
  return target;
}
IpPrefix host(uint32_t n) {
  return {IpAddress::from_v4(0x0a000000 + n), 32};
}

TEST(RouteTable, R4_5_HostRouteBeatsNetworkBeatsDefault) {
  RouteTable table;
  EXPECT_EQ(table.lookup(address("10.0.0.7")), nullptr);
  EXPECT_EQ(table.set(prefix("0.0.0.0/0"), via("192.0.2.1")), Change::added);
  EXPECT_EQ(table.set(prefix("10.0.0.0/24"), via("192.0.2.2")), Change::added);
  EXPECT_EQ(table.set(prefix("10.0.0.7/32"), via("192.0.2.3")), Change::added);
  EXPECT_EQ(*table.lookup(address("10.0.0.7")), via("192.0.2.3"));
  EXPECT_EQ(*table.lookup(address("10.0.0.8")), via("192.0.2.2"));
  EXPECT_EQ(*table.lookup(address("10.0.1.7")), via("192.0.2.1"));
  EXPECT_EQ(table.lookup(address("fd00::7")), nullptr);
  EXPECT_TRUE(table.remove(prefix("10.0.0.0/24")));
  EXPECT_EQ(*table.lookup(address("10.0.0.8")), via("192.0.2.1"));
}

TEST(RouteTable, R4_5_SaysWhatBecomesOfEachKindOfRoute) {
  RouteTable table;
  const std::vector<std::pair<std::string, RouteKind>> routes = {
      {"10.0.0.0/24", RouteKind::forward},     {"10.0.0.1/32", RouteKind::local},
      {"10.0.0.255/32", RouteKind::broadcast}, {"10.6.0.0/16", RouteKind::blackhole},
      {"10.7.0.0/16", RouteKind::unreachable}, {"fd07::/16", RouteKind::prohibit}};
  for (const auto& [text, kind] : routes) {
    RouteTarget target{kind, RouteOrigin::connected, 1, {}};
    target.hops[0] = {5, true, {}};
    EXPECT_EQ(table.set(prefix(text), target), Change::added);
  }
  for (const auto& [text, kind] : routes) {
    const RouteTarget* found = table.lookup(prefix(text).address);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->kind, kind);
    EXPECT_EQ(found->origin, RouteOrigin::connected);
    EXPECT_EQ(found->hops[0].network, 5);
    EXPECT_TRUE(found->hops[0].onlink);
  }
}

TEST(RouteTable, SaysWhatASetChanged) {
  RouteTable table;
  for (const std::string text : {"0.0.0.0/0", "10.0.0.0/8", "10.1.2.0/24", "10.1.2.128/25", "::/0",
                                 "2001:db8::/32", "2001:db8::1/128"}) {
    const IpPrefix p = prefix(text);
    EXPECT_FALSE(table.get(p)) << text;
    EXPECT_EQ(table.set(p, via("192.0.2.1")), Change::added) << text;
    EXPECT_EQ(table.set(p, via("192.0.2.1")), Change::unchanged) << text;
    EXPECT_EQ(table.set(p, via("192.0.2.2")), Change::replaced) << text;
    EXPECT_EQ(table.get(p), via("192.0.2.2")) << text;
    EXPECT_EQ(*table.lookup(p.address), via("192.0.2.2")) << text;
  }
  EXPECT_EQ(table.size(), 7u);
}

TEST(RouteTable, GetsAndRemovesOnlyTheVeryRoute) {
  RouteTable table;
  table.set(prefix("10.1.2.0/24"), via("192.0.2.1"));
  table.set(prefix("2001:db8::/32"), via("fd00::1"));
  for (const std::string text :
       {"10.1.2.0/25", "10.1.2.0/23", "10.1.0.0/16", "10.1.2.0/32", "10.1.3.0/24", "0.0.0.0/0",
        "2001:db8::/31", "2001:db8::/33", "2001:db9::/32", "2001:db8::/128", "::/0"}) {
    EXPECT_FALSE(table.get(prefix(text))) << text;
    EXPECT_FALSE(table.remove(prefix(text))) << text;
  }
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(table.get(prefix("10.1.2.9/24")), via("192.0.2.1"));  // whatever its host bits
  EXPECT_TRUE(table.remove(prefix("10.1.2.9/24")));
  EXPECT_TRUE(table.remove(prefix("2001:db8::1/32")));
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.targets().size(), 0u);
}

TEST(RouteTable, EqualTargetsAreOne) {
  RouteTable table;
  for (uint32_t i = 0; i < 1000; ++i) table.set(host(i), numbered(i % 3));
  EXPECT_EQ(table.targets().size(), 3u);
  EXPECT_EQ(table.lookup(host(0).address), table.lookup(host(3).address));
  EXPECT_NE(table.lookup(host(0).address), table.lookup(host(1).address));
  for (uint32_t i = 0; i < 1000; i += 3) EXPECT_TRUE(table.remove(host(i)));
  EXPECT_EQ(table.targets().size(), 2u);
  EXPECT_EQ(*table.lookup(host(4).address), numbered(1));
}

TEST(RouteTable, ListsAllRoutes) {
  RouteTable table;
  const std::vector<std::string> sorted = {"0.0.0.0/0",  "10.0.0.0/8",    "10.0.0.0/24",
                                           "11.0.0.0/8", "2001:db8::/32", "2001:db8::1/128"};
  for (size_t i = sorted.size(); i-- > 0;) {
    table.set(prefix(sorted[i]), numbered(static_cast<uint32_t>(i)));
  }
  std::vector<std::string> listed;
  table.for_each([&](const IpPrefix& p, const RouteTarget& target) {
    EXPECT_EQ(target, numbered(static_cast<uint32_t>(listed.size())));
    listed.push_back(p.to_string());
  });
  EXPECT_EQ(listed, sorted);
}

TEST(RouteTable, BulkFindsWhatSingleLookUpsFind) {
  RouteTable table;
  table.set(prefix("10.0.0.0/24"), via("192.0.2.1"));
  table.set(prefix("10.0.0.77/32"), via("192.0.2.2"));
  table.set(prefix("2001:db8::/120"), via("fd00::1"));
  table.set(prefix("2001:db8::4d/128"), via("fd00::2"));
  std::vector<IpAddress> v4, v6;
  for (uint32_t i = 0; i < 200; ++i) {
    v4.push_back(IpAddress::from_v4(0x0a000000 + i * 7 % 512));
    v6.push_back(address("2001:db8::"));
    v6.back().bytes[15] = static_cast<uint8_t>(i);
    v6.back().bytes[14] = i % 3 == 0;
  }
  const auto expect_same = [&](const std::vector<IpAddress>& all, auto lookup) {
    std::vector<const uint8_t*> wires;
    for (const IpAddress& a : all) wires.push_back(a.wire());
    const RouteTarget untouched;
    for (size_t count : {size_t{0}, size_t{1}, size_t{64}, size_t{65}, all.size()}) {
      std::vector<const RouteTarget*> found(count + 1, &untouched);
      (table.*lookup)(wires.data(), count, found.data());
      for (size_t i = 0; i < count; ++i) EXPECT_EQ(found[i], table.lookup(all[i]));
      EXPECT_EQ(found[count], &untouched);
    }
  };
  expect_same(v4, &RouteTable::lookup4);
  expect_same(v6, &RouteTable::lookup6);
}

// Also while nobody reads: then a grace period is over at once.
TEST(RouteTable, ReusesSlots) {
  RouteTable table;
  for (uint32_t i = 0; i < 100'000; ++i) {
    EXPECT_NE(table.set(host(i % 10), numbered(i)), Change::full);
    EXPECT_EQ(*table.lookup(host(i % 10).address), numbered(i));
  }
  EXPECT_EQ(table.targets().size(), 10u);
  EXPECT_LT(table.targets().slots(), 1000u);
}

TEST(RouteTable, RefusesMoreTargetsThanItHasRoomFor) {
  RouteTable table(Fib::default_max_bytes, 100);
  for (uint32_t i = 0; i < 100; ++i) EXPECT_EQ(table.set(host(i), numbered(i)), Change::added);
  EXPECT_EQ(table.set(host(100), numbered(100)), Change::full);
  EXPECT_EQ(table.set(host(99), numbered(100)), Change::full);
  EXPECT_EQ(table.set(host(100), numbered(99)), Change::added);  // no new target
  EXPECT_EQ(table.get(host(99)), numbered(99));
  EXPECT_EQ(table.size(), 101u);

  EXPECT_TRUE(table.remove(host(0)));
  EXPECT_EQ(table.set(host(0), numbered(100)), Change::added);
  EXPECT_EQ(*table.lookup(host(0).address), numbered(100));
}

TEST(RouteTable, HoldsAsManyTargetsAsItSays) {
  RouteTable table;
  for (uint32_t i = 0; i < RouteTable::max_targets; ++i) {
    ASSERT_EQ(table.set(host(i), numbered(i)), Change::added);
  }
  EXPECT_EQ(table.set(host(RouteTable::max_targets), numbered(RouteTable::max_targets)),
            Change::full);
  for (uint32_t i = 0; i < RouteTable::max_targets; ++i) {
    ASSERT_EQ(*table.lookup(host(i).address), numbered(i));
  }
}

// What a refused route would have led to is not kept.
TEST(RouteTable, RefusesRoutesWhenTheFibIsFull) {
  RouteTable table(64 << 10);
  const auto scattered = [](uint32_t i) { return IpPrefix{IpAddress::from_v4(i << 12 | 1), 32}; };
  uint32_t held = 0;
  while (table.set(scattered(held), numbered(held)) == Change::added) ++held;
  EXPECT_EQ(table.set(scattered(held), numbered(held)), Change::full);
  EXPECT_EQ(table.size(), held);
  EXPECT_EQ(table.targets().size(), held);
  EXPECT_EQ(table.lookup(scattered(held).address), nullptr);
  for (uint32_t i = 0; i < held; ++i) EXPECT_TRUE(table.remove(scattered(i)));
  EXPECT_EQ(table.targets().size(), 0u);
}

}  // namespace
}  // namespace uswitch
