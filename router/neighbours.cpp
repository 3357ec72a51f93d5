// What workers and configuration do to an entry; neighbour_timers.cpp is what time does.
#include "router/neighbours.h"

#include <array>
#include <cassert>
#include <utility>

namespace uswitch {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;

[[maybe_unused]] bool is_station(const MacAddress& mac) {
  return !mac.is_group() && !mac.is_zero();
}

}  // namespace

// Calls work(slot or null, woken) with the lock held and tells the woken workers after it.
template <class Work>
void Neighbours::change(const Key& key, Work work) {
  uint64_t woken = 0;
  {
    std::lock_guard guard(table_.lock(table_.shard_of(key)));
    work(table_.find(key), woken);
  }
  wake(woken);
}

void Neighbours::wake(uint64_t workers) const {
  if (workers != 0 && on_resolved_) on_resolved_(workers);
}

void Neighbours::use_stale(const Key& key, Time now) {
  change(key, [&](Slot* slot, uint64_t&) {
    if (slot) use(*slot, now);
  });
}

// RFC 4861 7.3.3: the first packet to a stale neighbour starts the delay.
MacAddress Neighbours::use(Slot& slot, Time now) {
  NeighbourLink link = link_of(slot);
  if (state_at(slot, now) == State::stale) {
    link.state = State::delay;
    table_.set(slot, link, now + delay_time, now);
  }
  return link.mac;
}

Neighbours::Ask Neighbours::ask(const Key& key, Time now, unsigned worker) {
  assert(worker < max_workers);
  Ask answer{Ask::What::full, {}};
  change(key, [&](Slot* slot, uint64_t& woken) {
    const bool was_there = slot;
    if (!slot) slot = create(key, {}, now + retransmit_time, now, woken);
    if (!slot) return;
    const State state = link_of(*slot).state;
    if (!is_unresolved(state)) {
      answer = {Ask::What::resolved, use(*slot, now)};
      return;
    }
    if (state == State::failed && now < when_of(*slot)) {
      answer.what = Ask::What::failed;
      return;
    }
    const bool first = !was_there || state == State::failed;
    if (first) solicit_anew(*slot, now);
    slot->waiting |= uint64_t{1} << worker;
    answer.what = first ? Ask::What::solicit : Ask::What::wait;
  });
  return answer;
}

void Neighbours::solicit_anew(Slot& slot, Time now) {
  table_.set(slot, {}, now + retransmit_time, now);
  slot.solicitations = 1;
  solicitations_.fetch_add(1, relaxed);
}

Neighbours::Outcome Neighbours::outcome(const Key& key, Time now, unsigned worker,
                                        MacAddress& mac) {
  Outcome outcome = Outcome::gone;
  change(key, [&](Slot* slot, uint64_t&) {
    if (!slot) return;
    const State state = link_of(*slot).state;
    if (state == State::incomplete) {
      slot->waiting |= uint64_t{1} << worker;  // another entry than before, perhaps
      outcome = Outcome::wait;
    } else if (state == State::failed) {
      outcome = Outcome::failed;
    } else {
      mac = use(*slot, now);
      outcome = Outcome::resolved;
    }
  });
  return outcome;
}

// A first look without the lock: nearly all that is heard is known. An unresolved entry's MAC is
// zero, hence differs from any that is heard.
void Neighbours::heard_request(const Key& key, const MacAddress& mac, Time now, bool to_me) {
  assert(is_station(mac));
  const NeighbourTable::Seen seen = table_.read(key);
  if (seen.found ? seen.link.mac == mac : !to_me) return;
  change(key, [&](Slot* slot, uint64_t& woken) {
    if (!slot) {
      if (to_me) create_stale(key, {mac, State::stale, false}, now, woken);
    } else if (link_of(*slot).mac != mac) {
      take(*slot, {mac, State::stale, link_of(*slot).router}, now, woken);
    }
  });
}

void Neighbours::heard_reply(const Key& key, const MacAddress& mac, Time now, bool for_me) {
  assert(is_station(mac));
  const NeighbourTable::Seen seen = table_.read(key);
  const bool known = seen.found && seen.link.mac == mac;
  if (known ? !for_me || is_fresh(seen, now) : !seen.found && !for_me) return;
  change(key, [&](Slot* slot, uint64_t& woken) {
    if (!slot) {
      if (for_me) create_stale(key, {mac, State::stale, false}, now, woken);
      return;
    }
    const bool changes = link_of(*slot).mac != mac;
    if (!changes && !for_me) return;
    // One who contradicts a neighbour that is reachable was not asked: taken, but not trusted.
    const bool asked = for_me && !(changes && state_at(*slot, now) == State::reachable);
    const State state = asked ? State::reachable : State::stale;
    take(*slot, {mac, state, link_of(*slot).router}, now, woken);
  });
}

