// A neighbour cache under a clock that a test turns, with what it asked for and whom it woke.
#pragma once
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "router/neighbours.h"

namespace uswitch::test {

using namespace std::chrono_literals;
using State = NeighbourState;
using What = Neighbours::Ask::What;
using Use = Neighbours::Use;

inline constexpr Neighbours::Seed neighbour_seed{
    {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89}};

inline IpAddress address(uint32_t n) {
  return IpAddress::from_v4(0x0a000000 + n);
}
inline MacAddress station(uint64_t n) {
  return MacAddress::from_u64(0x020000000000 + n);
}

class NeighboursTest : public testing::Test {
 protected:
  explicit NeighboursTest(uint32_t max_entries = 1000) : table(max_entries, neighbour_seed) {
    table.on_resolved([this](uint64_t workers) { woken |= workers; });
  }

  Neighbours::Key key(uint32_t n = 1) const { return table.key(7, address(n)); }
  std::optional<State> state(uint32_t n = 1) const {
    const auto entry = table.entry(key(n), now);
    return entry ? std::optional(entry->state) : std::nullopt;
  }
  MacAddress mac_of(uint32_t n = 1) const { return table.entry(key(n), now).value().mac; }

  What ask(uint32_t n = 1, unsigned worker = 0) { return table.ask(key(n), now, worker).what; }
  Use lookup(uint32_t n = 1) { return table.lookup(key(n), now, found); }
  // Lets time pass and gives the timers their turn; what they ask for is in `questions`.
  void pass(Duration time) {
    now += time;
    questions.clear();
    woken |= table.sweep(now, questions);
  }
  // Whom was woken since the last call.
  uint64_t taken_woken() { return std::exchange(woken, 0); }

  // Brings the entry into the state, with `mac` where there is one.
  void bring(State wanted, const MacAddress& mac, uint32_t n = 1) {
    if (wanted == State::permanent) {
      table.add_permanent(7, address(n), mac);
    } else if (wanted == State::incomplete || wanted == State::failed) {
      ask(n);
      for (int i = 0; i < 3 && wanted == State::failed; ++i) pass(1s);
    } else {
      table.heard_request(key(n), mac, now, true);
      if (wanted == State::reachable) table.confirm(key(n), now);
      if (wanted == State::delay || wanted == State::probe) lookup(n);
      if (wanted == State::probe) pass(5s);
    }
    ASSERT_EQ(state(n), wanted);
    taken_woken();
    questions.clear();
  }

  Neighbours table;
  Time now{Duration(100h)};
  MacAddress found;
  std::vector<Neighbours::Question> questions;
  uint64_t woken = 0;
};

}  // namespace uswitch::test
