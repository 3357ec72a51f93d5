// The forwarding database (MAC table) of one network: which port each station is behind
// (IEEE 802.1D-2004 7.8, 7.9; STANDARDS BR-1..6, BR-11).
//
// Kind "learned": any worker looks up without locks and learns under a short lock of one group of
// buckets; the control thread sweeps, flushes, lists and keeps the static entries. Each function
// says who calls it. Bounded by max_addresses: 26 bytes for each of them (rounded up to a KiB) and
// 4 for each port number, in pages that are resident only once used.
//
// Theory of operation. A slot is one 64-bit word that holds MAC and port together, so a reader sees
// either both or neither, a moved station changes in one store, and a slot may be reused at
// once: a word means the same whenever it is read, hence no grace period is needed. Five words, the
// times they were last seen and two bytes of bookkeeping fill a cache line: a bucket. A MAC hashes
// to its home bucket; when that is full it goes into one of the next buckets of the same group of
// 16 (cyclically), and each full bucket passed counts it in `overflow`. So a look-up stops at the
// first bucket whose count is 0: nearly always the home bucket, one cache line, hit or miss.
// The group is closed: whatever happens to a MAC happens within its group, under the group's
// lock, and no pattern of addresses can make a look-up read more than 16 lines. The hash is keyed
// with random bits, so such a pattern cannot be aimed from outside either.
//
// Half of the slots stay free at max_addresses. A full group refuses to learn before that, with
// odds of 1 to 10^8 a group.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>

#include "core/ids.h"
#include "core/spin_lock.h"
#include "core/time.h"
#include "wire/address.h"

namespace uswitch {

class Fdb {
 public:
  // What learn() did with a source address.
  enum class Learn : uint8_t {
    known,           // nothing to do: seen on this port within this tick
    refreshed,       // known, and its age starts anew
    learned,         // new
    moved,           // was on another port; frames to it go to the new one from now on
    damped,          // moved too often within a tick: stays where it is until the next one
    table_full,      // new, and no room: its frames keep being flooded
    port_full,       // new or moving, and the port holds as many as it may
    refused_static,  // a static entry says that it is on another port
  };

  // A MAC address ready for this table: hash it once, prefetch it, then look it up or learn it.
  struct Key {
    uint64_t tag;                               // MAC << 16
    uint32_t bucket;                            // its home
    uint64_t mac() const { return tag >> 16; }  // as MacAddress::to_u64
  };

  struct Entry {
    MacAddress mac;
    PortId port;
    bool is_static;
    Duration age;  // since last seen as a source, to a tick; 0 for a static entry
  };

  static constexpr uint32_t no_limit = std::numeric_limits<uint32_t>::max();
  // Ages count in ticks of 2^28 ns, about a quarter of a second: coarse, so that a steady flow
  // does not write to the table.
  static constexpr int tick_shift = 28;
  // Moves of one station within one tick beyond which it is damped.
  static constexpr uint32_t max_moves_per_tick = 4;

  // Throws std::system_error when the mapping is refused. `seed` keys the hash; tests pass one.
  explicit Fdb(uint32_t max_addresses) : Fdb(max_addresses, random_seed()) {}
  struct Seed {
    uint64_t words[4];
  };
  Fdb(uint32_t max_addresses, const Seed& seed);

  Key key(MacAddress mac) const { return key(mac.to_u64()); }
  Key key(uint64_t mac) const { return key_of_tag(mac << 16); }  // as MacAddress::to_u64
  void prefetch(const Key& key) const { __builtin_prefetch(&buckets_[key.bucket]); }

  // Worker. The port the station is behind, or no_port.
  PortId lookup(const Key& key) const;
  PortId lookup(MacAddress mac) const { return lookup(key(mac)); }

  // Worker. A frame from this source came in by `port`: remembers that (BR-1, BR-5) unless there is
  // no room in the table or the port already has `port_limit` learned entries (BR-11). The source
  // must not be a group address or zero (BR-2).
  Learn learn(const Key& key, PortId port, Time now, uint32_t port_limit = no_limit);
  Learn learn(MacAddress mac, PortId port, Time now, uint32_t port_limit = no_limit) {
    return learn(key(mac), port, now, port_limit);
  }

  // Any thread. What learn() would do with it; changes nothing.
  Learn foresee(MacAddress mac, PortId port, Time now, uint32_t port_limit = no_limit) const;
  // Any thread. What is known of the station.
  std::optional<Entry> entry(MacAddress mac, Time now) const;

