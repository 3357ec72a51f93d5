// Random events on the neighbour cache and on the simplest thing that behaves like it.
#include <map>
#include <random>
#include <set>

#include "tests/unit/router/neighbours_harness.h"

namespace uswitch::test {
namespace {

// RFC 826 and 4861 as they read, one entry at a time; nothing is ever pushed out. Only how long an
// entry stays reachable is not known here: between fresh_time and 45 s after it was confirmed the
// table may say what it likes.
class Model {
 public:
  struct Entry {
    State state = State::incomplete;
    MacAddress mac;
    bool router = false;
    Time since;
    int solicitations = 0;
  };

  const Entry* find(uint32_t n) const {
    const auto found = entries_.find(n);
    return found == entries_.end() ? nullptr : &found->second;
  }
  bool may_be_stale(uint32_t n, Time now) const {
    const Entry* e = find(n);
    return e && e->state == State::reachable && now - e->since > Neighbours::fresh_time;
  }
  bool must_be_stale(uint32_t n, Time now) const {
    return may_be_stale(n, now) && now - find(n)->since >= 45s;
  }
  void became_stale(uint32_t n, Time now) { enter(entries_[n], State::stale, now); }

  Use lookup(uint32_t n, Time now) {
    const auto found = entries_.find(n);
    if (found == entries_.end()) return Use::unresolved;
    Entry& e = found->second;
    if (e.state == State::incomplete) return Use::unresolved;
    if (e.state == State::failed) return now - e.since < 3s ? Use::failed : Use::unresolved;
    if (e.state == State::stale) enter(e, State::delay, now);
    return Use::resolved;
  }
  What ask(uint32_t n, Time now) {
    const Use use = lookup(n, now);
    if (use != Use::unresolved) return use == Use::failed ? What::failed : What::resolved;
    if (find(n) && find(n)->state == State::incomplete) return What::wait;
    entries_[n] = {State::incomplete, {}, false, now, 1};
    return What::solicit;
  }
  void heard_request(uint32_t n, const MacAddress& mac, Time now, bool to_me) {
    if (!find(n) && !to_me) return;
    Entry& e = entries_[n];
    if (e.mac != mac) learn(e, mac, State::stale, now);
  }
  void heard_reply(uint32_t n, const MacAddress& mac, Time now, bool for_me) {
    if (!for_me || !find(n)) return heard_request(n, mac, now, for_me);
    Entry& e = entries_[n];
    const bool contradicts = e.state == State::reachable && e.mac != mac;
    learn(e, mac, contradicts ? State::stale : State::reachable, now);
  }
  void heard_advertisement(uint32_t n, const std::optional<MacAddress>& mac, bool solicited,
                           bool override, bool router, Time now) {
    if (!find(n) || is_unresolved(find(n)->state)) {
      if (!mac) return;
      const bool reachable = find(n) && solicited;
      Entry& e = entries_[n];
      e.router = router;
      return learn(e, *mac, reachable ? State::reachable : State::stale, now);
    }
    Entry& e = entries_[n];
    if (e.state == State::permanent) return;
    const bool differs = mac && *mac != e.mac;
    if (differs && !override) {
      if (e.state == State::reachable) enter(e, State::stale, now);
      return;
    }
    e.router = router;
    if (solicited)
      learn(e, mac.value_or(e.mac), State::reachable, now);
    else if (differs)
      learn(e, *mac, State::stale, now);
  }
  void confirm(uint32_t n, Time now) {
    if (find(n) && !is_unresolved(find(n)->state))
      learn(entries_[n], find(n)->mac, State::reachable, now);
  }
  void add_permanent(uint32_t n, const MacAddress& mac, Time now) {
    entries_[n] = {State::permanent, mac, false, now, 0};
  }
  bool remove(uint32_t n) { return entries_.erase(n) != 0; }
  size_t size() const { return entries_.size(); }

  // All timers that are due, and which addresses are asked for: "" by broadcast, else the MAC.
  std::set<std::pair<uint32_t, std::string>> sweep(Time now) {
    std::set<std::pair<uint32_t, std::string>> questions;
    for (auto it = entries_.begin(); it != entries_.end();) {
      it = sweep(it->first, it->second, now, questions) ? std::next(it) : entries_.erase(it);
    }
    return questions;
  }

