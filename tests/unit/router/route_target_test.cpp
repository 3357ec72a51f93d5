// Which hop a flow takes, and when targets are equal.
#include "router/route_target.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace uswitch {
namespace {

IpAddress address(const std::string& text) {
  return IpAddress::parse(text).value();
}

RouteTarget over(const std::vector<RouteHop>& hops) {
  RouteTarget target{
      RouteKind::forward, RouteOrigin::configured, static_cast<uint8_t>(hops.size()), {}};
  std::copy(hops.begin(), hops.end(), target.hops.begin());
  return target;
}

using MakeHop = std::function<RouteHop(unsigned)>;

// Neighbouring addresses, link-local ones on different networks, networks alone: as different as
// the hops of real groups.
const std::vector<std::pair<std::string, MakeHop>> kinds_of_hops = {
    {"v4",
     [](unsigned i) {
       return RouteHop{1, false, address("10.0.0." + std::to_string(i))};
     }},
    {"v6",
     [](unsigned i) {
       return RouteHop{1, false, address("fd00::" + std::to_string(i))};
     }},
    {"v6 prefixes",
     [](unsigned i) {
       return RouteHop{1, false, address("fd00:" + std::to_string(i) + "::1")};
     }},
    {"networks",
     [](unsigned i) {
       return RouteHop{static_cast<NetworkId>(i), false, address("fe80::1")};
     }},
    {"onlink",
     [](unsigned i) {
       return RouteHop{static_cast<NetworkId>(i), true, {}};
     }},
};

std::vector<RouteHop> hops(const MakeHop& make, unsigned count) {
  std::vector<RouteHop> all;
  for (unsigned i = 1; i <= count; ++i) all.push_back(make(i));
  return all;
}

size_t index(const std::vector<RouteHop>& all, const RouteHop& hop) {
  return static_cast<size_t>(std::find(all.begin(), all.end(), hop) - all.begin());
}

// Of each hop: flows that take it.
std::vector<size_t> shares(const std::vector<RouteHop>& all, uint32_t flows, uint32_t step) {
  const RouteTarget target = over(all);
  std::vector<size_t> counts(all.size());
  for (uint32_t flow = 0; flow < flows; ++flow) ++counts[index(all, target.hop(flow * step))];
  return counts;
}

constexpr uint32_t scattered = 2654435761;

TEST(RouteTarget, EP_1_OneFlowAlwaysOneHop) {
  const RouteTarget target = over(hops(kinds_of_hops[0].second, 16));
  for (uint32_t flow = 0; flow < 100; ++flow) {
    EXPECT_EQ(&target.hop(flow * scattered), &target.hop(flow * scattered));
  }
  const RouteTarget single = over(hops(kinds_of_hops[0].second, 1));
  EXPECT_EQ(&single.hop(1), single.hops.data());
}

TEST(RouteTarget, EP_2_OrderOfHopsIsOfNoAccount) {
  for (const auto& [name, make] : kinds_of_hops) {
    std::vector<RouteHop> all = hops(make, 7);
    const RouteTarget before = over(all);
    std::rotate(all.begin(), all.begin() + 3, all.end());
    std::swap(all[0], all[5]);
    const RouteTarget after = over(all);
    for (uint32_t flow = 0; flow < 1000; ++flow) {
      EXPECT_EQ(before.hop(flow * scattered), after.hop(flow * scattered)) << name;
    }
  }
}

TEST(RouteTarget, EP_2_SpreadsFlowsEvenly) {
  for (const auto& [name, make] : kinds_of_hops) {
    for (unsigned count : {2u, 3u, 4u, 16u}) {
      for (uint32_t step : {1u, scattered}) {
        const uint32_t each = 4000;
        for (size_t n : shares(hops(make, count), each * count, step)) {
          EXPECT_NEAR(static_cast<double>(n), each, each * .07) << name << ' ' << count;
        }
      }
    }
  }
}

// 1000 flows over 4 paths: 250 each, within what chance allows.
TEST(RouteTarget, EP_2_SpreadsAThousandFlowsWithinFifteenPercent) {
  for (const auto& [name, make] : kinds_of_hops) {
    for (size_t n : shares(hops(make, 4), 1000, scattered)) {
      EXPECT_NEAR(static_cast<double>(n), 250, 250 * .15) << name;
    }
  }
}

TEST(RouteTarget, EP_2_OnlyTheFlowsOfARemovedHopMove) {
  for (const auto& [name, make] : kinds_of_hops) {
    const std::vector<RouteHop> four = hops(make, 4);
    for (size_t gone = 0; gone < four.size(); ++gone) {
      std::vector<RouteHop> three = four;
      three.erase(three.begin() + static_cast<long>(gone));
      const RouteTarget before = over(four), after = over(three);
      std::vector<size_t> heirs(3);
      size_t moved = 0;
      for (uint32_t flow = 0; flow < 1000; ++flow) {
        const RouteHop &from = before.hop(flow * scattered), &to = after.hop(flow * scattered);
        if (from == four[gone])
          ++heirs[index(three, to)];
        else
          EXPECT_EQ(from, to) << name;
        moved += !(from == to);
      }
      EXPECT_LT(moved, 300u) << name;
      // Its load is shared by all who stay.
      for (size_t n : heirs) EXPECT_NEAR(static_cast<double>(n), 83, 35) << name;
    }
  }
}

TEST(RouteTarget, EP_2_AnAddedHopTakesItsShareAndNothingElseMoves) {
  for (const auto& [name, make] : kinds_of_hops) {
    const std::vector<RouteHop> five = hops(make, 5);
    const RouteTarget before = over({five.begin(), five.end() - 1}), after = over(five);
    size_t moved = 0;
    for (uint32_t flow = 0; flow < 5000; ++flow) {
      const RouteHop &from = before.hop(flow * scattered), &to = after.hop(flow * scattered);
      if (from == to) continue;
      ++moved;
      EXPECT_EQ(to, five.back()) << name;
    }
    EXPECT_NEAR(static_cast<double>(moved), 1000, 100) << name;
  }
}

TEST(RouteTarget, EqualWhereItMeansTheSame) {
  const RouteTarget base = over(hops(kinds_of_hops[0].second, 3));
  const auto expect_differs = [&](const std::function<void(RouteTarget&)>& change) {
    RouteTarget other = base;
    change(other);
    EXPECT_NE(base, other);
    EXPECT_NE(base.hash(), other.hash());
  };
  const auto expect_same = [&](RouteTarget a, const std::function<void(RouteTarget&)>& change) {
    RouteTarget other = a;
    change(other);
    EXPECT_EQ(a, other);
    EXPECT_EQ(a.hash(), other.hash());
  };
  expect_differs([](RouteTarget& t) { t.kind = RouteKind::prohibit; });
  expect_differs([](RouteTarget& t) { t.origin = RouteOrigin::host; });
  expect_differs([](RouteTarget& t) { t.count = 2; });
  expect_differs([](RouteTarget& t) { t.hops[2].network = 9; });
  expect_differs([](RouteTarget& t) { t.hops[2].onlink = true; });
  expect_differs([](RouteTarget& t) { t.hops[2].gateway = address("10.0.0.9"); });
  expect_same(base, [](RouteTarget& t) { t.hops[3] = t.hops[0]; });

  RouteTarget onlink = base;
  onlink.hops[1].onlink = true;
  expect_same(onlink, [](RouteTarget& t) { t.hops[1].gateway = address("fd00::1"); });
}

// With count 0 or 1 alike.
TEST(RouteTarget, LocalAndBroadcastTellNetworksApart) {
  for (RouteKind kind : {RouteKind::local, RouteKind::broadcast}) {
    RouteTarget one{kind, RouteOrigin::local, 0, {}}, other = one;
    other.hops[0].network = 1;
    EXPECT_NE(one, other);
  }
  RouteTarget one{RouteKind::blackhole, RouteOrigin::configured, 0, {}}, other = one;
  other.hops[0].network = 1;
  EXPECT_EQ(one, other);
}

}  // namespace
}  // namespace uswitch