  // Control. Puts the station behind the port whatever is learned, and keeps it from moving or
  // ageing. Static entries are taken beyond max_addresses; false only when the MAC's whole group
  // is static already.
  bool add_static(MacAddress mac, PortId port);
  // Control. False when there is no such static entry.
  bool remove_static(MacAddress mac);

  // Control. Forgets what was learned on the port (BR-4: it went down) and says how many. A worker
  // that still takes frames from the port may learn anew: take it from them first.
  size_t flush_port(PortId port);

  // Control, from time to time. Forgets stations that were not seen as a source for `ageing`, never
  // sooner and at most a second later than that plus the time between two rounds. Looks into
  // at most `groups` groups (each below a microsecond) and goes on there at the next call; true
  // when the round is complete. An empty group costs nothing and its pages are not touched.
  bool sweep(Time now, Duration ageing, size_t groups);

  // Control. Every entry, in no order; entries that come or go meanwhile may be missing.
  void for_each(Time now, const std::function<void(const Entry&)>& visit) const;

  // Any thread.
  size_t size() const { return size_.load(std::memory_order_relaxed); }  // static ones included
  uint32_t max_addresses() const { return max_addresses_; }
  size_t learned_on(PortId port) const { return of_port_[port].load(std::memory_order_relaxed); }
  // Times learn() ended so, from `learned` on: what changes nothing is not counted.
  uint64_t count(Learn outcome) const {
    return outcomes_[static_cast<size_t>(outcome)].load(std::memory_order_relaxed);
  }
  uint64_t aged() const { return aged_.load(std::memory_order_relaxed); }
  uint64_t flushed() const { return flushed_.load(std::memory_order_relaxed); }
  size_t bytes() const { return mapping_.get_deleter().bytes; }  // reserved, resident or not

 private:
  using Tick = uint32_t;
  static constexpr uint32_t slots = 5;
  static constexpr uint32_t group_buckets = 16;
  static constexpr uint32_t group_slots = slots * group_buckets;
  static constexpr uint64_t port_mask = 0xffff;
  static constexpr int moves_bits = 6;  // low bits of `seen`; the tick is above
  static constexpr uint32_t moves_mask = (1u << moves_bits) - 1;
  static constexpr Tick tick_mask = ~Tick{0} >> moves_bits;

  struct alignas(64) Bucket {
    std::array<std::atomic<uint64_t>, slots> word;  // word_of(MAC, port); 0 is free
    std::array<std::atomic<uint32_t>, slots> seen;  // tick << moves_bits | moves in that tick
    std::atomic<uint8_t> overflow;                  // entries that passed by when this was full
    std::atomic<uint8_t> statics;                   // bit i: slot i is static
  };
  static_assert(sizeof(Bucket) == 64 && max_moves_per_tick <= moves_mask);

  // Apart from the buckets, so that a sweep over an empty table reads two bytes a group.
  struct Group {
    SpinLock lock;              // for every write to the group but a refresh of `seen`
    std::atomic<uint8_t> live;  // entries
  };

  struct Slot {
    Bucket* bucket;  // null: not found
    uint32_t index;
    std::atomic<uint64_t>& word() const { return bucket->word[index]; }
    std::atomic<uint32_t>& seen() const { return bucket->seen[index]; }
    uint64_t tag() const { return word().load(std::memory_order_relaxed) & ~port_mask; }
    PortId port() const { return port_in(word().load(std::memory_order_relaxed)); }
    bool is_static() const { return bucket->statics.load(std::memory_order_relaxed) >> index & 1; }
    void set_static(bool on) const {
      uint8_t others = bucket->statics.load(std::memory_order_relaxed) & ~(1u << index);
      bucket->statics.store(static_cast<uint8_t>(others | on << index), std::memory_order_relaxed);
    }
  };

  struct Unmap {
    size_t bytes;
    void operator()(std::byte* p) const;
  };

  static Seed random_seed();
  static Tick tick_of(Time now) {
    return static_cast<Tick>(now.time_since_epoch().count() >> tick_shift) & tick_mask;
  }
  // How many ticks a is after b, modulo the tick's 26 bits: right for 100 days.
  static int32_t ticks_between(Tick a, Tick b) {
    return static_cast<int32_t>((a - b) << moves_bits) >> moves_bits;
  }