 private:
  static void enter(Entry& e, State state, Time now) {
    e.state = state;
    e.since = now;
    e.solicitations = 0;
  }
  static void learn(Entry& e, const MacAddress& mac, State state, Time now) {
    if (e.state == State::permanent) return;
    e.mac = mac;
    enter(e, state, now);
  }
  // False when the entry is to be forgotten.
  template <class Questions>
  static bool sweep(uint32_t n, Entry& e, Time now, Questions& questions) {
    const Duration waited = now - e.since;
    if (e.state == State::failed) return waited < 3s;
    if (e.state == State::delay && waited >= 5s) {
      enter(e, State::probe, now - 1s);
      return sweep(n, e, now, questions);
    }
    if ((e.state != State::incomplete && e.state != State::probe) || waited < 1s) return true;
    if (e.solicitations == 3) {
      if (e.state == State::probe) return false;
      enter(e, State::failed, now);
      return true;
    }
    questions.emplace(n, e.state == State::probe ? e.mac.to_string() : "");
    ++e.solicitations;
    e.since = now;
    return true;
  }

  std::map<uint32_t, Entry> entries_;
};

class NeighboursModel : public NeighboursTest, public testing::WithParamInterface<uint32_t> {
 protected:
  NeighboursModel() : NeighboursTest(2 * GetParam()) {}

  uint64_t draw(uint64_t below) { return random_() % below; }
  bool toss() { return draw(2); }

  // Lets the table decide when it is only ours to follow.
  void agree_on_stale(uint32_t n) {
    if (!model_.may_be_stale(n, now)) return;
    const bool stale = state(n) == State::stale;
    ASSERT_TRUE(stale || !model_.must_be_stale(n, now));
    if (stale) model_.became_stale(n, now);
  }
  void operate(uint32_t n) {
    const MacAddress mac = station(1 + draw(2));
    switch (draw(20)) {
      case 0:
        table.heard_request(key(n), mac, now, true);
        return model_.heard_request(n, mac, now, true);
      case 1:
        table.heard_request(key(n), mac, now, false);
        return model_.heard_request(n, mac, now, false);
      case 2:
        table.heard_reply(key(n), mac, now, true);
        return model_.heard_reply(n, mac, now, true);
      case 3:
        table.heard_reply(key(n), mac, now, false);
        return model_.heard_reply(n, mac, now, false);
      case 4:
        return advertise(n, mac);
      case 5:
        table.confirm(key(n), now);
        return model_.confirm(n, now);
      case 6:
        if (draw(20) != 0) return;
        ASSERT_TRUE(table.add_permanent(7, address(n), mac));
        return model_.add_permanent(n, mac, now);
      case 7:
        if (draw(3) != 0) return;
        ASSERT_EQ(table.remove(7, address(n)), model_.remove(n));
        return;
      case 8:
        return pass_time();
      default:
        return look(n);
    }
  }
  void advertise(uint32_t n, const MacAddress& mac) {
    const auto option = draw(3) ? std::optional(mac) : std::nullopt;
    const bool solicited = toss(), override = toss(), router = toss();
    table.heard_advertisement(key(n), option, solicited, override, router, now);
    model_.heard_advertisement(n, option, solicited, override, router, now);
  }
  void look(uint32_t n) {
    const Use expected = model_.lookup(n, now);
    ASSERT_EQ(lookup(n), expected);
    if (expected == Use::resolved) {
      ASSERT_EQ(found, model_.find(n)->mac);
    } else if (toss()) {
      ASSERT_EQ(ask(n), model_.ask(n, now));
    }
  }
  void pass_time() {
    pass(Duration(100ms) * draw(GetParam() > 100 ? 2 : 20));
    std::set<std::pair<uint32_t, std::string>> asked;
    for (const auto& q : questions) {
      EXPECT_TRUE(
          asked.emplace(q.address.v4() - 0x0a000000, q.unicast ? q.mac.to_string() : "").second);
    }
    ASSERT_EQ(asked, model_.sweep(now));
  }
  void compare(uint32_t n) {
    const auto entry = table.entry(key(n), now);
    const Model::Entry* expected = model_.find(n);
    ASSERT_EQ(entry.has_value(), expected != nullptr);
    if (!entry) return;
    ASSERT_EQ(entry->state, expected->state);
    ASSERT_EQ(entry->mac, expected->mac);
    ASSERT_EQ(entry->router, expected->router);
  }

  std::mt19937_64 random_{5};
  Model model_;
};

TEST_P(NeighboursModel, BehavesAlike) {
  for (int i = 0; i < 200'000; ++i) {
    const auto n = static_cast<uint32_t>(draw(GetParam()));
    agree_on_stale(n);
    operate(n);
    agree_on_stale(n);
    compare(n);
    if (HasFatalFailure()) FAIL() << "in operation " << i;
    ASSERT_EQ(table.size(), model_.size());
  }
  EXPECT_EQ(table.counts().evicted, 0u);
  EXPECT_GT(table.counts().failed, 0u);
}

// So few that each goes through every state; so many that they stand in several shards.
INSTANTIATE_TEST_SUITE_P(All, NeighboursModel, testing::Values(8u, 60u, 3000u));

}  // namespace
}  // namespace uswitch::test
