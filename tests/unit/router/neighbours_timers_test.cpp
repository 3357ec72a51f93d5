// What time does to an entry.
#include "tests/unit/router/neighbours_harness.h"

namespace uswitch::test {
namespace {

const MacAddress mac = station(1);
constexpr size_t all = ~size_t{0};

class NeighboursTimers : public NeighboursTest {
 protected:
  void expect_question(bool unicast) {
    ASSERT_EQ(questions.size(), 1u);
    EXPECT_EQ(questions[0].network, 7);
    EXPECT_EQ(questions[0].address, address(1));
    EXPECT_EQ(questions[0].unicast, unicast);
    EXPECT_EQ(questions[0].mac, unicast ? mac : MacAddress{});
  }
};

TEST_F(NeighboursTimers, ARP10_FirstWhoAsksSolicitsTheOthersWait) {
  EXPECT_EQ(ask(1, 0), What::solicit);
  EXPECT_EQ(ask(1, 0), What::wait);
  EXPECT_EQ(ask(1, 1), What::wait);
  EXPECT_EQ(lookup(), Use::unresolved);
  pass(999ms);
  EXPECT_TRUE(questions.empty());
  EXPECT_EQ(ask(1, 0), What::wait);
}

TEST_F(NeighboursTimers, ARP10_ND4_ThreeSolicitationsASecondApartThenFailed) {
  ask(1, 2);
  pass(1s);
  expect_question(false);
  pass(1s);
  expect_question(false);
  EXPECT_EQ(taken_woken(), 0u);
  EXPECT_EQ(lookup(), Use::unresolved);
  pass(1s);
  EXPECT_TRUE(questions.empty());
  EXPECT_EQ(taken_woken(), 4u);
  EXPECT_EQ(state(), State::failed);
  EXPECT_EQ(lookup(), Use::failed);
  EXPECT_EQ(table.counts().solicitations, 3u);
  EXPECT_EQ(table.counts().failed, 1u);
}

TEST_F(NeighboursTimers, ARP10_SolicitationsAreASecondApartThoughSweepsComeLate) {
  ask();
  pass(1900ms);
  expect_question(false);
  pass(999ms);
  EXPECT_TRUE(questions.empty());
  pass(1ms);
  expect_question(false);
}

TEST_F(NeighboursTimers, ARP10_FailedIsNotAskedForUntilItsHoldIsOver) {
  bring(State::failed, mac);
  pass(2999ms);
  EXPECT_EQ(lookup(), Use::failed);
  EXPECT_EQ(ask(), What::failed);
  EXPECT_EQ(table.outcome(key(), now, 0, found), Neighbours::Outcome::failed);
  pass(1ms);
  EXPECT_EQ(state(), std::nullopt);
  EXPECT_EQ(ask(), What::solicit);
}

TEST_F(NeighboursTimers, ARP11_FailedIsAskedForAnewAfterItsHoldThoughNoSweepCame) {
  bring(State::failed, mac);
  now += 3s;
  EXPECT_EQ(lookup(), Use::unresolved);
  EXPECT_EQ(ask(1, 4), What::solicit);
  EXPECT_EQ(state(), State::incomplete);
  pass(1s);
  expect_question(false);
  table.heard_reply(key(), mac, now, true);
  EXPECT_EQ(taken_woken(), 16u);
}

TEST_F(NeighboursTimers, ARP12_ReachableLastsHalfToOneAndAHalfTimesThirtySeconds) {
  Duration shortest = 1h, longest = 0s;
  for (uint32_t n = 1; n <= 500; ++n) {
    bring(State::reachable, station(n), n);
    Duration lasts = 0s;
    while (table.entry(key(n), now + lasts)->state == State::reachable) lasts += 100ms;
    shortest = std::min(shortest, lasts);
    longest = std::max(longest, lasts);
  }
  EXPECT_GE(shortest, 15s);
  EXPECT_LT(shortest, 16s);
  EXPECT_LE(longest, 45s);
  EXPECT_GT(longest, 44s);
}

TEST_F(NeighboursTimers, ARP12_ReachableTimeIsDrawnAtEachConfirmation) {
  std::vector<int> lasting_30s;
  int changes = 0;
  for (int i = 0; i < 50; ++i) {
    bring(State::reachable, mac);
    const bool lasts = table.entry(key(), now + 30s)->state == State::reachable;
    changes += !lasting_30s.empty() && lasting_30s.back() != lasts;
    lasting_30s.push_back(lasts);
    pass(50s);
  }
  EXPECT_GT(changes, 5);
}

TEST_F(NeighboursTimers, ND4_ReachableWhoseTimeIsOverIsDelayedByTheNextPacket) {
  bring(State::reachable, mac);
  pass(14s);
  lookup();
  EXPECT_EQ(state(), State::reachable);
  pass(31s);
  EXPECT_EQ(state(), State::stale);
  EXPECT_EQ(lookup(), Use::resolved);
  EXPECT_EQ(found, mac);
  EXPECT_EQ(state(), State::delay);
}

TEST_F(NeighboursTimers, ND4_ConfirmationStartsTheReachableTimeAnew) {
  bring(State::reachable, mac);
  for (int i = 0; i < 20; ++i) {
    pass(5s);
    ASSERT_EQ(state(), State::reachable);
    if (i % 2)
      table.confirm(key(), now);
    else
      table.heard_reply(key(), mac, now, true);
  }
}

TEST_F(NeighboursTimers, ARP11_ND4_StaleNeighbourIsUsedAndProbedAfterFiveSeconds) {
  bring(State::stale, mac);
  pass(50s);
  EXPECT_EQ(state(), State::stale);
  EXPECT_EQ(lookup(), Use::resolved);
  EXPECT_EQ(state(), State::delay);
  pass(4999ms);
  EXPECT_EQ(lookup(), Use::resolved);
  EXPECT_TRUE(questions.empty());
  pass(1ms);
  EXPECT_EQ(state(), State::probe);
  expect_question(true);
}

TEST_F(NeighboursTimers, ND4_ThreeUnicastProbesASecondApartThenForgotten) {
  bring(State::delay, mac);
  pass(5s);
  expect_question(true);
  for (int i = 0; i < 2; ++i) {
    pass(999ms);
    EXPECT_TRUE(questions.empty());
    pass(1ms);
    expect_question(true);
    EXPECT_EQ(lookup(), Use::resolved);
  }
  pass(1s);
  EXPECT_TRUE(questions.empty());
  EXPECT_EQ(lookup(), Use::unresolved);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(ask(), What::solicit);
}

TEST_F(NeighboursTimers, ND4_AskingForAStaleNeighbourUsesIt) {
  bring(State::stale, mac);
  const auto answer = table.ask(key(), now, 0);
  EXPECT_EQ(answer.what, What::resolved);
  EXPECT_EQ(answer.mac, mac);
  EXPECT_EQ(state(), State::delay);
}

TEST_F(NeighboursTimers, ARP12_StaleIsForgottenAfterAMinuteUnused) {
  bring(State::stale, mac, 1);
  bring(State::stale, mac, 2);
  pass(59s);
  lookup(2);
  table.confirm(key(2), now);
  EXPECT_TRUE(table.collect(now, all));
  EXPECT_EQ(state(1), State::stale);
  pass(1s);
  EXPECT_TRUE(table.collect(now, all));
  EXPECT_EQ(state(1), std::nullopt);
  EXPECT_EQ(state(2), State::reachable);
}

TEST_F(NeighboursTimers, ARP12_ReachableBecomesStaleThenIsForgotten) {
  for (uint32_t n = 1; n <= 100; ++n) bring(State::reachable, station(n), n);
  std::vector<Duration> expiry;
  for (uint32_t n = 1; n <= 100; ++n) {
    Duration lasts = 15s;
    while (table.entry(key(n), now + lasts)->state == State::reachable) lasts += 1s;
    expiry.push_back(lasts);
  }
  const Time start = now;
  for (int second = 1; second <= 140; ++second) {
    pass(1s);
    table.collect(now, all);
    for (uint32_t n = 1; n <= 100; ++n) {
      const Duration over = now - start - expiry[n - 1];
      ASSERT_TRUE(state(n) || over >= 59s) << n;
      ASSERT_TRUE(!state(n) || over <= 91s) << n;
    }
  }
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(NeighboursTimers, CollectGoesOnWhereItStopped) {
  Neighbours large(131072, neighbour_seed);
  for (uint32_t n = 0; n < 1000; ++n) large.heard_request(large.key(1, address(n)), mac, now, true);
  now += 60s;
  size_t calls = 1;
  for (size_t size = large.size(); !large.collect(now, 1); ++calls) {
    EXPECT_LE(large.size(), size);
    size = large.size();
  }
  EXPECT_EQ(calls, 64u);
  EXPECT_EQ(large.size(), 0u);
}

TEST_F(NeighboursTimers, ManyTimersAreDueAtOnce) {
  for (uint32_t n = 0; n < 400; ++n) ASSERT_EQ(ask(n, n % 3), What::solicit);
  pass(1s);
  EXPECT_EQ(questions.size(), 400u);
  pass(1s);
  EXPECT_EQ(questions.size(), 400u);
  pass(1s);
  EXPECT_TRUE(questions.empty());
  EXPECT_EQ(taken_woken(), 7u);
  EXPECT_EQ(table.counts().failed, 400u);
  pass(3s);
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(NeighboursTimers, AgeIsSinceTheLastConfirmation) {
  bring(State::reachable, mac);
  pass(10s);
  const Duration age = table.entry(key(), now)->age;
  EXPECT_GE(age, 9900ms);
  EXPECT_LE(age, 10100ms);
}

}  // namespace
}  // namespace uswitch::test
