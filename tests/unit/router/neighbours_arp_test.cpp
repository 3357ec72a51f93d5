// What ARP does to an entry.
#include "tests/unit/router/neighbours_harness.h"

namespace uswitch::test {
namespace {

const MacAddress mac = station(1), other = station(2);

class NeighboursArp : public NeighboursTest {};

TEST_F(NeighboursArp, UnknownNeighbourIsUnresolved) {
  EXPECT_EQ(lookup(), Use::unresolved);
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(NeighboursArp, ARP2_RequestToMeAddsAStaleEntry) {
  table.heard_request(key(), mac, now, true);
  EXPECT_EQ(state(), State::stale);
  EXPECT_EQ(lookup(), Use::resolved);
  EXPECT_EQ(found, mac);
  EXPECT_EQ(table.counts().created, 1u);
}

TEST_F(NeighboursArp, ARP2_RequestToAnotherNeverAdds) {
  table.heard_request(key(), mac, now, false);
  EXPECT_EQ(state(), std::nullopt);
}

TEST_F(NeighboursArp, ARP2_RequestToAnotherUpdatesTheMac) {
  for (State s : {State::reachable, State::stale, State::delay, State::probe}) {
    bring(s, mac);
    table.heard_request(key(), other, now, false);
    EXPECT_EQ(state(), State::stale);
    EXPECT_EQ(mac_of(), other);
    table.remove(7, address(1));
  }
}

TEST_F(NeighboursArp, ARP2_ReplyToMeWithoutAnEntryAddsAStaleOne) {
  table.heard_reply(key(), mac, now, true);
  EXPECT_EQ(state(), State::stale);
  EXPECT_EQ(mac_of(), mac);
}

TEST_F(NeighboursArp, ARP2_WhatIsKnownKeepsItsState) {
  for (State s : {State::reachable, State::stale, State::delay, State::probe}) {
    bring(s, mac);
    table.heard_request(key(), mac, now, true);
    table.heard_request(key(), mac, now, false);
    table.heard_reply(key(), mac, now, false);
    EXPECT_EQ(state(), s);
    table.remove(7, address(1));
  }
}

TEST_F(NeighboursArp, ARP6_GratuitousReplyDoesNotCreate) {
  table.heard_reply(key(), mac, now, false);
  EXPECT_EQ(state(), std::nullopt);
}

TEST_F(NeighboursArp, ARP6_GratuitousReplyUpdatesTheMacAndIsNotTrusted) {
  for (State s : {State::incomplete, State::failed, State::reachable, State::stale, State::delay,
                  State::probe}) {
    bring(s, mac);
    table.heard_reply(key(), other, now, false);
    EXPECT_EQ(state(), State::stale);
    EXPECT_EQ(mac_of(), other);
    table.remove(7, address(1));
  }
}

TEST_F(NeighboursArp, ARP10_ReplyToMeMakesReachableAndWakesWhoWaits) {
  ask(1, 3);
  ask(1, 63);
  table.heard_reply(key(), mac, now, true);
  EXPECT_EQ(state(), State::reachable);
  EXPECT_EQ(lookup(), Use::resolved);
  EXPECT_EQ(found, mac);
  EXPECT_EQ(taken_woken(), uint64_t{1} << 3 | uint64_t{1} << 63);
  table.heard_reply(key(), other, now, true);
  EXPECT_EQ(taken_woken(), 0u);
}

TEST_F(NeighboursArp, ARP10_RequestFromWhoIsAskedForWakesToo) {
  ask(1, 3);
  table.heard_request(key(), mac, now, false);
  EXPECT_EQ(state(), State::stale);
  EXPECT_EQ(taken_woken(), 8u);
}

TEST_F(NeighboursArp, ARP11_ReplyToMeRevalidates) {
  for (State s : {State::stale, State::delay, State::probe, State::failed}) {
    for (const MacAddress& answer : {mac, other}) {
      bring(s, mac);
      table.heard_reply(key(), answer, now, true);
      EXPECT_EQ(state(), State::reachable);
      EXPECT_EQ(mac_of(), answer);
      pass(10s);
      EXPECT_TRUE(questions.empty());
      table.remove(7, address(1));
    }
  }
}

TEST_F(NeighboursArp, ReplyThatContradictsAReachableNeighbourIsTakenButNotTrusted) {
  bring(State::reachable, mac);
  table.heard_reply(key(), other, now, true);
  EXPECT_EQ(state(), State::stale);
  EXPECT_EQ(mac_of(), other);
}

TEST_F(NeighboursArp, PermanentEntryIsNeverChangedByWhatIsHeard) {
  bring(State::permanent, mac);
  table.heard_request(key(), other, now, true);
  table.heard_reply(key(), other, now, true);
  table.heard_reply(key(), other, now, false);
  table.heard_reply(key(), mac, now, true);
  table.heard_advertisement(key(), other, true, true, true, now);
  table.heard_advertisement(key(), {}, true, true, true, now);
  table.confirm(key(), now);
  pass(1000s);
  table.collect(now, ~size_t{0});
  EXPECT_EQ(state(), State::permanent);
  EXPECT_EQ(lookup(), Use::resolved);
  EXPECT_EQ(found, mac);
  EXPECT_EQ(table.entry(key(), now)->age, 0s);
  EXPECT_FALSE(table.entry(key(), now)->router);
}

TEST_F(NeighboursArp, AddPermanentResolvesWhatIsAskedFor) {
  ask(1, 5);
  ASSERT_TRUE(table.add_permanent(7, address(1), mac));
  EXPECT_EQ(taken_woken(), 32u);
  pass(10s);
  EXPECT_TRUE(questions.empty());
  EXPECT_EQ(state(), State::permanent);
}

TEST_F(NeighboursArp, NetworksAndFamiliesAreApart) {
  const IpAddress v6 = IpAddress::parse("fe80::1").value();
  table.heard_request(table.key(1, address(1)), station(1), now, true);
  table.heard_request(table.key(2, address(1)), station(2), now, true);
  table.heard_request(table.key(1, v6), station(3), now, true);
  EXPECT_EQ(table.lookup(table.key(1, address(1)), now, found), Use::resolved);
  EXPECT_EQ(found, station(1));
  EXPECT_EQ(table.lookup(table.key(2, address(1)), now, found), Use::resolved);
  EXPECT_EQ(found, station(2));
  EXPECT_EQ(table.lookup(table.key(1, v6), now, found), Use::resolved);
  EXPECT_EQ(found, station(3));
  EXPECT_EQ(table.lookup(table.key(2, v6), now, found), Use::unresolved);
}

TEST_F(NeighboursArp, NetworkZeroAndTheLastOneAreOrdinary) {
  for (NetworkId network : {NetworkId{0}, NetworkId{0xfffe}}) {
    const auto k = table.key(network, IpAddress{});
    EXPECT_EQ(table.lookup(k, now, found), Use::unresolved);
    table.heard_request(k, mac, now, true);
    EXPECT_EQ(table.lookup(k, now, found), Use::resolved);
    EXPECT_TRUE(table.remove(network, IpAddress{}));
    EXPECT_EQ(table.lookup(k, now, found), Use::unresolved);
  }
}

#ifndef NDEBUG
TEST(NeighboursDeathTest, ARP7_GroupAndZeroMacsAreTheCallersMistake) {
  Neighbours table(100, neighbour_seed);
  const auto k = table.key(1, address(1));
  EXPECT_DEATH(table.heard_request(k, MacAddress{}, Time{}, true), "");
  EXPECT_DEATH(table.heard_reply(k, MacAddress::from_u64(0xffffffffffff), Time{}, true), "");
}
#endif

}  // namespace
}  // namespace uswitch::test
