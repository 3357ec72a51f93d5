// The memory of the neighbour cache: which entries there are, in which state and order. What the
// states mean is for Neighbours to know, whose part this is.
//
// Kind "learned": any worker reads without locks and changes under a short lock of one shard. 128
// bytes for each of max_entries, in pages that are resident only once used.
//
// Theory of operation. An entry is a cache line, and its key hashes to the line where it should
// stand; when that is taken it stands in one of the next lines of the same shard (cyclically), and
// each line passed counts it in `overflow`. So a search stops at the first line whose count is 0.
// Half of the lines are free when the table is full: a hit reads 1.5 lines on average. An entry
// never moves. The hash is keyed with random bits, so nobody outside can aim at one line or shard.
//
// A line may be reused at once, so a reader must know that key and link belong together. The word
// `id` says so: it holds the network and a number that no other entry in that line ever had or will
// have, and is odd only while the entry is whole. Read before and after the rest, it is the same
// only if nothing was exchanged between. All loads between are acquire and all stores release, so
// whoever has seen a part of the next entry sees that `id` has changed.
//
// A shard is a closed table with a lock of its own. Its entries hang in one list for each state,
// the one that came into it (or was renewed in it) longest ago first. All entries in a state with a
// timer have the same time to wait, so a list's first is the first to be due.
#pragma once
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core/fold.h"
#include "core/lazy_memory.h"
#include "core/spin_lock.h"
#include "core/time.h"
#include "router/neighbour_entry.h"

namespace uswitch {

class NeighbourTable {
 public:
  struct Seed {
    uint64_t words[4];
  };

  struct alignas(64) Slot {
    std::atomic<uint64_t> id;  // network << 48 | number << 1 | whole
    std::array<std::atomic<uint64_t>, 2> address;
    std::atomic<NeighbourLink> link;
    // When the state's timer runs out; since when the entry is stale.
    std::atomic<Time> when;
    // The rest is read and written under the lock only, but for `overflow`.
    uint64_t waiting;  // bit i: worker i has packets for it
    uint32_t older, newer;
    uint32_t since;  // ticks: when the entry was last confirmed or changed its state
    std::atomic<uint16_t> overflow;
    uint8_t solicitations;  // sent in this state
  };
  static_assert(sizeof(Slot) == 64);

  // What a search without the lock saw of an entry in one moment.
  struct Seen {
    bool found = false;
    NeighbourLink link;
    Time when;
  };

  // Throws std::system_error when the mapping is refused. Incomplete and failed entries together
  // get half of the table at most.
  NeighbourTable(uint32_t max_entries, const Seed& seed);
  static Seed random_seed();

  NeighbourKey key(NetworkId network, const IpAddress& address) const {
    return {address, network, home(network, address)};
  }
  uint32_t home(NetworkId network, const IpAddress& address) const;
  void prefetch(const NeighbourKey& key) const { __builtin_prefetch(&slots_[key.home]); }
  Seen read(const NeighbourKey& key) const;

  size_t shards() const { return shards_.size(); }
  size_t shard_of(const NeighbourKey& key) const { return key.home >> shard_bits_; }
  SpinLock& lock(size_t shard) const { return shards_[shard].lock; }

  // From here to for_slots: with the lock of the entry's shard held.
  Slot* find(const NeighbourKey& key) const;
  // A new entry; when there is no room, in the place of the one that is missed least: failed, else
  // waiting for an answer longest, else stale longest. Null when all others are reachable or
  // permanent. A permanent entry is taken beyond max_entries. Adds the workers that waited for the
  // entry pushed out to `woken`.
  Slot* insert(const NeighbourKey& key, const NeighbourLink& link, Time when, Time now,
               uint64_t& woken);
  // Changes state or MAC and puts the entry last in the list of its state.
  void set(Slot& slot, const NeighbourLink& link, Time when, Time since);
  // Returns the workers that waited.
  uint64_t erase(Slot& slot);
  // The first of the list, or null.
  Slot* oldest(size_t shard, NeighbourState state) { return at(shards_[shard].list(state).oldest); }
  NeighbourKey key_of(const Slot& slot) const;
  static Duration age(const Slot& slot, Time now);
  // 64 bits to draw from.
  uint64_t random(const Slot& slot);

  // Visits the whole table, `visit(slot)` with the shard's lock held, which is let go after each
  // `chunk` slots; then calls `between()`.
  static constexpr size_t chunk = 16;
  template <class Visit, class Between>
  void for_slots(Visit visit, Between between) const;

  // Any thread.
  size_t size() const { return size_.load(std::memory_order_relaxed); }
  size_t max_entries() const { return max_entries_; }
  size_t bytes() const { return (slot_mask_ + 1) * shards_.size() * sizeof(Slot); }  // reserved
  uint64_t evicted() const { return evicted_.load(std::memory_order_relaxed); }

