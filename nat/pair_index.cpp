#include "nat/pair_index.h"

#include <algorithm>
#include <cassert>

namespace uswitch {

PairIndex::PairIndex(uint32_t records)
    : group_count_((uint64_t{2} * records * 10 / 6 + group_slots - 1) / group_slots + 1),
      buckets_(group_count_ * group_buckets),
      locks_(group_count_) {
  assert(records <= max_records);
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

// The bucket that has this word, or group_count_ * group_buckets. Never stops early: it also looks
// for free words.
uint32_t PairIndex::bucket_of(const Place& place, uint64_t word) const {
  uint32_t bucket = place.bucket;
  for (uint32_t i = 0; i < group_buckets; ++i, bucket = next(bucket)) {
    for (const auto& w : buckets_[bucket].word) {
      if (w.load(std::memory_order_relaxed) == word) return bucket;
    }
  }
  return static_cast<uint32_t>(group_count_ * group_buckets);
}

namespace {

void replace(std::array<std::atomic<uint64_t>, 7>& words, uint64_t from, uint64_t to) {
  for (auto& word : words) {
    if (word.load(std::memory_order_relaxed) != from) continue;
    word.store(to, std::memory_order_release);
    return;
  }
}

}  // namespace

// The counts go up before the key can be found and down after it cannot any more.
bool PairIndex::insert(const Place& place, uint32_t record, uint8_t side) {
  const uint32_t bucket = bucket_of(place, 0);
  if (bucket == group_count_ * group_buckets) return false;
  count_overflow(place, bucket, 1);
  replace(buckets_[bucket].word, 0, word_of(place, record, side));
  return true;
}

void PairIndex::erase(const Place& place, uint32_t record, uint8_t side) {
  const uint64_t word = word_of(place, record, side);
  const uint32_t bucket = bucket_of(place, word);
  assert(bucket != group_count_ * group_buckets);
  replace(buckets_[bucket].word, word, 0);
  count_overflow(place, bucket, -1);
}

void PairIndex::count_overflow(const Place& place, uint32_t bucket, int change) {
  for (uint32_t b = place.bucket; b != bucket; b = next(b)) {
    std::atomic<uint8_t>& overflow = buckets_[b].overflow;
    overflow.store(static_cast<uint8_t>(overflow.load(std::memory_order_relaxed) + change),
                   std::memory_order_release);
  }
}

}  // namespace uswitch
