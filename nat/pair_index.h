// Finds records of an array by two keys each: a connection by the tuple of either direction, a
// mapping by its inner and its external end. The records are elsewhere; here stand only their
// numbers.
//
// Kind "learned": any thread finds without locks; inserting and erasing both keys of a record
// happens under the locks of both keys' groups, so that it is one step for everybody else who
// locks (NG-6). For those who do not it is one step if the record becomes live after insert().
//
// Theory of operation: that of switch/fdb.h. Seven slots and a count fill a cache line, a bucket.
// A slot is 32 bits of the key's hash, the record's number and which of its two keys this is; the
// record is looked at only when the 32 bits are right. A key hashes to its home bucket; when that
// is full it goes into one of the next buckets of the same group of 32 (cyclically), and each full
// bucket passed counts it. So a look-up stops at the first bucket that nothing has passed: nearly
// always the first. Words never move. 60 % of the words are in use when every record is, which
// makes 30.5 bytes a record; a group is full before that with odds of 1 to 10^13.
#pragma once
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "core/spin_lock.h"
#include "core/zeroed_array.h"

namespace uswitch {

class PairIndex {
 public:
  // Record numbers are below this.
  static constexpr uint32_t max_records = (1u << 24) - 1;

  // Where a key belongs: made from its hash once.
  struct Place {
    uint32_t bucket;
    uint32_t fingerprint;  // never 0
  };

  struct Hit {
    uint32_t record;
    uint8_t side;
    bool found;
    explicit operator bool() const { return found; }
  };

  explicit PairIndex(uint32_t records);

  Place place(uint64_t hash) const {
    const uint64_t group = (hash >> 32) * group_count_ >> 32;
    return {static_cast<uint32_t>(group * group_buckets + hash % group_buckets),
            static_cast<uint32_t>(hash >> 5) | 1};
  }
  void prefetch(const Place& place) const { __builtin_prefetch(&buckets_[place.bucket]); }

  // The record whose key number `side` has this place and for which same(record, side) is true.
  template <class Same>
  Hit find(const Place& place, Same same) const {
    const Bucket& home = buckets_[place.bucket];
    const Hit hit = find_in(home, place.fingerprint, same);
    if (hit || home.overflow.load(std::memory_order_relaxed) == 0) return hit;
    return find_beyond_home(place, same);
  }
  // What find() will look at first: for a prefetch of the record. Not found: nothing, or later.
  Hit guess(const Place& place) const {
    return find_in(buckets_[place.bucket], place.fingerprint,
                   [](uint32_t, uint8_t) { return true; });
  }

  // Holds the groups of two places, in an order that all agree on.
  class Lock {
   public:
    Lock(PairIndex& index, const Place& a, const Place& b);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    SpinLock* first_;
    SpinLock* second_;  // null when it is the same
  };

  // With both places' groups locked: both keys of a record that is not live yet. False when a group
  // is full.
  bool insert(const Place& first, const Place& second, uint32_t record);
  // With both places' groups locked; the keys are there.
  void erase(const Place& first, const Place& second, uint32_t record);

  size_t bytes() const { return buckets_.bytes() + locks_.bytes(); }

 private:
  static constexpr uint32_t slots = 7;
  static constexpr uint32_t group_buckets = 32;
  static constexpr uint32_t group_slots = slots * group_buckets;
  static_assert(group_slots <= 255);  // what `overflow` can count

  struct alignas(64) Bucket {
    std::array<std::atomic<uint32_t>, slots> fingerprint;  // 0: the slot is free
    std::array<std::atomic<uint32_t>, slots> entry;        // entry_of(), stored first
    std::atomic<uint8_t> overflow;                         // keys that passed by when this was full
  };
  static_assert(sizeof(Bucket) == 64);

  static uint32_t entry_of(uint32_t record, uint8_t side) { return record << 1 | side; }
  // The bucket after this one in its group, the first after the last.
  static uint32_t next(uint32_t bucket) {
    return (bucket & ~(group_buckets - 1)) | ((bucket + 1) & (group_buckets - 1));
  }
  // Bit i is set when slot i has the fingerprint.
  static uint32_t matches(const Bucket& bucket, uint32_t fingerprint) {
    auto is = [&](uint32_t i) {
      return uint32_t{bucket.fingerprint[i].load(std::memory_order_relaxed) == fingerprint} << i;
    };
    return is(0) | is(1) | is(2) | is(3) | is(4) | is(5) | is(6);
  }

  // Should the slot change hands between the two loads, then the entry is of another key, and the
  // record says so.
  template <class Same>
  static Hit find_in(const Bucket& bucket, uint32_t fingerprint, Same same) {
    for (uint32_t m = matches(bucket, fingerprint); m != 0; m &= m - 1) {
      const auto i = static_cast<uint32_t>(std::countr_zero(m));
      if (bucket.fingerprint[i].load(std::memory_order_acquire) != fingerprint) continue;
      const uint32_t entry = bucket.entry[i].load(std::memory_order_relaxed);
      const uint32_t record = entry >> 1;
      const uint8_t side = entry & 1;
      if (same(record, side)) return {record, side, true};
    }
    return {};
  }
  template <class Same>
  Hit find_beyond_home(const Place& place, Same same) const {
    uint32_t bucket = place.bucket;
    for (uint32_t i = 1; i < group_buckets; ++i) {
      if (buckets_[bucket].overflow.load(std::memory_order_relaxed) == 0) break;
      bucket = next(bucket);
      if (const Hit hit = find_in(buckets_[bucket], place.fingerprint, same)) return hit;
    }
    return {};
  }
  struct Slot {
    uint32_t bucket;
    uint32_t index;
    bool found;
  };
  bool insert_key(const Place& place, uint32_t record, uint8_t side);
  void erase_key(const Place& place, uint32_t record, uint8_t side);
  // The first slot of the group, from the home bucket on, for which is(bucket, index) is true. Goes
  // through all of the group: it also looks for free slots.
  template <class Is>
  Slot slot_where(const Place& place, Is is) const;
  void count_overflow(const Place& place, uint32_t bucket, int change);

  uint64_t group_count_;
  ZeroedArray<Bucket> buckets_;
  ZeroedArray<SpinLock> locks_;  // one a group; apart, so that they stay in the cache
};

}  // namespace uswitch
