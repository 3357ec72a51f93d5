// Workers look up while the control thread sets and removes routes over ever new targets, so that
// slots are used again all the time. Meant for ThreadSanitizer as much as for the expectations.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "core/quiescent.h"
#include "router/route_table.h"

namespace uswitch {
namespace {

// A target whose every part says the same number; the lowest bits say which route it is for.
constexpr uint32_t routes = 8;
RouteTarget numbered(uint32_t n) {
  RouteTarget target{RouteKind::forward, RouteOrigin::configured, RouteTarget::max_hops, {}};
  for (RouteHop& hop : target.hops) {
    hop = {static_cast<NetworkId>(n), false, IpAddress::from_v4(n)};
  }
  return target;
}
// That number, or -1 when it is of several minds.
int64_t number_of(const RouteTarget& target) {
  const uint32_t n = target.hops[0].gateway.v4();
  return target == numbered(n) ? int64_t{n} : -1;
}

// From the second on each within the one before; the first comes and goes beside them.
const std::array<IpPrefix, routes> v4_prefixes = {
    IpPrefix::parse("10.1.2.2/32").value(), IpPrefix::parse("0.0.0.0/0").value(),
    IpPrefix::parse("10.0.0.0/8").value(),  IpPrefix::parse("10.1.0.0/16").value(),
    IpPrefix::parse("10.1.0.0/18").value(), IpPrefix::parse("10.1.2.0/24").value(),
    IpPrefix::parse("10.1.2.0/30").value(), IpPrefix::parse("10.1.2.1/32").value()};
const std::array<IpPrefix, routes> v6_prefixes = {
    IpPrefix::parse("fd00::2/128").value(), IpPrefix::parse("::/0").value(),
    IpPrefix::parse("fd00::/12").value(),   IpPrefix::parse("fd00::/24").value(),
    IpPrefix::parse("fd00::/56").value(),   IpPrefix::parse("fd00::/64").value(),
    IpPrefix::parse("fd00::/126").value(),  IpPrefix::parse("fd00::1/128").value()};

constexpr uint32_t default_route = 1;
const IpAddress v4_outside = IpAddress::parse("192.0.2.1").value();
const IpAddress v6_outside = IpAddress::parse("2001:db8::1").value();

class Race {
 public:
  explicit Race(const std::array<IpPrefix, routes>& prefixes) : prefixes_(prefixes) {
    for (uint32_t i = 0; i < routes; ++i) table_.set(prefixes_[i], numbered(i));
  }

  void run(size_t readers, uint32_t changes) {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < readers; ++i) {
      threads.emplace_back([this] { read(); });
    }
    while (ready_ < readers) std::this_thread::yield();
    change(changes);
    done_ = true;
    for (std::thread& t : threads) t.join();
  }

  uint64_t wrong() const { return wrong_; }
  const RouteTable& table() const { return table_; }

 private:
  void read() {
    QuiescentThread self;
    ++ready_;
    while (!done_) {
      turn();
      ++turns_;
      self.quiescent();
    }
  }

  // What a turn finds stays as it is until the turn ends.
  void turn() {
    const IpAddress inside = prefixes_.back().address;
    const IpAddress outside =
        prefixes_[default_route].contains(v4_outside) ? v4_outside : v6_outside;
    std::array<const RouteTarget*, 40> found;
    std::array<int64_t, 40> numbers;
    for (size_t i = 0; i < found.size(); ++i) {
      found[i] = find(i % 4 < 2 ? inside : outside, i % 2);
      numbers[i] = found[i] ? number_of(*found[i]) : -1;
      // Of a route that covers it, whichever is there at the time. One always is.
      const bool covered =
          i % 4 < 2 ? numbers[i] % routes != 0 : numbers[i] % routes == default_route;
      wrong_ += numbers[i] < 0 || !covered;
    }
    for (size_t i = 0; i < found.size(); ++i) {
      wrong_ += found[i] && number_of(*found[i]) != numbers[i];
    }
  }

  const RouteTarget* find(const IpAddress& destination, bool bulk) const {
    if (!bulk) return table_.lookup(destination);
    const uint8_t* wire = destination.wire();
    const RouteTarget* found = nullptr;
    destination.is_v4() ? table_.lookup4(&wire, 1, &found) : table_.lookup6(&wire, 1, &found);
    return found;
  }

  // The default route is replaced only.
  void change(uint32_t changes) {
    std::mt19937 random(5);
    for (uint32_t n = 1; n < changes || turns_ < 50; ++n) {
      const uint32_t which = random() % routes;
      if (which != default_route && random() % 3 == 0) {
        table_.remove(prefixes_[which]);
      } else {
        EXPECT_NE(table_.set(prefixes_[which], numbered(n * routes + which)),
                  RouteTable::Change::full);
      }
    }
  }

  const std::array<IpPrefix, routes>& prefixes_;
  RouteTable table_;
  std::atomic<size_t> ready_{0};
  std::atomic<uint64_t> turns_{0}, wrong_{0};
  std::atomic<bool> done_{false};
};

TEST(RouteTableThreads, R4_5_Ipv4LookUpsFindWholeTargetsThatStay) {
  Race race(v4_prefixes);
  race.run(2, 20'000);
  EXPECT_EQ(race.wrong(), 0u);
  EXPECT_LT(race.table().targets().slots(), 1000u);
}

TEST(RouteTableThreads, R4_5_Ipv6LookUpsFindWholeTargetsThatStay) {
  Race race(v6_prefixes);
  race.run(2, 20'000);
  EXPECT_EQ(race.wrong(), 0u);
  EXPECT_LT(race.table().targets().slots(), 1000u);
}

}  // namespace
}  // namespace uswitch
