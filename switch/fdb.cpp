#include "switch/fdb.h"

#include <sys/mman.h>

#include <cerrno>
#include <mutex>
#include <system_error>

#include "core/entropy.h"

namespace uswitch {
namespace {

constexpr size_t ports = size_t{1} << 16;

std::byte* map_zeroes(size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "MAC table");
  return static_cast<std::byte*>(p);
}

// Counts one more unless that would exceed the limit.
bool reserve(std::atomic<uint32_t>& count, uint32_t limit) {
  if (count.fetch_add(1, std::memory_order_relaxed) < limit) return true;
  count.fetch_sub(1, std::memory_order_relaxed);
  return false;
}
void release(std::atomic<uint32_t>& count) {
  count.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace

void Fdb::Unmap::operator()(std::byte* p) const {
  munmap(p, bytes);
}

Fdb::Seed Fdb::random_seed() {
  return random_value<Seed>();
}

// All zero bytes are an empty table, so nothing is written to the mapping here.
Fdb::Fdb(uint32_t max_addresses, const Seed& seed)
    : max_addresses_(max_addresses),
      group_count_(
          std::max<size_t>(1, (size_t{2} * max_addresses + group_slots - 1) / group_slots)),
      seed_(seed) {
  const size_t buckets = group_count_ * group_buckets * sizeof(Bucket);
  const size_t per_port = ports * sizeof(std::atomic<uint32_t>);
  const size_t bytes = buckets + per_port + group_count_ * sizeof(Group);
  mapping_ = {map_zeroes(bytes), Unmap{bytes}};
  std::byte* p = mapping_.get();
  buckets_ = reinterpret_cast<Bucket*>(p);
  of_port_ = reinterpret_cast<std::atomic<uint32_t>*>(p + buckets);
  groups_ = reinterpret_cast<Group*>(p + buckets + per_port);
}

PortId Fdb::lookup_beyond_home(const Key& key) const {
  uint32_t bucket = key.bucket;
  for (uint32_t i = 1; i < group_buckets; ++i) {
    if (buckets_[bucket].overflow.load(std::memory_order_relaxed) == 0) break;
    bucket = next(bucket);
    const uint64_t found = match(buckets_[bucket], key.tag);
    if (found <= port_mask) return port_in(found);
  }
  return no_port;
}

Fdb::Slot Fdb::find(const Key& key) const {
  uint32_t bucket = key.bucket;
  for (uint32_t n = 0; n < group_buckets; ++n, bucket = next(bucket)) {
    Bucket& b = buckets_[bucket];
    for (uint32_t i = 0; i < slots; ++i) {
      if ((b.word[i].load(std::memory_order_relaxed) ^ key.tag) <= port_mask) return {&b, i};
    }
    if (b.overflow.load(std::memory_order_relaxed) == 0) break;
  }
  return {};
}

Fdb::Learn Fdb::learn_slowly(const Key& key, PortId port, Tick tick, uint32_t port_limit) {
  assert(key.tag != 0 && (key.tag >> 56 & 1) == 0 && port != no_port);
  Slot slot = find(key);
  if (slot.bucket && slot.port() == port) return touch(slot, tick);
  Learn outcome = slot.bucket ? Learn::moved : room_for(port, port_limit);
  if (outcome == Learn::moved || outcome == Learn::learned) {
    std::lock_guard lock(group_of(key).lock);
    slot = find(key);
    outcome =
        slot.bucket ? revisit(slot, port, tick, port_limit) : insert(key, port, tick, port_limit);
  }
  if (outcome >= Learn::learned) {
    outcomes_[static_cast<size_t>(outcome)].fetch_add(1, std::memory_order_relaxed);
  }
  return outcome;
}

// A first look without the lock, so that a flood of new addresses into a full table or port is
// refused cheaply.
Fdb::Learn Fdb::room_for(PortId port, uint32_t port_limit) const {
  if (size() >= max_addresses_) return Learn::table_full;
  return learned_on(port) >= port_limit ? Learn::port_full : Learn::learned;
}

Fdb::Learn Fdb::insert(const Key& key, PortId port, Tick tick, uint32_t port_limit) {
  Slot slot = free_slot(key);
  if (!slot.bucket || !reserve(size_, max_addresses_)) return Learn::table_full;
  if (!reserve(of_port_[port], port_limit)) {
    release(size_);
    return Learn::port_full;
  }
  slot.seen().store(tick << moves_bits, std::memory_order_relaxed);
  fill(slot, key, port);
  return Learn::learned;
}

Fdb::Learn Fdb::revisit(const Slot& slot, PortId port, Tick tick, uint32_t port_limit) {
  const PortId old_port = slot.port();
  if (old_port == port) return touch(slot, tick);
  if (const Learn may = may_move(slot, tick); may != Learn::moved) return may;
  if (!reserve(of_port_[port], port_limit)) return Learn::port_full;
  release(of_port_[old_port]);
  const uint32_t seen = slot.seen().load(std::memory_order_relaxed);
  const bool newer = ticks_between(tick, seen >> moves_bits) > 0;
  const uint32_t moves = newer ? 0 : seen & moves_mask;
  const uint32_t base = newer ? tick << moves_bits : seen & ~moves_mask;
  slot.seen().store(base | (moves + 1), std::memory_order_relaxed);
  slot.word().store(word_of(slot.tag(), port), std::memory_order_relaxed);
  return Learn::moved;
}

// To another port, if that has room.
Fdb::Learn Fdb::may_move(const Slot& slot, Tick tick) {
  if (slot.is_static()) return Learn::refused_static;
  const uint32_t seen = slot.seen().load(std::memory_order_relaxed);
  const bool newer = ticks_between(tick, seen >> moves_bits) > 0;
  return !newer && (seen & moves_mask) >= max_moves_per_tick ? Learn::damped : Learn::moved;
}

Fdb::Learn Fdb::foresee(MacAddress mac, PortId port, Time now, uint32_t port_limit) const {
  const Key k = key(mac);
  std::lock_guard lock(group_of(k).lock);
  const Slot slot = find(k);
  if (!slot.bucket) {
    const Learn room = room_for(port, port_limit);
    return room == Learn::learned && !free_slot(k).bucket ? Learn::table_full : room;
  }
  if (slot.port() == port) return Learn::known;
  const Learn may = may_move(slot, tick_of(now));
  return may == Learn::moved && learned_on(port) >= port_limit ? Learn::port_full : may;
}

std::optional<Fdb::Entry> Fdb::entry(MacAddress mac, Time now) const {
  const Key k = key(mac);
  std::lock_guard lock(group_of(k).lock);
  const Slot slot = find(k);
  if (!slot.bucket) return std::nullopt;
  return entry(slot, tick_of(now));
}

bool Fdb::add_static(MacAddress mac, PortId port) {
  const Key k = key(mac);
  std::lock_guard lock(group_of(k).lock);
  Slot slot = find(k);
  if (slot.bucket) {
    if (!slot.is_static()) release(of_port_[slot.port()]);
    slot.word().store(word_of(k.tag, port), std::memory_order_relaxed);
  } else {
    slot = free_slot(k);
    if (!slot.bucket && evict_learned(k)) slot = free_slot(k);
    if (!slot.bucket) return false;
    size_.fetch_add(1, std::memory_order_relaxed);
    fill(slot, k, port);
  }
  slot.set_static(true);
  return true;
}

bool Fdb::remove_static(MacAddress mac) {
  const Key k = key(mac);
  std::lock_guard lock(group_of(k).lock);
  Slot slot = find(k);
  if (!slot.bucket || !slot.is_static()) return false;
  erase(slot);
  return true;
}

size_t Fdb::flush_port(PortId port) {
  size_t flushed = 0;
  for (size_t g = 0; g < group_count_ && learned_on(port) != 0; ++g) {
    flushed += erase_learned(g, [&](const Slot& slot) { return slot.port() == port; });
  }
  flushed_.fetch_add(flushed, std::memory_order_relaxed);
  return flushed;
}

bool Fdb::sweep(Time now, Duration ageing, size_t groups) {
  // A station may have been seen at the end of its tick, and now may be the start of ours: only
  // from one tick more on is it certain that `ageing` has passed.
  const Tick tick = tick_of(now);
  const int64_t enough = ((ageing.count() - 1) >> tick_shift) + 2;
  auto doomed = [&](const Slot& slot) {
    return ticks_between(tick, slot.seen().load(std::memory_order_relaxed) >> moves_bits) >= enough;
  };
  size_t aged = 0;
  for (; groups != 0 && sweep_next_ < group_count_; ++sweep_next_) {
    if (groups_[sweep_next_].live.load(std::memory_order_relaxed) == 0) continue;
    aged += erase_learned(sweep_next_, doomed);
    --groups;
  }
  aged_.fetch_add(aged, std::memory_order_relaxed);
  if (sweep_next_ < group_count_) return false;
  sweep_next_ = 0;
  return true;
}

void Fdb::for_each(Time now, const std::function<void(const Entry&)>& visit) const {
  for (size_t g = 0; g < group_count_; ++g) {
    if (groups_[g].live.load(std::memory_order_relaxed) == 0) continue;
    std::array<Entry, group_slots> entries;
    size_t count = 0;
    {
      std::lock_guard lock(groups_[g].lock);
      for_each_entry(g, [&](const Slot& slot) { entries[count++] = entry(slot, tick_of(now)); });
    }
    for (size_t i = 0; i < count; ++i) visit(entries[i]);
  }
}

Fdb::Entry Fdb::entry(const Slot& slot, Tick tick) {
  const uint64_t word = slot.word().load(std::memory_order_relaxed);
  const Tick seen = slot.seen().load(std::memory_order_relaxed) >> moves_bits;
  const int32_t ticks = slot.is_static() ? 0 : std::max(0, ticks_between(tick, seen));
  return {MacAddress::from_u64(word >> 16), port_in(word), slot.is_static(),
          Duration(int64_t{ticks} << tick_shift)};
}

Fdb::Slot Fdb::free_slot(const Key& key) const {
  uint32_t bucket = key.bucket;
  for (uint32_t n = 0; n < group_buckets; ++n, bucket = next(bucket)) {
    for (uint32_t i = 0; i < slots; ++i) {
      if (buckets_[bucket].word[i].load(std::memory_order_relaxed) == 0) {
        return {&buckets_[bucket], i};
      }
    }
  }
  return {};
}

// The overflow counts go up before the entry can be found and down after it cannot any more.
void Fdb::fill(const Slot& slot, const Key& key, PortId port) {
  count_overflow(key, slot, 1);
  slot.word().store(word_of(key.tag, port), std::memory_order_release);
  group_of(key).live.fetch_add(1, std::memory_order_relaxed);
}

void Fdb::erase(const Slot& slot) {
  const Key key = key_of_tag(slot.tag());
  if (!slot.is_static()) release(of_port_[slot.port()]);
  slot.word().store(0, std::memory_order_relaxed);
  slot.set_static(false);
  count_overflow(key, slot, -1);
  group_of(key).live.fetch_sub(1, std::memory_order_relaxed);
  release(size_);
}

void Fdb::count_overflow(const Key& key, const Slot& slot, int change) {
  for (uint32_t b = key.bucket; &buckets_[b] != slot.bucket; b = next(b)) {
    std::atomic<uint8_t>& overflow = buckets_[b].overflow;
    overflow.store(static_cast<uint8_t>(overflow.load(std::memory_order_relaxed) + change),
                   std::memory_order_release);
  }
}

bool Fdb::evict_learned(const Key& key) {
  Slot victim{};
  for_each_entry(key.bucket / group_buckets, [&](const Slot& slot) {
    if (!slot.is_static()) victim = slot;
  });
  if (victim.bucket) erase(victim);
  return victim.bucket;
}

template <class Visit>
void Fdb::for_each_entry(size_t group, Visit visit) const {
  for (Bucket *b = &buckets_[group * group_buckets], *end = b + group_buckets; b != end; ++b) {
    for (uint32_t i = 0; i < slots; ++i) {
      if (b->word[i].load(std::memory_order_relaxed) != 0) visit(Slot{b, i});
    }
  }
}

template <class Doomed>
size_t Fdb::erase_learned(size_t group, Doomed doomed) {
  if (groups_[group].live.load(std::memory_order_relaxed) == 0) return 0;
  size_t erased = 0;
  std::lock_guard lock(groups_[group].lock);
  for_each_entry(group, [&](const Slot& slot) {
    if (slot.is_static() || !doomed(slot)) return;
    erase(slot);
    ++erased;
  });
  return erased;
}

}  // namespace uswitch
