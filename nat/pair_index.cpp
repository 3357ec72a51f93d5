#include "nat/pair_index.h"

#include <algorithm>
#include <cassert>

namespace uswitch {

PairIndex::PairIndex(uint32_t records)
    : group_count_((uint64_t{2} * records * 10 / 6 + group_slots - 1) / group_slots + 1),
      buckets_(group_count_ * group_buckets),
      locks_(group_count_) {
  assert(records <= max_records);
  // Hashes are everywhere: a few thousand records would touch every page anyway.
  buckets_.populate(0, group_count_ * group_buckets);
  locks_.populate(0, group_count_);
}

PairIndex::Lock::Lock(PairIndex& index, const Place& a, const Place& b)
    : first_(&index.locks_[a.bucket / group_buckets]),
      second_(&index.locks_[b.bucket / group_buckets]) {
  if (first_ == second_) second_ = nullptr;
  if (second_ && second_ < first_) std::swap(first_, second_);
  first_->lock();
  if (second_) second_->lock();
}

PairIndex::Lock::~Lock() {
  if (second_) second_->unlock();
  first_->unlock();
}

template <class Is>
PairIndex::Slot PairIndex::slot_where(const Place& place, Is is) const {
  uint32_t bucket = place.bucket;
  for (uint32_t n = 0; n < group_buckets; ++n, bucket = next(bucket)) {
    for (uint32_t i = 0; i < slots; ++i) {
      if (is(buckets_[bucket], i)) return {bucket, i, true};
    }
  }
  return {};
}

bool PairIndex::insert(const Place& first, const Place& second, uint32_t record) {
  if (!insert_key(first, record, 0)) return false;
  if (insert_key(second, record, 1)) return true;
  erase_key(first, record, 0);
  return false;
}

void PairIndex::erase(const Place& first, const Place& second, uint32_t record) {
  erase_key(first, record, 0);
  erase_key(second, record, 1);
}

// The counts go up before the key can be found and down after it cannot any more.
bool PairIndex::insert_key(const Place& place, uint32_t record, uint8_t side) {
  const Slot slot = slot_where(place, [](const Bucket& b, uint32_t i) {
    return b.fingerprint[i].load(std::memory_order_relaxed) == 0;
  });
  if (!slot.found) return false;
  count_overflow(place, slot.bucket, 1);
  Bucket& b = buckets_[slot.bucket];
  b.entry[slot.index].store(entry_of(record, side), std::memory_order_relaxed);
  b.fingerprint[slot.index].store(place.fingerprint, std::memory_order_release);
  return true;
}

void PairIndex::erase_key(const Place& place, uint32_t record, uint8_t side) {
  const Slot slot = slot_where(place, [&](const Bucket& b, uint32_t i) {
    return b.entry[i].load(std::memory_order_relaxed) == entry_of(record, side) &&
           b.fingerprint[i].load(std::memory_order_relaxed) == place.fingerprint;
  });
  assert(slot.found);
  buckets_[slot.bucket].fingerprint[slot.index].store(0, std::memory_order_release);
  count_overflow(place, slot.bucket, -1);
}

void PairIndex::count_overflow(const Place& place, uint32_t bucket, int change) {
  for (uint32_t b = place.bucket; b != bucket; b = next(b)) {
    std::atomic<uint8_t>& overflow = buckets_[b].overflow;
    overflow.store(static_cast<uint8_t>(overflow.load(std::memory_order_relaxed) + change),
                   std::memory_order_release);
  }
}

}  // namespace uswitch
