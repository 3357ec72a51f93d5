#include "router/fib.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace uswitch {
namespace {

using Insert = Fib::Insert;

IpPrefix prefix(std::string_view text) {
  return IpPrefix::parse(text).value();
}
IpAddress address(std::string_view text) {
  return IpAddress::parse(text).value();
}

uint32_t lookup(const Fib& fib, std::string_view destination) {
  return fib.lookup(address(destination));
}

TEST(Fib, R4_5_NoRouteInAnEmptyTable) {
  const Fib fib;
  EXPECT_EQ(lookup(fib, "10.0.0.1"), Fib::no_route);
  EXPECT_EQ(lookup(fib, "0.0.0.0"), Fib::no_route);
  EXPECT_EQ(lookup(fib, "255.255.255.255"), Fib::no_route);
  EXPECT_EQ(lookup(fib, "2001:db8::1"), Fib::no_route);
  EXPECT_EQ(fib.size(), 0u);
}

TEST(Fib, R4_5_HostRouteBeatsNetworkBeatsDefault) {
  Fib fib;
  fib.insert(prefix("10.0.0.7/32"), 32);
  fib.insert(prefix("10.0.0.0/24"), 24);
  fib.insert(prefix("0.0.0.0/0"), 0);
  EXPECT_EQ(lookup(fib, "10.0.0.7"), 32u);
  EXPECT_EQ(lookup(fib, "10.0.0.6"), 24u);
  EXPECT_EQ(lookup(fib, "10.0.0.8"), 24u);
  EXPECT_EQ(lookup(fib, "10.0.1.7"), 0u);
  EXPECT_EQ(lookup(fib, "255.255.255.255"), 0u);
}

TEST(Fib, R4_5_OrderOfInsertionIsOfNoAccount) {
  const std::vector<std::pair<const char*, uint32_t>> routes = {{"0.0.0.0/0", 1},
                                                                {"10.0.0.0/8", 2},
                                                                {"10.1.0.0/16", 3},
                                                                {"10.1.2.0/24", 4},
                                                                {"10.1.2.3/32", 5}};
  for (size_t first = 0; first < routes.size(); ++first) {
    Fib fib;
    for (size_t i = 0; i < routes.size(); ++i) {
      const auto& [text, hop] = routes[(first + i * 2) % routes.size()];
      fib.insert(prefix(text), hop);
    }
    EXPECT_EQ(fib.size(), 5u);
    EXPECT_EQ(lookup(fib, "9.255.255.255"), 1u);
    EXPECT_EQ(lookup(fib, "10.2.0.0"), 2u);
    EXPECT_EQ(lookup(fib, "10.1.3.0"), 3u);
    EXPECT_EQ(lookup(fib, "10.1.2.4"), 4u);
    EXPECT_EQ(lookup(fib, "10.1.2.3"), 5u);
  }
}

TEST(Fib, R4_5_RemovalShowsTheCoveringRouteAgain) {
  Fib fib;
  const std::vector<const char*> nested = {
      "0.0.0.0/0",   "10.0.0.0/7",  "10.0.0.0/8",  "10.1.0.0/15", "10.1.0.0/16", "10.1.0.0/17",
      "10.1.0.0/19", "10.1.0.0/24", "10.1.0.0/25", "10.1.0.0/31", "10.1.0.0/32"};
  for (uint32_t i = 0; i < nested.size(); ++i) fib.insert(prefix(nested[i]), i);
  for (size_t i = nested.size(); i-- > 0;) {
    EXPECT_EQ(lookup(fib, "10.1.0.0"), i);
    EXPECT_TRUE(fib.remove(prefix(nested[i])));
  }
  EXPECT_EQ(lookup(fib, "10.1.0.0"), Fib::no_route);
  EXPECT_EQ(fib.size(), 0u);
}

TEST(Fib, R4_5_RemovalOfTheCoverLeavesWhatItCovered) {
  Fib fib;
  fib.insert(prefix("10.0.0.0/8"), 8);
  fib.insert(prefix("10.1.0.0/20"), 20);
  fib.insert(prefix("10.1.0.0/28"), 28);
  EXPECT_TRUE(fib.remove(prefix("10.1.0.0/20")));
  EXPECT_EQ(lookup(fib, "10.1.0.1"), 28u);
  EXPECT_EQ(lookup(fib, "10.1.0.16"), 8u);
  EXPECT_TRUE(fib.remove(prefix("10.0.0.0/8")));
  EXPECT_EQ(lookup(fib, "10.1.0.1"), 28u);
  EXPECT_EQ(lookup(fib, "10.1.0.16"), Fib::no_route);
}

// A route hidden by two halves shows again when they go.
TEST(Fib, R4_5_HiddenRouteIsNotForgotten) {
  Fib fib;
  for (const char* base : {"20.0.0.0", "20.0.8.0", "2001:db8::"}) {
    const IpAddress a = address(base);
    const uint8_t length = a.is_v4() ? 21 : 45;
    const IpPrefix whole{a, length}, low{a, static_cast<uint8_t>(length + 1)};
    IpPrefix high = low;
    high.address = IpPrefix{whole.broadcast(), low.length}.network();
    fib.insert(low, 1);
    fib.insert(high, 2);
    fib.insert(whole, 3);
    EXPECT_EQ(fib.lookup(low.network()), 1u);
    EXPECT_EQ(fib.lookup(whole.broadcast()), 2u);
    EXPECT_TRUE(fib.remove(low));
    EXPECT_TRUE(fib.remove(high));
    EXPECT_EQ(fib.lookup(low.network()), 3u);
    EXPECT_EQ(fib.lookup(whole.broadcast()), 3u);
  }
}

TEST(Fib, R4_5_DefaultRouteAlone) {
  Fib fib;
  EXPECT_EQ(fib.insert(prefix("0.0.0.0/0"), 9), Insert::added);
  EXPECT_EQ(lookup(fib, "203.0.113.1"), 9u);
  EXPECT_EQ(lookup(fib, "2001:db8::1"), Fib::no_route);
  EXPECT_EQ(fib.insert(prefix("::/0"), 8), Insert::added);
  EXPECT_EQ(lookup(fib, "2001:db8::1"), 8u);
  EXPECT_EQ(lookup(fib, "203.0.113.1"), 9u);
  EXPECT_TRUE(fib.remove(prefix("0.0.0.0/0")));
  EXPECT_EQ(lookup(fib, "203.0.113.1"), Fib::no_route);
}

// A route of every length: the first and the last address in it, and both neighbours.
void expect_exact_bounds(Fib& fib, const IpAddress& inside, unsigned bits) {
  for (unsigned length = 1; length <= bits; ++length) {
    const IpPrefix p{inside, static_cast<uint8_t>(length)};
    ASSERT_EQ(fib.insert(p, length), Insert::added);
    const auto neighbour = [&](IpAddress a, int step) {
      for (size_t i = 16; i-- > 16 - bits / 8;) {
        a.bytes[i] = static_cast<uint8_t>(a.bytes[i] + step);
        if (a.bytes[i] != (step > 0 ? 0 : 0xff)) break;
      }
      return a;
    };
    EXPECT_EQ(fib.lookup(p.network()), length);
    EXPECT_EQ(fib.lookup(p.broadcast()), length);
    EXPECT_EQ(fib.lookup(inside), length);
    EXPECT_EQ(fib.lookup(neighbour(p.network(), -1)), Fib::no_route) << p.to_string();
    EXPECT_EQ(fib.lookup(neighbour(p.broadcast(), 1)), Fib::no_route) << p.to_string();
    ASSERT_TRUE(fib.remove(p));
    EXPECT_EQ(fib.lookup(inside), Fib::no_route);
  }
}

TEST(Fib, R4_5_EveryLengthCoversExactlyItsAddresses) {
  Fib fib;
  expect_exact_bounds(fib, address("170.85.170.85"), 32);
  expect_exact_bounds(fib, address("85.170.85.170"), 32);
  expect_exact_bounds(fib, address("a5a5:5a5a:a5a5:5a5a:a5a5:5a5a:a5a5:5a5a"), 128);
  expect_exact_bounds(fib, address("5a5a:a5a5:5a5a:a5a5:5a5a:a5a5:5a5a:a5a5"), 128);
}

TEST(Fib, R4_5_SameRouteAgainTakesTheNewNextHop) {
  Fib fib;
  for (const char* text : {"0.0.0.0/0", "10.0.0.0/8", "10.1.2.0/24", "10.1.2.3/32", "::/0",
                           "2001:db8::/32", "2001:db8::1/128"}) {
    const IpPrefix p = prefix(text);
    EXPECT_EQ(fib.insert(p, 1), Insert::added);
    EXPECT_EQ(fib.insert(p, 2), Insert::replaced);
    EXPECT_EQ(fib.lookup(p.network()), 2u);
    EXPECT_EQ(fib.size(), 1u);
    EXPECT_TRUE(fib.remove(p));
    EXPECT_FALSE(fib.remove(p));
    EXPECT_EQ(fib.lookup(p.network()), Fib::no_route);
  }
}

TEST(Fib, RemovesOnlyTheVeryRoute) {
  Fib fib;
  fib.insert(prefix("10.1.2.0/24"), 1);
  EXPECT_FALSE(fib.remove(prefix("10.1.2.0/25")));
  EXPECT_FALSE(fib.remove(prefix("10.1.2.0/23")));
  EXPECT_FALSE(fib.remove(prefix("10.1.0.0/16")));
  EXPECT_FALSE(fib.remove(prefix("10.1.2.0/32")));
  EXPECT_FALSE(fib.remove(prefix("10.1.3.0/24")));
  EXPECT_FALSE(fib.remove(prefix("0.0.0.0/0")));
  EXPECT_EQ(lookup(fib, "10.1.2.3"), 1u);
}

TEST(Fib, HostBitsOfAPrefixAreOfNoAccount) {
  Fib fib;
  EXPECT_EQ(fib.insert(prefix("10.1.2.3/20"), 1), Insert::added);
  EXPECT_EQ(fib.insert(prefix("10.1.15.255/20"), 2), Insert::replaced);
  EXPECT_EQ(lookup(fib, "10.1.0.0"), 2u);
  EXPECT_TRUE(fib.remove(prefix("10.1.9.9/20")));
}

TEST(Fib, TakesNextHopsUpToTheLargest) {
  Fib fib;
  fib.insert(prefix("10.0.0.0/8"), Fib::max_next_hop);
  fib.insert(prefix("10.0.0.0/24"), 0);
  fib.insert(prefix("10.0.0.0/32"), Fib::max_next_hop);
  EXPECT_EQ(lookup(fib, "10.9.9.9"), Fib::max_next_hop);
  EXPECT_EQ(lookup(fib, "10.0.0.9"), 0u);
  EXPECT_EQ(lookup(fib, "10.0.0.0"), Fib::max_next_hop);
}

TEST(Fib, ListsInOrderOfAddressesCoversFirst) {
  const std::vector<std::string> sorted = {
      "0.0.0.0/0",   "0.0.0.0/16",    "9.0.0.0/8",     "10.0.0.0/8",      "10.0.0.0/24",
      "10.0.0.0/32", "10.0.0.128/25", "10.0.1.0/24",   "10.128.0.0/9",    "255.255.255.255/32",
      "::/0",        "2001:db8::/32", "2001:db8::/48", "2001:db8::1/128", "2001:db8:1::/48",
      "fe80::/10"};
  Fib fib;
  for (size_t i = sorted.size(); i-- > 0;) fib.insert(prefix(sorted[i]), static_cast<uint32_t>(i));
  std::vector<std::string> listed;
  fib.for_each([&](const IpPrefix& p, uint32_t next_hop) {
    EXPECT_EQ(next_hop, listed.size());
    listed.push_back(p.to_string());
  });
  EXPECT_EQ(listed, sorted);
}

TEST(Fib, BulkFindsWhatSingleLookUpsFind) {
  Fib fib;
  for (const char* text :
       {"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/17", "10.1.0.0/25", "10.1.0.9/32", "10.200.0.9/32",
        "30.0.0.9/32", "2001:db8::/32", "2001:db8::/60", "2001:db8::1/128"}) {
    fib.insert(prefix(text), prefix(text).length);
  }
  std::vector<IpAddress> v4, v6;
  for (uint32_t i = 0; i < 200; ++i) {
    v4.push_back(IpAddress::from_v4(i % 3 ? 0x0a010000 + i % 16 : i << 23));
    v6.push_back(address("2001:db8::"));
    v6.back().bytes[i % 16] ^= static_cast<uint8_t>(i / 16);
  }
  // Beside a host route that nothing longer than 16 bits covers.
  v4.push_back(address("10.200.0.1"));
  v4.push_back(address("30.0.0.1"));
  const auto expect_same = [&](const PrefixTrie& trie, const std::vector<IpAddress>& all) {
    std::vector<const uint8_t*> wires;
    for (const IpAddress& a : all) wires.push_back(a.wire());
    for (size_t count : {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{65}, all.size()}) {
      std::vector<uint32_t> hops(count + 1, 4711);
      trie.lookup(wires.data(), count, hops.data());
      for (size_t i = 0; i < count; ++i) EXPECT_EQ(hops[i], fib.lookup(all[i]));
      EXPECT_EQ(hops[count], 4711u);
    }
  };
  expect_same(fib.v4(), v4);
  expect_same(fib.v6(), v6);
}

TEST(Fib, RefusesWhenFullAndRemovesAllTheSame) {
  Fib fib(64 << 10);
  const auto host = [](uint32_t i) { return IpPrefix{IpAddress::from_v4(i << 12 | 1), 32}; };
  uint32_t held = 0;
  while (fib.insert(host(held), held) == Insert::added) ++held;
  EXPECT_GE(held, 64u);  // 16 KiB of what 64 KiB hold without sharing
  EXPECT_EQ(fib.insert(host(held), 1), Insert::full);
  EXPECT_EQ(fib.lookup(host(held).address), Fib::no_route);
  EXPECT_EQ(fib.size(), held);
  for (uint32_t i = 0; i < held; ++i) {
    EXPECT_EQ(fib.lookup(host(i).address), i);
    EXPECT_TRUE(fib.remove(host(i)));
  }
  for (uint32_t i = 0; i < held; ++i) EXPECT_EQ(fib.insert(host(i), i), Insert::added);
}

}  // namespace
}  // namespace uswitch