void Neighbours::heard_advertisement(const Key& key, const std::optional<MacAddress>& mac,
                                     bool solicited, bool override, bool router, Time now) {
  assert(!mac || is_station(*mac));
  change(key, [&](Slot* slot, uint64_t& woken) {
    const State state = solicited ? State::reachable : State::stale;
    if (!slot) {
      // RFC 9131 6.1.1: a router believes enough of it not to have to ask.
      if (mac) create_stale(key, {*mac, State::stale, router}, now, woken);
    } else if (is_unresolved(link_of(*slot).state)) {
      if (mac) take(*slot, {*mac, state, router}, now, woken);
    } else {
      advertised(*slot, {mac.value_or(link_of(*slot).mac), state, router}, solicited, override, now,
                 woken);
    }
  });
}

// RFC 4861 7.2.5 for an entry that has a MAC; `link` is what the advertisement says.
void Neighbours::advertised(Slot& slot, NeighbourLink link, bool solicited, bool override, Time now,
                            uint64_t& woken) {
  const NeighbourLink old = link_of(slot);
  const bool differs = link.mac != old.mac;
  if (differs && !override) {
    if (state_at(slot, now) == State::reachable)
      take(slot, {old.mac, State::stale, old.router}, now, woken);
  } else if (solicited || differs) {
    take(slot, link, now, woken);
  } else if (old.state != State::permanent) {
    slot.link.store({old.mac, old.state, link.router}, std::memory_order_release);
  }
}

void Neighbours::confirm(const Key& key, Time now) {
  const NeighbourTable::Seen seen = table_.read(key);
  if (!seen.found || is_unresolved(seen.link.state) || is_fresh(seen, now)) return;
  change(key, [&](Slot* slot, uint64_t& woken) {
    if (!slot || is_unresolved(link_of(*slot).state)) return;
    take(*slot, {link_of(*slot).mac, State::reachable, link_of(*slot).router}, now, woken);
  });
}

// The entry becomes reachable or stale, unless it is configured.
void Neighbours::take(Slot& slot, const NeighbourLink& link, Time now, uint64_t& woken) {
  if (link_of(slot).state == State::permanent) return;
  Duration lasts{0};
  if (link.state == State::reachable) {
    const uint64_t drawn = table_.random(slot) % static_cast<uint64_t>(reachable_time.count());
    lasts = reachable_time / 2 + Duration(drawn);
  }
  table_.set(slot, link, now + lasts, now);
  woken |= std::exchange(slot.waiting, 0);
}

Neighbours::Slot* Neighbours::create(const Key& key, const NeighbourLink& link, Time when, Time now,
                                     uint64_t& woken) {
  Slot* slot = table_.insert(key, link, when, now, woken);
  (slot ? created_ : full_).fetch_add(1, relaxed);
  return slot;
}

void Neighbours::create_stale(const Key& key, const NeighbourLink& link, Time now,
                              uint64_t& woken) {
  create(key, link, now, now, woken);
}

bool Neighbours::add_permanent(NetworkId network, const IpAddress& address, const MacAddress& mac) {
  assert(is_station(mac));
  const NeighbourLink link{mac, State::permanent, false};
  const Key k = key(network, address);
  bool there = true;
  change(k, [&](Slot* slot, uint64_t& woken) {
    if (slot) {
      table_.set(*slot, link, Time{}, Time{});
      woken |= std::exchange(slot->waiting, 0);
    } else {
      there = create(k, link, Time{}, Time{}, woken) != nullptr;
    }
  });
  return there;
}

bool Neighbours::remove(NetworkId network, const IpAddress& address) {
  bool there = false;
  change(key(network, address), [&](Slot* slot, uint64_t& woken) {
    there = slot;
    if (slot) woken |= table_.erase(*slot);
  });
  return there;
}

size_t Neighbours::flush_network(NetworkId network) {
  size_t flushed = 0;
  uint64_t woken = 0;
  auto erase = [&](Slot& slot) {
    if (table_.key_of(slot).network != network) return;
    woken |= table_.erase(slot);
    ++flushed;
  };
  table_.for_slots(erase, [] {});
  wake(woken);
  return flushed;
}

std::optional<Neighbours::Entry> Neighbours::entry(const Key& key, Time now) const {
  std::lock_guard guard(table_.lock(table_.shard_of(key)));
  const Slot* slot = table_.find(key);
  if (!slot) return std::nullopt;
  return entry_of(*slot, now);
}

void Neighbours::for_each(Time now, const std::function<void(const Entry&)>& visit) const {
  std::array<Entry, NeighbourTable::chunk> entries;
  size_t count = 0;
  table_.for_slots([&](const Slot& slot) { entries[count++] = entry_of(slot, now); },
                   [&] {
                     for (size_t i = 0; i < count; ++i) visit(entries[i]);
                     count = 0;
                   });
}

Neighbours::Entry Neighbours::entry_of(const Slot& slot, Time now) const {
  const Key k = table_.key_of(slot);
  const NeighbourLink link = link_of(slot);
  const bool permanent = link.state == State::permanent;
  const Duration age = permanent ? Duration(0) : NeighbourTable::age(slot, now);
  return {k.network, k.address, link.mac, state_at(slot, now), link.router, age};
}

Neighbours::Counts Neighbours::counts() const {
  return {created_.load(relaxed), failed_.load(relaxed), table_.evicted(), full_.load(relaxed),
          solicitations_.load(relaxed)};
}

}  // namespace uswitch