  Key key_of_tag(uint64_t tag) const;
  Group& group_of(const Key& key) const { return groups_[key.bucket / group_buckets]; }
  // The bucket after this one in its group, the first after the last.
  static uint32_t next(uint32_t bucket) {
    return (bucket & ~(group_buckets - 1)) | ((bucket + 1) & (group_buckets - 1));
  }
  // The port stands inverted, so that a free word reads as MAC 0 behind no_port: a frame to that
  // address finds what it should.
  static uint64_t word_of(uint64_t tag, PortId port) { return tag | (port ^ port_mask); }
  static PortId port_in(uint64_t word) { return static_cast<PortId>(~word); }
  // Holds port_in() if the bucket has the MAC, else something above port_mask. Without a branch a
  // slot (where a station sits is beyond the branch predictor): only the right slot's word leaves
  // no more than the port when the MAC is taken out of it.
  static uint64_t match(const Bucket& bucket, uint64_t tag) {
    static_assert(slots == 5);
    auto left = [&](int i) { return bucket.word[i].load(std::memory_order_relaxed) ^ tag; };
    uint64_t least = left(0);
    least = std::min(least, left(1));
    least = std::min(least, left(2));
    least = std::min(least, left(3));
    return std::min(least, left(4));
  }
  // Bit i is set when slot i holds the word.
  static uint32_t matches(const Bucket& bucket, uint64_t word) {
    auto is = [&](int i) {
      return uint32_t{bucket.word[i].load(std::memory_order_relaxed) == word} << i;
    };
    return is(0) | is(1) | is(2) | is(3) | is(4);
  }
  PortId lookup_beyond_home(const Key& key) const;
  Slot find(const Key& key) const;
  static Learn touch(const Slot& slot, Tick tick);

  Learn learn_slowly(const Key& key, PortId port, Tick tick, uint32_t port_limit);
  Learn room_for(PortId port, uint32_t port_limit) const;
  Learn insert(const Key& key, PortId port, Tick tick, uint32_t port_limit);
  Learn revisit(const Slot& slot, PortId port, Tick tick, uint32_t port_limit);
  static Learn may_move(const Slot& slot, Tick tick);

  // Below this line: with the group's lock held, but for erase_learned, which takes it.
  Slot free_slot(const Key& key) const;
  void fill(const Slot& slot, const Key& key, PortId port);
  void erase(const Slot& slot);
  void count_overflow(const Key& key, const Slot& slot, int change);
  bool evict_learned(const Key& key);
  static Entry entry(const Slot& slot, Tick tick);
  template <class Visit>
  void for_each_entry(size_t group, Visit visit) const;
  template <class Doomed>
  size_t erase_learned(size_t group, Doomed doomed);

  uint32_t max_addresses_;
  size_t group_count_;
  Seed seed_;
  std::unique_ptr<std::byte, Unmap> mapping_;
  Bucket* buckets_;                 // group_count_ * group_buckets
  Group* groups_;                   // group_count_
  std::atomic<uint32_t>* of_port_;  // learned entries, indexed by PortId
  size_t sweep_next_ = 0;           // control's: the group where the next sweep goes on

  alignas(64) std::atomic<uint32_t> size_{0};
  std::array<std::atomic<uint64_t>, 8> outcomes_{};
  std::atomic<uint64_t> aged_{0}, flushed_{0};
};

inline Fdb::Key Fdb::key_of_tag(uint64_t tag) const {
  auto fold = [](uint64_t a, uint64_t b) {
    unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product);
  };
  const auto& s = seed_.words;
  uint64_t hash = fold(fold(tag ^ s[0], s[1]) ^ s[2], s[3]);
  uint64_t group = (hash >> 32) * group_count_ >> 32;
  return {tag, static_cast<uint32_t>(group * group_buckets + hash % group_buckets)};
}

inline PortId Fdb::lookup(const Key& key) const {
  const Bucket& home = buckets_[key.bucket];
  const uint64_t found = match(home, key.tag);
  if (found <= port_mask) return port_in(found);
  if (home.overflow.load(std::memory_order_relaxed) == 0) return no_port;
  return lookup_beyond_home(key);
}

inline Fdb::Learn Fdb::learn(const Key& key, PortId port, Time now, uint32_t port_limit) {
  Bucket& home = buckets_[key.bucket];
  const uint32_t slot = matches(home, word_of(key.tag, port));
  if (slot == 0) return learn_slowly(key, port, tick_of(now), port_limit);
  return touch({&home, static_cast<uint32_t>(std::countr_zero(slot))}, tick_of(now));
}

// Without the lock. Should the slot change hands meanwhile, the new station is at most as much
// younger or older as this worker's turn is long.
inline Fdb::Learn Fdb::touch(const Slot& slot, Tick tick) {
  Tick seen = slot.seen().load(std::memory_order_relaxed) >> moves_bits;
  if (ticks_between(tick, seen) <= 0) return Learn::known;
  slot.seen().store(tick << moves_bits, std::memory_order_relaxed);
  return Learn::refreshed;
}

}  // namespace uswitch
