#include "router/neighbour_table.h"

#include <algorithm>
#include <limits>

#include "core/entropy.h"

namespace uswitch {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto release = std::memory_order_release;
constexpr uint32_t no_limit = std::numeric_limits<uint32_t>::max();

// Counts one more unless that would exceed the limit.
bool count_up(std::atomic<uint32_t>& count, uint32_t limit) {
  if (count.fetch_add(1, relaxed) < limit) return true;
  count.fetch_sub(1, relaxed);
  return false;
}

unsigned bits_for(uint32_t max_entries, unsigned least, unsigned most) {
  const auto bits = static_cast<unsigned>(std::bit_width(uint64_t{2} * max_entries - 1));
  return std::clamp(bits, least, most);
}

}  // namespace

NeighbourTable::Seed NeighbourTable::random_seed() {
  return random_value<Seed>();
}

// All zero bytes are an empty table, so nothing is written to the mapping here.
NeighbourTable::NeighbourTable(uint32_t max_entries, const Seed& seed)
    : max_entries_(std::max(2u, max_entries)),
      shard_bits_(bits_for(max_entries_, min_shard_bits, max_shard_bits)),
      slot_mask_((1u << shard_bits_) - 1),
      seed_(seed),
      shards_((size_t{2} * max_entries_ + slot_mask_) >> shard_bits_),
      memory_((shards_.size() << shard_bits_) * sizeof(Slot)),
      slots_(reinterpret_cast<Slot*>(memory_.data())) {
  for (size_t i = 0; i < shards_.size(); ++i) shards_[i].random = seed.words[0] + i;
}

NeighbourTable::Slot* NeighbourTable::find(const NeighbourKey& key) const {
  const auto address = words(key.address);
  uint32_t index = key.home;
  for (uint32_t n = 0; n <= slot_mask_; ++n, index = next(index)) {
    Slot& slot = slots_[index];
    if (is_named(slot.id.load(relaxed), key.network) &&
        slot.address[0].load(relaxed) == address[0] &&
        slot.address[1].load(relaxed) == address[1]) {
      return &slot;
    }
    if (slot.overflow.load(relaxed) == 0) break;
  }
  return nullptr;
}

// The overflow counts go up before the entry can be found, and down after it cannot any more.
NeighbourTable::Slot* NeighbourTable::insert(const NeighbourKey& key, const NeighbourLink& link,
                                             Time when, Time now, uint64_t& woken) {
  Shard& shard = shards_[shard_of(key)];
  const bool unresolved = is_unresolved(link.state);
  if (unresolved && !reserve_unresolved(shard, woken)) return nullptr;
  const uint32_t limit = link.state == NeighbourState::permanent ? no_limit : max_entries_;
  if (!reserve_slot(shard, limit, now, woken)) {
    if (unresolved) unresolved_.fetch_sub(1, relaxed);
    return nullptr;
  }
  const uint32_t index = free_slot(key.home);
  count_overflow(key.home, index, 1);
  Slot& slot = slots_[index];
  const uint64_t number = slot.id.load(relaxed);
  const auto address = words(key.address);
  slot.address[0].store(address[0], release);
  slot.address[1].store(address[1], release);
  slot.link.store(link, release);
  slot.when.store(when, release);
  slot.waiting = 0;
  slot.since = tick(now);
  slot.solicitations = 0;
  append(slot, link.state);
  slot.id.store(number | uint64_t{key.network} << 48 | whole, release);
  ++shard.live;
  return &slot;
}

void NeighbourTable::set(Slot& slot, const NeighbourLink& link, Time when, Time since) {
  const NeighbourState old = slot.link.load(relaxed).state;
  unlink(slot, old);
  append(slot, link.state);
  if (is_unresolved(old) && !is_unresolved(link.state)) unresolved_.fetch_sub(1, relaxed);
  slot.since = tick(since);
  slot.when.store(when, release);
  slot.link.store(link, release);
}