 private:
  static constexpr uint32_t none = ~uint32_t{0};
  static constexpr uint64_t whole = 1;
  static constexpr uint64_t id_of_key = uint64_t{0xffff} << 48 | whole;
  static constexpr int tick_shift = 24;  // about 17 ms; `since` is right for two years
  // Shards this large have nearly the same load; smaller ones would be full at different times.
  static constexpr unsigned max_shard_bits = 12;
  static constexpr unsigned min_shard_bits = 4;
  // How far the list of reachable ones is searched for one whose time has run out.
  static constexpr int eviction_depth = 16;

  struct List {
    uint32_t oldest = none, newest = none;
  };
  struct alignas(64) Shard {
    mutable SpinLock lock;
    uint32_t live = 0;
    uint64_t random = 0;
    std::array<List, neighbour_states> lists;
    List& list(NeighbourState state) { return lists[static_cast<size_t>(state)]; }
  };

  static uint32_t tick(Time t) {
    return static_cast<uint32_t>(t.time_since_epoch().count() >> tick_shift);
  }
  static std::array<uint64_t, 2> words(const IpAddress& a) {
    return std::bit_cast<std::array<uint64_t, 2>>(a.bytes);
  }
  static bool is_named(uint64_t id, NetworkId network) {
    return ((id ^ (uint64_t{network} << 48 | whole)) & id_of_key) == 0;
  }
  static bool is_live(const Slot& slot) { return slot.id.load(std::memory_order_relaxed) & whole; }
  uint32_t next(uint32_t index) const { return (index & ~slot_mask_) | ((index + 1) & slot_mask_); }
  Slot* at(uint32_t index) const { return index == none ? nullptr : &slots_[index]; }
  uint32_t index_of(const Slot& slot) const { return static_cast<uint32_t>(&slot - slots_); }
  Shard& shard_with(const Slot& slot) { return shards_[index_of(slot) >> shard_bits_]; }

  bool reserve_unresolved(Shard& shard, uint64_t& woken);
  bool reserve_slot(Shard& shard, uint32_t limit, Time now, uint64_t& woken);
  bool evict(Slot* victim, uint64_t& woken);
  Slot* unresolved_victim(Shard& shard) const;
  Slot* victim(Shard& shard, Time now) const;
  uint32_t free_slot(uint32_t home) const;
  void count_overflow(uint32_t home, uint32_t index, int change);
  void append(Slot& slot, NeighbourState state);
  void unlink(Slot& slot, NeighbourState state);

  uint32_t max_entries_;
  unsigned shard_bits_;
  uint32_t slot_mask_;
  Seed seed_;
  std::vector<Shard> shards_;
  LazyMemory memory_;
  Slot* slots_;

  alignas(64) std::atomic<uint32_t> size_{0};
  std::atomic<uint32_t> unresolved_{0};
  std::atomic<uint64_t> evicted_{0};
};

inline uint32_t NeighbourTable::home(NetworkId network, const IpAddress& address) const {
  const auto [a, b] = words(address);
  const auto& s = seed_.words;
  const uint64_t hash = fold(fold(a ^ s[0], b ^ s[1]) ^ s[2], s[3] ^ network);
  const uint64_t shard = (hash >> 32) * shards_.size() >> 32;
  return static_cast<uint32_t>(shard << shard_bits_ | (hash & slot_mask_));
}

inline NeighbourTable::Seen NeighbourTable::read(const NeighbourKey& key) const {
  constexpr auto acquire = std::memory_order_acquire;
  const auto address = words(key.address);
  Seen seen;  // returned by every way out, so filled where the caller wants it
  uint32_t index = key.home;
  for (uint32_t n = 0; n <= slot_mask_; ++n, index = next(index)) {
    const Slot& slot = slots_[index];
    const uint64_t id = slot.id.load(acquire);
    if (is_named(id, key.network) && slot.address[0].load(acquire) == address[0] &&
        slot.address[1].load(acquire) == address[1]) {
      seen.link = slot.link.load(acquire);
      seen.when = slot.when.load(acquire);
      // If it is another entry by now, then ours went away while we looked: not there.
      seen.found = slot.id.load(std::memory_order_relaxed) == id;
      return seen;
    }
    if (slot.overflow.load(std::memory_order_relaxed) == 0) break;
  }
  return seen;
}

template <class Visit, class Between>
void NeighbourTable::for_slots(Visit visit, Between between) const {
  static_assert(chunk <= size_t{1} << min_shard_bits);
  for (size_t first = 0; first < shards_.size() << shard_bits_; first += chunk) {
    const Shard& shard = shards_[first >> shard_bits_];
    {
      std::lock_guard guard(shard.lock);
      if (shard.live == 0) {
        first |= slot_mask_ & ~(chunk - 1);
        continue;
      }
      for (size_t i = first; i < first + chunk; ++i) {
        if (is_live(slots_[i])) visit(slots_[i]);
      }
    }
    between();
  }
}

}  // namespace uswitch
