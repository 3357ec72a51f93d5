// Random changes and look-ups on the RouteTable and on a plain map of routes.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "router/route_table.h"

namespace uswitch {
namespace {

using Change = RouteTable::Change;
using Routes = std::map<IpPrefix, RouteTarget>;

class Model {
 public:
  explicit Model(size_t targets) : most_targets_(targets) {}

  Change set(const IpPrefix& prefix, const RouteTarget& target) {
    const auto at = routes_.find(prefix);
    if (at != routes_.end() && at->second == target) return Change::unchanged;
    if (!has(target) && targets() >= most_targets_) return Change::full;
    const bool added = at == routes_.end();
    routes_[prefix] = target;
    return added ? Change::added : Change::replaced;
  }
  bool remove(const IpPrefix& prefix) { return routes_.erase(prefix) > 0; }
  const RouteTarget* lookup(const IpAddress& destination) const {
    int longest = -1;
    const RouteTarget* found = nullptr;
    for (const auto& [prefix, target] : routes_) {
      if (int{prefix.length} <= longest || !prefix.contains(destination)) continue;
      longest = prefix.length;
      found = &target;
    }
    return found;
  }
  size_t targets() const {
    std::set<uint64_t> distinct;
    for (const auto& [prefix, target] : routes_) distinct.insert(target.hash());
    return distinct.size();
  }
  const Routes& routes() const { return routes_; }

 private:
  bool has(const RouteTarget& target) const {
    for (const auto& [prefix, other] : routes_) {
      if (other == target) return true;
    }
    return false;
  }
  size_t most_targets_;
  Routes routes_;
};

class Random {
 public:
  Random(Family family, uint64_t seed) : family_(family), bits_(seed) {}
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(bits_() % n); }

  // Few bits differ, so that prefixes cover each other at all depths.
  IpAddress address() {
    const bool v4 = family_ == Family::v4;
    IpAddress a = v4 ? IpAddress::from_v4(0x0a40ff00) : IpAddress::parse("2001:db8::ff01").value();
    const uint32_t width = v4 ? 32 : 128;
    for (uint32_t flips = below(4); flips > 0; --flips) {
      const uint32_t bit = 128 - width + below(width);
      a.bytes[bit / 8] ^= static_cast<uint8_t>(0x80 >> bit % 8);
    }
    return a;
  }
  IpPrefix prefix() {
    const IpPrefix p{address(), static_cast<uint8_t>(below(family_ == Family::v4 ? 33 : 129))};
    return {p.network(), p.length};
  }
  RouteTarget target(uint32_t distinct) {
    std::mt19937 of_this(below(distinct));
    RouteTarget t{RouteKind::forward, RouteOrigin::configured, 0, {}};
    t.count = static_cast<uint8_t>(1 + of_this() % RouteTarget::max_hops);
    for (size_t i = 0; i < t.count; ++i) {
      t.hops[i] = {static_cast<NetworkId>(of_this()), false, IpAddress::from_v4(of_this())};
    }
    return t;
  }

 private:
  Family family_;
  std::mt19937_64 bits_;
};

void expect_finds(const RouteTable& table, const Model& model, const IpAddress& destination) {
  const RouteTarget *found = table.lookup(destination), *expected = model.lookup(destination);
  ASSERT_EQ(found == nullptr, expected == nullptr) << destination.to_string();
  if (found != nullptr) {
    ASSERT_EQ(*found, *expected) << destination.to_string();
  }

  const uint8_t* wire = destination.wire();
  const RouteTarget* bulk = nullptr;
  destination.is_v4() ? table.lookup4(&wire, 1, &bulk) : table.lookup6(&wire, 1, &bulk);
  ASSERT_EQ(bulk, found) << destination.to_string();
}

void expect_same_routes(const RouteTable& table, const Model& model) {
  Routes listed;
  table.for_each([&](const IpPrefix& p, const RouteTarget& target) {
    EXPECT_TRUE(listed.emplace(p, target).second) << p.to_string();
  });
  EXPECT_EQ(listed, model.routes());
  EXPECT_EQ(table.size(), model.routes().size());
  EXPECT_EQ(table.targets().size(), model.targets());
}

// About `routes` of them over `distinct` targets, `room` of which can be held.
void expect_like_model(Family family, uint32_t routes, uint32_t distinct, size_t room) {
  RouteTable table(Fib::default_max_bytes, room);
  Model model(room);
  Random random(family, routes);
  size_t refused = 0;
  for (size_t step = 0; step < 8000; ++step) {
    const IpPrefix p = random.prefix();
    const auto any = model.routes().lower_bound(p);
    const IpPrefix held = any == model.routes().end() ? p : any->first;
    if (random.below(2 * routes) < model.routes().size()) {
      ASSERT_EQ(table.remove(held), model.remove(held)) << held.to_string();
    } else {
      const IpPrefix& which = random.below(3) ? p : held;
      const RouteTarget target = random.target(distinct);
      const Change change = model.set(which, target);
      ASSERT_EQ(table.set(which, target), change) << which.to_string();
      refused += change == Change::full;
    }
    for (const IpAddress& a : {p.network(), p.broadcast(), random.address()}) {
      ASSERT_NO_FATAL_FAILURE(expect_finds(table, model, a)) << "after step " << step;
    }
    const auto exact = model.routes().find(p);
    ASSERT_EQ(table.get(p),
              exact == model.routes().end() ? std::nullopt : std::optional(exact->second));
  }
  expect_same_routes(table, model);
  EXPECT_EQ(refused > 0, distinct > room);
}

TEST(RouteTableModel, R4_5_FewIpv4Routes) {
  expect_like_model(Family::v4, 8, 5, 100);
}
TEST(RouteTableModel, R4_5_ManyIpv4Routes) {
  expect_like_model(Family::v4, 150, 1000, 2000);
}
TEST(RouteTableModel, R4_5_Ipv4RoutesOverMoreTargetsThanThereIsRoomFor) {
  expect_like_model(Family::v4, 60, 40, 20);
}
TEST(RouteTableModel, R4_5_FewIpv6Routes) {
  expect_like_model(Family::v6, 8, 5, 100);
}
TEST(RouteTableModel, R4_5_ManyIpv6Routes) {
  expect_like_model(Family::v6, 150, 1000, 2000);
}
TEST(RouteTableModel, R4_5_Ipv6RoutesOverMoreTargetsThanThereIsRoomFor) {
  expect_like_model(Family::v6, 60, 40, 20);
}

}  // namespace
}  // namespace uswitch