uint64_t NeighbourTable::erase(Slot& slot) {
  const uint32_t home = key_of(slot).home;
  const NeighbourState state = slot.link.load(relaxed).state;
  unlink(slot, state);
  // The next number, not whole.
  constexpr uint64_t number = ~(uint64_t{0xffff} << 48 | whole);
  slot.id.store(((slot.id.load(relaxed) & number) + 2) & number, release);
  count_overflow(home, index_of(slot), -1);
  --shard_with(slot).live;
  size_.fetch_sub(1, relaxed);
  if (is_unresolved(state)) unresolved_.fetch_sub(1, relaxed);
  return slot.waiting;
}

NeighbourKey NeighbourTable::key_of(const Slot& slot) const {
  const std::array<uint64_t, 2> address{slot.address[0].load(relaxed),
                                        slot.address[1].load(relaxed)};
  return key(static_cast<NetworkId>(slot.id.load(relaxed) >> 48),
             {std::bit_cast<std::array<uint8_t, 16>>(address)});
}

Duration NeighbourTable::age(const Slot& slot, Time now) {
  const auto ticks = static_cast<int32_t>(tick(now) - slot.since);
  return Duration(int64_t{std::max(0, ticks)} << tick_shift);
}

// Weyl's sequence through the finalizer of SplitMix64.
uint64_t NeighbourTable::random(const Slot& slot) {
  uint64_t x = shard_with(slot).random += 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

bool NeighbourTable::reserve_unresolved(Shard& shard, uint64_t& woken) {
  const uint32_t limit = max_entries_ / 2;
  return count_up(unresolved_, limit) ||
         (evict(unresolved_victim(shard), woken) && count_up(unresolved_, limit));
}

// A shard is full at three quarters, so that searches stay short.
bool NeighbourTable::reserve_slot(Shard& shard, uint32_t limit, Time now, uint64_t& woken) {
  const uint32_t most = slot_mask_ / 4 * 3;
  if (shard.live < most && count_up(size_, limit)) return true;
  return evict(victim(shard, now), woken) && count_up(size_, limit);
}

bool NeighbourTable::evict(Slot* victim, uint64_t& woken) {
  if (!victim) return false;
  woken |= erase(*victim);
  evicted_.fetch_add(1, relaxed);
  return true;
}

NeighbourTable::Slot* NeighbourTable::unresolved_victim(Shard& shard) const {
  Slot* failed = at(shard.list(NeighbourState::failed).oldest);
  return failed ? failed : at(shard.list(NeighbourState::incomplete).oldest);
}

NeighbourTable::Slot* NeighbourTable::victim(Shard& shard, Time now) const {
  if (Slot* slot = unresolved_victim(shard)) return slot;
  if (Slot* slot = at(shard.list(NeighbourState::stale).oldest)) return slot;
  Slot* slot = at(shard.list(NeighbourState::reachable).oldest);
  for (int i = 0; slot && i < eviction_depth; ++i, slot = at(slot->newer)) {
    if (slot->when.load(relaxed) <= now) return slot;
  }
  return nullptr;
}

uint32_t NeighbourTable::free_slot(uint32_t home) const {
  while (is_live(slots_[home])) home = next(home);
  return home;
}

void NeighbourTable::count_overflow(uint32_t home, uint32_t index, int change) {
  for (; home != index; home = next(home)) {
    std::atomic<uint16_t>& overflow = slots_[home].overflow;
    overflow.store(static_cast<uint16_t>(overflow.load(relaxed) + change), release);
  }
}

void NeighbourTable::append(Slot& slot, NeighbourState state) {
  List& list = shard_with(slot).list(state);
  slot.older = list.newest;
  slot.newer = none;
  (list.newest == none ? list.oldest : slots_[list.newest].newer) = index_of(slot);
  list.newest = index_of(slot);
}

void NeighbourTable::unlink(Slot& slot, NeighbourState state) {
  List& list = shard_with(slot).list(state);
  (slot.older == none ? list.oldest : slots_[slot.older].newer) = slot.newer;
  (slot.newer == none ? list.newest : slots_[slot.newer].older) = slot.older;
}

}  // namespace uswitch
