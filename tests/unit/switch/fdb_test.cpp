#include "switch/fdb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace uswitch {
namespace {

using namespace std::chrono_literals;
using Learn = Fdb::Learn;

constexpr Duration tick{int64_t{1} << Fdb::tick_shift};
constexpr Time start{Duration(100h)};
constexpr size_t all = ~size_t{0};
constexpr Fdb::Seed seed{
    {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89}};

MacAddress mac(uint64_t n) {
  return MacAddress::from_u64(0x020000000000 + n);
}

// That many addresses of one home bucket: what an attacker who knew the seed would send.
std::vector<MacAddress> colliding(const Fdb& fdb, size_t count) {
  std::vector<MacAddress> macs;
  const uint32_t bucket = fdb.key(mac(0)).bucket;
  for (uint64_t n = 0; macs.size() < count; ++n) {
    if (fdb.key(mac(n)).bucket == bucket) macs.push_back(mac(n));
  }
  return macs;
}

TEST(Fdb, BR1_LearnedStationIsBehindItsPort) {
  Fdb fdb(100);
  EXPECT_EQ(fdb.learn(mac(1), 7, start), Learn::learned);
  EXPECT_EQ(fdb.learn(mac(2), 8, start), Learn::learned);
  EXPECT_EQ(fdb.learn(mac(1), 7, start), Learn::known);
  EXPECT_EQ(fdb.learn(mac(1), 7, start + 1s), Learn::refreshed);
  EXPECT_EQ(fdb.lookup(mac(1)), 7);
  EXPECT_EQ(fdb.lookup(mac(2)), 8);
  EXPECT_EQ(fdb.size(), 2u);
  EXPECT_EQ(fdb.learned_on(7), 1u);
  EXPECT_EQ(fdb.count(Learn::learned), 2u);
}

TEST(Fdb, BR1_PortZeroAndTheLastPortAreOrdinary) {
  Fdb fdb(100);
  fdb.learn(MacAddress::from_u64(0x020000000000), 0, start);
  fdb.learn(MacAddress::from_u64(0xfeffffffffff), max_ports - 1, start);
  EXPECT_EQ(fdb.lookup(MacAddress::from_u64(0x020000000000)), 0);
  EXPECT_EQ(fdb.lookup(MacAddress::from_u64(0xfeffffffffff)), max_ports - 1);
}

TEST(Fdb, BR3_UnknownStationHasNoPort) {
  Fdb fdb(100);
  EXPECT_EQ(fdb.lookup(mac(1)), no_port);
  fdb.learn(mac(1), 7, start);
  EXPECT_EQ(fdb.lookup(mac(2)), no_port);
  EXPECT_EQ(fdb.lookup(MacAddress::from_u64(0xffffffffffff)), no_port);
  EXPECT_EQ(fdb.lookup(MacAddress{}), no_port);
}

#ifndef NDEBUG
TEST(FdbDeathTest, BR2_GroupAndZeroSourcesAreTheCallersMistake) {
  Fdb fdb(100);
  EXPECT_DEATH(fdb.learn(MacAddress::from_u64(0x01005e000001), 1, start), "");
  EXPECT_DEATH(fdb.learn(MacAddress{}, 1, start), "");
}
#endif

TEST(Fdb, BR2_StaticEntryIsNeverChangedByLearning) {
  Fdb fdb(100);
  ASSERT_TRUE(fdb.add_static(mac(1), 7));
  EXPECT_EQ(fdb.learn(mac(1), 8, start), Learn::refused_static);
  EXPECT_EQ(fdb.lookup(mac(1)), 7);
  fdb.learn(mac(1), 7, start);
  EXPECT_TRUE(fdb.sweep(start + 1000h, 10s, all));
  EXPECT_EQ(fdb.flush_port(7), 0u);
  EXPECT_EQ(fdb.lookup(mac(1)), 7);
  EXPECT_EQ(fdb.count(Learn::refused_static), 1u);
  EXPECT_EQ(fdb.learned_on(7), 0u);
}

TEST(Fdb, BR2_StaticEntryReplacesWhatWasLearned) {
  Fdb fdb(100);
  fdb.learn(mac(1), 8, start);
  ASSERT_TRUE(fdb.add_static(mac(1), 7));
  EXPECT_EQ(fdb.lookup(mac(1)), 7);
  EXPECT_EQ(fdb.learned_on(8), 0u);
  EXPECT_EQ(fdb.size(), 1u);
  ASSERT_TRUE(fdb.add_static(mac(1), 9));
  EXPECT_EQ(fdb.lookup(mac(1)), 9);
  EXPECT_EQ(fdb.size(), 1u);
}

TEST(Fdb, RemovedStaticEntryMayBeLearnedAgain) {
  Fdb fdb(100);
  fdb.add_static(mac(1), 7);
  fdb.learn(mac(2), 7, start);
  EXPECT_FALSE(fdb.remove_static(mac(2)));
  EXPECT_FALSE(fdb.remove_static(mac(3)));
  EXPECT_TRUE(fdb.remove_static(mac(1)));
  EXPECT_EQ(fdb.lookup(mac(1)), no_port);
  EXPECT_EQ(fdb.learn(mac(1), 8, start), Learn::learned);
  fdb.sweep(start + 1h, 10s, all);
  EXPECT_EQ(fdb.size(), 0u);
}

TEST(Fdb, BR4_OnlySourceUseKeepsAnEntry) {
  Fdb fdb(100);
  fdb.learn(mac(1), 1, start);
  fdb.learn(mac(2), 2, start);
  for (Time t = start; t <= start + 20s; t += 1s) {
    fdb.learn(mac(1), 1, t);
    fdb.lookup(mac(2));
    fdb.sweep(t, 10s, all);
  }
  EXPECT_EQ(fdb.lookup(mac(1)), 1);
  EXPECT_EQ(fdb.lookup(mac(2)), no_port);
  EXPECT_EQ(fdb.aged(), 1u);
  EXPECT_EQ(fdb.learned_on(2), 0u);
}

class FdbAgeing : public testing::TestWithParam<Duration> {};

// Whatever the phase of the tick: never before the ageing time, always within a second after it.
TEST_P(FdbAgeing, BR4_EntryGoesAfterItsTimeAndNotBefore) {
  for (Duration phase : {0ns, 1ns, tick / 2, tick - 1ns}) {
    Fdb fdb(100);
    const Time seen = start + phase;
    fdb.learn(mac(1), 1, seen);
    fdb.sweep(seen, GetParam(), all);
    fdb.sweep(seen + GetParam() - 1ns, GetParam(), all);
    EXPECT_EQ(fdb.lookup(mac(1)), 1) << phase.count();
    fdb.sweep(seen + GetParam() + 1s, GetParam(), all);
    EXPECT_EQ(fdb.lookup(mac(1)), no_port) << phase.count();
  }
}

INSTANTIATE_TEST_SUITE_P(Range, FdbAgeing,
                         testing::Values(10s, 300s, 1'000'000s, 10 * tick, 10 * tick + 1ns,
                                         10 * tick - 1ns));

TEST(Fdb, BR4_AgeIsRightWhenTheTickCounterWraps) {
  const Time before_wrap{Duration(tick * ((int64_t{1} << 26) - 4))};
  Fdb fdb(100);
  fdb.learn(mac(1), 1, before_wrap);
  EXPECT_EQ(fdb.learn(mac(1), 1, before_wrap + 6 * tick), Learn::refreshed);
  fdb.sweep(before_wrap + 12s, 11s, all);
  EXPECT_EQ(fdb.lookup(mac(1)), 1);
  fdb.sweep(before_wrap + 15s, 11s, all);
  EXPECT_EQ(fdb.lookup(mac(1)), no_port);
}

TEST(Fdb, BR4_AWorkerWhoseClockReadIsOlderDoesNotMakeAnEntryOlder) {
  Fdb fdb(100);
  fdb.learn(mac(1), 1, start + 5s);
  EXPECT_EQ(fdb.learn(mac(1), 1, start), Learn::known);
  fdb.sweep(start + 12s, 10s, all);
  EXPECT_EQ(fdb.lookup(mac(1)), 1);
}

TEST(Fdb, BR4_PortDownForgetsItsStationsAtOnce) {
  Fdb fdb(1000);
  for (uint64_t n = 0; n < 300; ++n) fdb.learn(mac(n), n % 3, start);
  EXPECT_EQ(fdb.flush_port(1), 100u);
  for (uint64_t n = 0; n < 300; ++n) EXPECT_EQ(fdb.lookup(mac(n)), n % 3 == 1 ? no_port : n % 3);
  EXPECT_EQ(fdb.learned_on(1), 0u);
  EXPECT_EQ(fdb.learned_on(2), 100u);
  EXPECT_EQ(fdb.size(), 200u);
  EXPECT_EQ(fdb.flushed(), 100u);
}

TEST(Fdb, BR4_SweepGoesOnWhereItsSliceEnded) {
  Fdb fdb(10'000);
  for (uint64_t n = 0; n < 5000; ++n) fdb.learn(mac(n), 1, start);
  int calls = 1;
  for (size_t left = fdb.size(); !fdb.sweep(start + 1h, 300s, 10); ++calls) {
    EXPECT_LE(left - fdb.size(), 10u * 80);
    left = fdb.size();
  }
  EXPECT_GE(calls, 10'000 / 40 / 10);
  EXPECT_EQ(fdb.size(), 0u);
  EXPECT_EQ(fdb.aged(), 5000u);
  EXPECT_TRUE(fdb.sweep(start + 1h, 300s, 1)) << "empty groups do not count";
}

TEST(Fdb, BR5_StationThatMovesIsAtItsNewPortAtOnce) {
  Fdb fdb(100);
  fdb.learn(mac(1), 1, start);
  EXPECT_EQ(fdb.learn(mac(1), 2, start), Learn::moved);
  EXPECT_EQ(fdb.lookup(mac(1)), 2);
  EXPECT_EQ(fdb.learn(mac(1), 2, start), Learn::known);
  EXPECT_EQ(fdb.count(Learn::moved), 1u);
  EXPECT_EQ(fdb.learned_on(1), 0u);
  EXPECT_EQ(fdb.learned_on(2), 1u);
  EXPECT_EQ(fdb.size(), 1u);
}

TEST(Fdb, BR5_MoveIsAUseOfTheSource) {
  Fdb fdb(100);
  fdb.learn(mac(1), 1, start);
  fdb.learn(mac(1), 2, start + 9s);
  fdb.sweep(start + 15s, 10s, all);
  EXPECT_EQ(fdb.lookup(mac(1)), 2);
}

TEST(Fdb, BR5_FlappingStationIsHeldUntilTheNextTick) {
  Fdb fdb(100);
  fdb.learn(mac(1), 0, start);
  for (PortId port = 1; port <= Fdb::max_moves_per_tick; ++port) {
    EXPECT_EQ(fdb.learn(mac(1), port, start), Learn::moved);
  }
  EXPECT_EQ(fdb.learn(mac(1), 9, start), Learn::damped);
  EXPECT_EQ(fdb.lookup(mac(1)), Fdb::max_moves_per_tick);
  EXPECT_EQ(fdb.learn(mac(1), 9, start + tick), Learn::moved);
  EXPECT_EQ(fdb.lookup(mac(1)), 9);
  EXPECT_EQ(fdb.count(Learn::damped), 1u);
  EXPECT_EQ(fdb.count(Learn::moved), Fdb::max_moves_per_tick + 1);
}

TEST(Fdb, BR6_EachTableLearnsForItself) {
  Fdb vlan10(100), vlan20(100);
  vlan10.learn(mac(1), 1, start);
  vlan20.learn(mac(1), 2, start);
  EXPECT_EQ(vlan10.lookup(mac(1)), 1);
  EXPECT_EQ(vlan20.lookup(mac(1)), 2);
}

TEST(Fdb, BR11_FullTableStopsLearningAndKeepsWhatItHas) {
  constexpr uint64_t room = 1000;
  Fdb fdb(room);
  fdb.add_static(mac(1'000'000), 3);
  for (uint64_t n = 0; n < room - 1; ++n) ASSERT_EQ(fdb.learn(mac(n), 1, start), Learn::learned);
  for (uint64_t n = room; n < 3 * room; ++n) {
    ASSERT_EQ(fdb.learn(mac(n), 2, start), Learn::table_full);
  }
  for (uint64_t n = 0; n < room - 1; ++n) ASSERT_EQ(fdb.lookup(mac(n)), 1);
  EXPECT_EQ(fdb.lookup(mac(room)), no_port);
  EXPECT_EQ(fdb.lookup(mac(1'000'000)), 3);
  EXPECT_EQ(fdb.size(), room);
  EXPECT_EQ(fdb.count(Learn::table_full), 2 * room);
  EXPECT_EQ(fdb.learned_on(2), 0u);
  EXPECT_EQ(fdb.learn(mac(5), 2, start), Learn::moved) << "a move needs no room";
  EXPECT_TRUE(fdb.add_static(mac(1'000'001), 3)) << "configured entries always find room";
  fdb.flush_port(1);
  EXPECT_EQ(fdb.learn(mac(room), 2, start), Learn::learned);
}

TEST(Fdb, BR11_FloodFromOnePortLeavesRoomForTheOthers) {
  Fdb fdb(1000);
  constexpr uint32_t limit = 100;
  for (uint64_t n = 0; n < 5000; ++n) fdb.learn(mac(n), 1, start, limit);
  EXPECT_EQ(fdb.learned_on(1), limit);
  EXPECT_EQ(fdb.count(Learn::port_full), 5000 - limit);
  EXPECT_EQ(fdb.learn(mac(9000), 2, start, limit), Learn::learned);
  EXPECT_EQ(fdb.lookup(mac(9000)), 2);
}

TEST(Fdb, BR11_FullPortCannotTakeStationsFromOthers) {
  Fdb fdb(1000);
  for (uint64_t n = 0; n < 10; ++n) fdb.learn(mac(n), 1, start, 10);
  fdb.learn(mac(100), 2, start, 10);
  EXPECT_EQ(fdb.learn(mac(100), 1, start, 10), Learn::port_full);
  EXPECT_EQ(fdb.lookup(mac(100)), 2);
  EXPECT_EQ(fdb.learned_on(1), 10u);
  EXPECT_EQ(fdb.learned_on(2), 1u);
}

TEST(Fdb, BR11_CollidingAddressesFillOneGroupOnly) {
  Fdb fdb(10'000, seed);
  const std::vector<MacAddress> macs = colliding(fdb, 82);
  for (size_t i = 0; i < 80; ++i) ASSERT_EQ(fdb.learn(macs[i], 1, start), Learn::learned) << i;
  EXPECT_EQ(fdb.learn(macs[80], 1, start), Learn::table_full);
  EXPECT_EQ(fdb.lookup(macs[80]), no_port);
  for (size_t i = 0; i < 80; ++i) ASSERT_EQ(fdb.lookup(macs[i]), 1) << i;
  EXPECT_EQ(fdb.learn(macs[79], 1, start), Learn::known);
  EXPECT_EQ(fdb.learn(macs[79], 2, start), Learn::moved);

  EXPECT_TRUE(fdb.add_static(macs[81], 5)) << "a learned entry makes room";
  EXPECT_EQ(fdb.lookup(macs[81]), 5);
  EXPECT_EQ(fdb.size(), 80u);
  EXPECT_EQ(fdb.learned_on(1) + fdb.learned_on(2), 79u);
}

// A bucket counts in a byte the entries that passed it by; were one forgotten when it goes, the
// byte would wrap.
TEST(Fdb, EntryBesideItsFullHomeIsFoundHoweverManyCameBefore) {
  Fdb fdb(10'000, seed);
  const std::vector<MacAddress> macs = colliding(fdb, 6);
  for (int round = 0; round < 300; ++round) {
    for (MacAddress m : macs) ASSERT_EQ(fdb.learn(m, 1, start), Learn::learned) << round;
    for (MacAddress m : macs) ASSERT_EQ(fdb.lookup(m), 1) << round;
    ASSERT_EQ(fdb.flush_port(1), 6u);
  }
}

TEST(Fdb, StaticEntryIsRefusedOnlyByAGroupOfStaticEntries) {
  Fdb fdb(10'000, seed);
  const std::vector<MacAddress> macs = colliding(fdb, 81);
  for (size_t i = 0; i < 80; ++i) ASSERT_TRUE(fdb.add_static(macs[i], 1));
  EXPECT_FALSE(fdb.add_static(macs[80], 1));
  EXPECT_TRUE(fdb.add_static(macs[79], 2));
  EXPECT_EQ(fdb.size(), 80u);
}

TEST(Fdb, ListsEveryEntryWithPortAgeAndKind) {
  Fdb fdb(1000);
  for (uint64_t n = 0; n < 100; ++n) fdb.learn(mac(n), 1, start + n * 1s);
  fdb.add_static(mac(100), 2);
  std::set<MacAddress> seen;
  fdb.for_each(start + 100s, [&](const Fdb::Entry& e) {
    const uint64_t n = e.mac.to_u64() - mac(0).to_u64();
    EXPECT_TRUE(seen.insert(e.mac).second);
    EXPECT_EQ(e.is_static, n == 100);
    EXPECT_EQ(e.port, n == 100 ? 2 : 1);
    EXPECT_LE(std::chrono::abs(e.age - Duration(1s) * static_cast<int64_t>(100 - n)), tick);
  });
  EXPECT_EQ(seen.size(), 101u);
}

TEST(Fdb, TwoTablesHashDifferently) {
  Fdb a(100'000), b(100'000);
  int same = 0;
  for (uint64_t n = 0; n < 1000; ++n) same += a.key(mac(n)).bucket == b.key(mac(n)).bucket;
  EXPECT_LT(same, 10);
}

TEST(Fdb, HoldsMaxAddressesOfEveryPattern) {
  for (uint64_t step : {uint64_t{1}, uint64_t{256}, uint64_t{1} << 24, uint64_t{0x10001}}) {
    Fdb fdb(20'000);
    for (uint64_t n = 0; n < 20'000; ++n) {
      const MacAddress m = MacAddress::from_u64(((n * step) & 0xfeffffffffff) | 0x020000000000);
      ASSERT_NE(fdb.learn(m, 1, start), Learn::table_full) << step << ' ' << n;
    }
  }
}

TEST(Fdb, TakesAtMost64BytesAnAddress) {
  for (uint32_t room : {8192u, 8193u, 100'000u, 1'000'000u}) {
    Fdb fdb(room);
    EXPECT_LE(fdb.bytes() + sizeof fdb, 64u * room) << room;
  }
}

}  // namespace
}  // namespace uswitch
