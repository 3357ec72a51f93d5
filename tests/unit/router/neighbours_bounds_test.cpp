// What happens when the table is full, flushed or attacked.
#include <gmock/gmock.h>

#include <set>

#include "tests/unit/router/neighbours_harness.h"

namespace uswitch::test {
namespace {

using Outcome = Neighbours::Outcome;

const MacAddress mac = station(1);
constexpr uint32_t room = 16;

class NeighboursBounds : public NeighboursTest {
 protected:
  NeighboursBounds() : NeighboursTest(room) {}
  void fill(State s, uint32_t from, uint32_t to) {
    for (uint32_t n = from; n < to; ++n) bring(s, station(n), n);
  }
};

TEST_F(NeighboursBounds, TR14_UnresolvedEntriesGetHalfOfTheTable) {
  for (uint32_t n = 0; n < 1000; ++n) {
    ASSERT_EQ(ask(n), What::solicit);
    ASSERT_EQ(table.size(), std::min(n + 1, room / 2));
  }
  EXPECT_EQ(table.counts().evicted, 1000 - room / 2);
}

TEST_F(NeighboursBounds, TR14_WhatFailedGoesBeforeWhatIsAskedFor) {
  fill(State::failed, 0, 1);
  fill(State::incomplete, 1, room / 2);
  EXPECT_EQ(ask(100), What::solicit);
  EXPECT_EQ(state(0), std::nullopt);
  EXPECT_EQ(state(1), State::incomplete);
  EXPECT_EQ(ask(101), What::solicit);
  EXPECT_EQ(state(1), std::nullopt);
  EXPECT_EQ(state(2), State::incomplete);
}

TEST_F(NeighboursBounds, TR14_FullTableGivesUpFailedThenIncompleteThenTheOldestStale) {
  fill(State::permanent, 0, 2);
  fill(State::stale, 2, 4);
  fill(State::failed, 4, 5);
  fill(State::incomplete, 5, 6);
  fill(State::reachable, 6, room);
  for (uint32_t n : {4u, 5u, 2u, 3u}) {
    bring(State::reachable, mac, 100 + n);
    EXPECT_EQ(state(n), std::nullopt) << n;
    EXPECT_EQ(table.size(), room);
  }
  EXPECT_EQ(table.counts().full, 0u);
  table.heard_request(key(200), mac, now, true);
  EXPECT_EQ(state(200), std::nullopt);
  EXPECT_EQ(ask(201), What::full);
  EXPECT_EQ(table.counts().full, 2u);
  EXPECT_EQ(table.size(), room);
}

TEST_F(NeighboursBounds, TR14_ReachableWhoseTimeIsOverMakesRoom) {
  fill(State::reachable, 0, room);
  EXPECT_EQ(ask(100), What::full);
  now += 45s;
  EXPECT_EQ(ask(100), What::solicit);
  EXPECT_EQ(table.size(), room);
}

TEST_F(NeighboursBounds, ConfiguredEntriesAreTakenBeyondTheBound) {
  fill(State::reachable, 0, room);
  EXPECT_TRUE(table.add_permanent(7, address(100), mac));
  EXPECT_EQ(table.size(), room + 1);
  EXPECT_TRUE(table.remove(7, address(100)));
  EXPECT_FALSE(table.remove(7, address(100)));
}

TEST_F(NeighboursBounds, ConfiguredEntriesStopWhereSearchesWouldBeLong) {
  uint32_t taken = 0;
  for (uint32_t n = 0; n < 100; ++n) taken += table.add_permanent(7, address(n), station(n));
  EXPECT_GE(taken, room);
  EXPECT_LT(taken, 2 * room);
  for (uint32_t n = 0; n < taken; ++n) {
    ASSERT_EQ(lookup(n), Use::resolved);
    ASSERT_EQ(found, station(n));
  }
}

TEST_F(NeighboursBounds, ARP10_WhoWaitsForAnEntryPushedOutIsTold) {
  ask(0, 9);
  for (uint32_t n = 1; n <= room / 2; ++n) ask(n, 1);
  EXPECT_EQ(taken_woken(), uint64_t{1} << 9);
  EXPECT_EQ(table.outcome(key(0), now, 9, found), Outcome::gone);
}

TEST_F(NeighboursBounds, ARP10_OutcomeMarksTheWorkerInAnEntryThatIsAskedForAgain) {
  ask(1, 9);
  table.remove(7, address(1));
  EXPECT_EQ(taken_woken(), uint64_t{1} << 9);
  ask(1, 2);
  EXPECT_EQ(table.outcome(key(1), now, 9, found), Outcome::wait);
  table.heard_reply(key(1), mac, now, true);
  EXPECT_EQ(taken_woken(), uint64_t{1} << 9 | 4);
  EXPECT_EQ(table.outcome(key(1), now, 9, found), Outcome::resolved);
  EXPECT_EQ(found, mac);
}

TEST_F(NeighboursBounds, FlushForgetsOneNetworkAndTellsWhoWaits) {
  fill(State::reachable, 0, 3);
  fill(State::permanent, 3, 4);
  ask(4, 6);
  table.heard_request(table.key(8, address(0)), mac, now, true);
  EXPECT_EQ(table.flush_network(7), 5u);
  EXPECT_EQ(taken_woken(), 64u);
  EXPECT_EQ(table.size(), 1u);
  pass(10s);
  EXPECT_TRUE(questions.empty());
  EXPECT_EQ(table.lookup(table.key(8, address(0)), now, found), Use::resolved);
}

TEST_F(NeighboursBounds, ListShowsEveryEntryOnce) {
  fill(State::stale, 0, 3);
  fill(State::incomplete, 3, 5);
  std::set<std::string> listed;
  table.for_each(now, [&](const Neighbours::Entry& e) {
    EXPECT_EQ(e.network, 7);
    EXPECT_TRUE(listed.insert(e.address.to_string() + ' ' + e.mac.to_string()).second);
  });
  EXPECT_THAT(listed, testing::UnorderedElementsAre(
                          "10.0.0.0 02:00:00:00:00:00", "10.0.0.1 02:00:00:00:00:01",
                          "10.0.0.2 02:00:00:00:00:02", "10.0.0.3 00:00:00:00:00:00",
                          "10.0.0.4 00:00:00:00:00:00"));
}

TEST(NeighboursScan, TR14_ScanOfASlash16LeavesAHundredThousandNeighboursAlone) {
  constexpr uint32_t resolved = 100'000;
  Neighbours table(Neighbours::default_max_entries, neighbour_seed);
  Time now{Duration(1h)};
  for (uint32_t n = 0; n < resolved; ++n) {
    table.heard_request(table.key(1, address(n)), station(n), now, true);
    if (n % 2) table.confirm(table.key(1, address(n)), now);
  }
  ASSERT_EQ(table.size(), resolved);
  for (uint32_t n = 0; n < 65'536; ++n) {
    ASSERT_EQ(table.ask(table.key(2, address(n)), now, n % 64).what, What::solicit);
    now += 10us;
  }
  EXPECT_EQ(table.size(), Neighbours::default_max_entries);
  MacAddress found;
  for (uint32_t n = 0; n < resolved; ++n) {
    ASSERT_EQ(table.lookup(table.key(1, address(n)), now, found), Use::resolved);
    ASSERT_EQ(found, station(n));
  }
  // All of what the scan left goes when nobody answers.
  std::vector<Neighbours::Question> questions;
  for (int second = 0; second < 3; ++second) table.sweep(now += 1s, questions);
  EXPECT_LE(questions.size(), 2u * (Neighbours::default_max_entries - resolved));
  table.sweep(now += 3s, questions);
  EXPECT_EQ(table.size(), resolved);
}

TEST(NeighboursScan, TR14_AnswerIsTakenInTheMiddleOfAScan) {
  Neighbours table(1000, neighbour_seed);
  const Time now{Duration(1h)};
  for (uint32_t n = 0; n < 5000; ++n) table.ask(table.key(2, address(n)), now, 0);
  ASSERT_EQ(table.ask(table.key(1, address(1)), now, 0).what, What::solicit);
  for (uint32_t n = 5000; n < 5400; ++n) table.ask(table.key(2, address(n)), now, 0);
  table.heard_reply(table.key(1, address(1)), mac, now, true);
  for (uint32_t n = 5400; n < 9000; ++n) table.ask(table.key(2, address(n)), now, 0);
  MacAddress found;
  EXPECT_EQ(table.lookup(table.key(1, address(1)), now, found), Use::resolved);
}

}  // namespace
}  // namespace uswitch::test
