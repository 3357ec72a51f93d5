// What neighbour discovery does to an entry.
#include <ostream>
#include <string_view>

#include "tests/unit/router/neighbours_harness.h"

namespace uswitch::test {
namespace {

const MacAddress known = station(1), other = station(2);

enum class Option : uint8_t { none, same, different };

// The whole table of RFC 4861 7.2.5 and RFC 9131 6.1.1: what an advertisement of each kind makes of
// an entry in each state.
struct Row {
  Option option;
  bool solicited, override;
  const char* after;   // letter by letter what becomes of the state in `before`
  const char* takes;   // '1': the MAC of the option is in the entry afterwards
  const char* router;  // '1': the entry's IsRouter is the flag of the advertisement
};

// No entry, incomplete, failed, reachable, stale, delay, probe.
constexpr std::string_view before = "-IFRSDP";
constexpr Row rows[] = {
    // Nothing to learn for who has no entry or no MAC yet.
    {Option::none, false, false, "-IFRSDP", "0000000", "0001111"},
    {Option::none, false, true, "-IFRSDP", "0000000", "0001111"},
    {Option::none, true, false, "-IFRRRR", "0000000", "0001111"},
    {Option::none, true, true, "-IFRRRR", "0000000", "0001111"},
    {Option::same, false, false, "SSSRSDP", "1111111", "1111111"},
    {Option::same, false, true, "SSSRSDP", "1111111", "1111111"},
    {Option::same, true, false, "SRRRRRR", "1111111", "1111111"},
    {Option::same, true, true, "SRRRRRR", "1111111", "1111111"},
    // Without override another MAC only takes the trust away.
    {Option::different, false, false, "SSSSSDP", "1110000", "1110000"},
    {Option::different, true, false, "SRRSSDP", "1110000", "1110000"},
    {Option::different, false, true, "SSSSSSS", "1111111", "1111111"},
    {Option::different, true, true, "SRRRRRR", "1111111", "1111111"},
};

std::optional<State> state_of(char letter) {
  switch (letter) {
    case 'I':
      return State::incomplete;
    case 'F':
      return State::failed;
    case 'R':
      return State::reachable;
    case 'S':
      return State::stale;
    case 'D':
      return State::delay;
    case 'P':
      return State::probe;
    default:
      return std::nullopt;
  }
}

void PrintTo(const Row& row, std::ostream* out) {
  *out << "option " << static_cast<int>(row.option) << " S=" << row.solicited
       << " O=" << row.override;
}

class NeighbourAdvertisement : public NeighboursTest, public testing::WithParamInterface<Row> {
 protected:
  void expect_transition(size_t i, bool router) {
    const Row& row = GetParam();
    if (const auto initial = state_of(before[i])) bring(*initial, known);
    const bool was_waiting = before[i] == 'I';
    const bool was_router = table.entry(key(), now).value_or(Neighbours::Entry{}).router;
    const MacAddress mac = row.option == Option::different ? other : known;
    table.heard_advertisement(key(), row.option == Option::none ? std::nullopt : std::optional(mac),
                              row.solicited, row.override, router, now);
    SCOPED_TRACE(before[i]);
    ASSERT_EQ(state(), state_of(row.after[i]));
    const auto after = table.entry(key(), now).value_or(Neighbours::Entry{});
    const bool resolved = state() && !is_unresolved(after.state);
    EXPECT_EQ(after.mac, row.takes[i] == '1' ? mac : resolved ? known : MacAddress{});
    EXPECT_EQ(after.router, row.router[i] == '1' ? router : was_router);
    EXPECT_EQ(taken_woken() != 0, was_waiting && row.after[i] != 'I');
    table.remove(7, address(1));
    taken_woken();
  }
};

TEST_P(NeighbourAdvertisement, ND5_MakesOfEachStateWhatRfc4861Says) {
  for (size_t i = 0; i < before.size(); ++i) {
    expect_transition(i, false);
    expect_transition(i, true);
  }
}

INSTANTIATE_TEST_SUITE_P(All, NeighbourAdvertisement, testing::ValuesIn(rows));

class NeighboursNd : public NeighboursTest {};

TEST_F(NeighboursNd, ND5_RouterThatSaysItIsNoneAnyMoreIsNone) {
  table.heard_advertisement(key(), known, true, true, true, now);
  EXPECT_TRUE(table.entry(key(), now)->router);
  table.heard_advertisement(key(), {}, false, false, false, now);
  EXPECT_FALSE(table.entry(key(), now)->router);
  EXPECT_EQ(state(), State::stale);
}

TEST_F(NeighboursNd, ND5_ReachableWhoseTimeIsOverCountsAsStale) {
  bring(State::reachable, known);
  pass(45s);
  ASSERT_EQ(state(), State::stale);
  const Duration age = table.entry(key(), now)->age;
  table.heard_advertisement(key(), other, true, false, false, now);
  EXPECT_EQ(state(), State::stale);
  EXPECT_EQ(table.entry(key(), now)->age, age);
}

TEST_F(NeighboursNd, ND6_SolicitationCreatesOrChangesToStale) {
  table.heard_request(key(), known, now, true);
  EXPECT_EQ(state(), State::stale);
  for (State s : {State::incomplete, State::failed, State::reachable, State::stale, State::delay,
                  State::probe}) {
    table.remove(7, address(1));
    bring(s, known);
    table.heard_request(key(), other, now, true);
    EXPECT_EQ(state(), State::stale);
    EXPECT_EQ(mac_of(), other);
  }
}

TEST_F(NeighboursNd, ND6_SolicitationWithTheKnownMacKeepsTheState) {
  for (State s : {State::reachable, State::stale, State::delay, State::probe}) {
    bring(s, known);
    table.heard_request(key(), known, now, true);
    EXPECT_EQ(state(), s);
    table.remove(7, address(1));
  }
}

TEST_F(NeighboursNd, ND6_SolicitationKeepsTheRouterFlag) {
  table.heard_advertisement(key(), known, true, true, true, now);
  table.heard_request(key(), other, now, true);
  EXPECT_TRUE(table.entry(key(), now)->router);
}

TEST_F(NeighboursNd, ND4_UpperLayerConfirmsWhatHasAMac) {
  table.confirm(key(), now);
  EXPECT_EQ(state(), std::nullopt);
  bring(State::incomplete, known);
  table.confirm(key(), now);
  EXPECT_EQ(state(), State::incomplete);
  for (State s : {State::stale, State::delay, State::probe}) {
    table.remove(7, address(1));
    bring(s, known);
    table.confirm(key(), now);
    EXPECT_EQ(state(), State::reachable);
    EXPECT_EQ(mac_of(), known);
  }
}

}  // namespace
}  // namespace uswitch::test
