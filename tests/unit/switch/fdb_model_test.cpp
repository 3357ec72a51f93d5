// Random operations on the table and on the simplest thing that behaves like it.
#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

#include "switch/fdb.h"

namespace uswitch {
namespace {

using namespace std::chrono_literals;
using Learn = Fdb::Learn;

class Model {
 public:
  explicit Model(size_t room) : room_(room) {}

  Learn learn(uint64_t mac, PortId port, Time now, uint32_t limit) {
    const int64_t tick = tick_of(now);
    auto found = entries_.find(mac);
    if (found == entries_.end()) {
      if (entries_.size() >= room_) return Learn::table_full;
      if (learned_on(port) >= limit) return Learn::port_full;
      entries_[mac] = {port, false, tick, 0};
      return Learn::learned;
    }
    Entry& e = found->second;
    if (e.port == port) return e.is_static ? Learn::known : touch(e, tick);
    if (e.is_static) return Learn::refused_static;
    if (tick == e.seen && e.moves >= Fdb::max_moves_per_tick) return Learn::damped;
    if (learned_on(port) >= limit) return Learn::port_full;
    touch(e, tick);
    e.port = port;
    ++e.moves;
    return Learn::moved;
  }
  PortId lookup(uint64_t mac) const {
    auto found = entries_.find(mac);
    return found == entries_.end() ? no_port : found->second.port;
  }
  void add_static(uint64_t mac, PortId port) { entries_[mac] = {port, true, 0, 0}; }
  bool remove_static(uint64_t mac) {
    auto found = entries_.find(mac);
    if (found == entries_.end() || !found->second.is_static) return false;
    entries_.erase(found);
    return true;
  }
  bool is_static(uint64_t mac) const {
    auto found = entries_.find(mac);
    return found != entries_.end() && found->second.is_static;
  }
  size_t flush_port(PortId port) {
    return std::erase_if(
        entries_, [&](const auto& e) { return !e.second.is_static && e.second.port == port; });
  }
  // Called at whole ticks with a whole number of ticks.
  void sweep(Time now, Duration ageing) {
    std::erase_if(entries_, [&](const auto& e) {
      return !e.second.is_static &&
             tick_of(now) - e.second.seen > ageing.count() >> Fdb::tick_shift;
    });
  }
  size_t size() const { return entries_.size(); }
  size_t learned_on(PortId port) const {
    size_t count = 0;
    for (const auto& [mac, e] : entries_) count += !e.is_static && e.port == port;
    return count;
  }

 private:
  struct Entry {
    PortId port;
    bool is_static;
    int64_t seen;
    uint32_t moves;
  };
  static int64_t tick_of(Time t) { return t.time_since_epoch().count() >> Fdb::tick_shift; }
  static Learn touch(Entry& e, int64_t tick) {
    if (tick <= e.seen) return Learn::known;
    e.seen = tick;
    e.moves = 0;
    return Learn::refreshed;
  }

  size_t room_;
  std::unordered_map<uint64_t, Entry> entries_;
};

struct Shape {
  const char* name;
  uint32_t room;
  uint64_t addresses;  // drawn from so many
  uint32_t port_limit;
};

class FdbModel : public testing::TestWithParam<Shape> {
 protected:
  static constexpr Duration tick{int64_t{1} << Fdb::tick_shift};
  static constexpr PortId ports = 6;

  uint64_t draw(uint64_t below) { return random_() % below; }
  uint64_t draw_mac() { return 0x020000000001 + draw(GetParam().addresses); }
  PortId draw_port() { return static_cast<PortId>(draw(ports)); }

  void operate() {
    const uint64_t mac = draw_mac();
    const MacAddress m = MacAddress::from_u64(mac);
    const PortId port = draw_port();
    const uint64_t dice = draw(1000);
    if (dice < 700) {
      learn(mac, port);
    } else if (dice < 990) {
      ASSERT_EQ(fdb_.lookup(m), model_.lookup(mac));
    } else if (dice < 992) {
      now_ += tick;
    } else if (dice < 994) {
      fdb_.sweep(now_, 5 * tick, ~size_t{0});
      model_.sweep(now_, 5 * tick);
    } else if (dice < 996) {
      ASSERT_TRUE(fdb_.add_static(m, port));
      model_.add_static(mac, port);
    } else if (dice < 999) {
      ASSERT_EQ(fdb_.remove_static(m), model_.remove_static(mac));
    } else if (draw(10) == 0) {
      ASSERT_EQ(fdb_.flush_port(port), model_.flush_port(port));
    }
  }

  void learn(uint64_t mac, PortId port) {
    Learn got = fdb_.learn(MacAddress::from_u64(mac), port, now_, GetParam().port_limit);
    Learn expected = model_.learn(mac, port, now_, GetParam().port_limit);
    // Whether a static entry counts as seen is of no consequence.
    if (model_.is_static(mac) && got == Learn::refreshed) got = Learn::known;
    ASSERT_EQ(got, expected);
  }

  void compare_all() {
    size_t listed = 0;
    fdb_.for_each(now_, [&](const Fdb::Entry& e) {
      ++listed;
      ASSERT_EQ(model_.lookup(e.mac.to_u64()), e.port);
    });
    ASSERT_EQ(listed, model_.size());
    ASSERT_EQ(fdb_.size(), model_.size());
    for (PortId p = 0; p < ports; ++p) ASSERT_EQ(fdb_.learned_on(p), model_.learned_on(p));
  }

  std::mt19937_64 random_{11};
  Fdb fdb_{GetParam().room, {{random_(), random_(), random_(), random_()}}};
  Model model_{GetParam().room};
  Time now_{100 * tick};
};

TEST_P(FdbModel, BehavesLikeAMap) {
  for (int i = 0; i < 100'000 && !HasFatalFailure(); ++i) {
    operate();
    if (i % 5000 == 0) compare_all();
  }
  compare_all();
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, FdbModel,
    testing::Values(Shape{"OneGroupFilledToTheLastSlot", 40, 80, Fdb::no_limit},
                    Shape{"Sparse", 2000, 1000, Fdb::no_limit},
                    Shape{"Full", 200, 1000, Fdb::no_limit}, Shape{"PortLimits", 500, 1000, 60}),
    [](const auto& shape) { return shape.param.name; });

}  // namespace
}  // namespace uswitch
