// Which records of an array are free: those never used, in order, and those given back, last first.
// "Learned": any thread takes and gives under one short lock. A free record holds the list's link.
#pragma once
#include <cstdint>
#include <mutex>

#include "core/spin_lock.h"

namespace uswitch {

inline constexpr uint32_t no_record = ~uint32_t{0};

class FreeList {
 public:
  explicit FreeList(uint32_t capacity) : capacity_(capacity) {}

  // Links: links[record] is a std::atomic in that record, which is not otherwise in use while the
  // record is free; links.prefetch(record) asks for all of it. no_record when none is free.
  template <class Links>
  uint32_t take(const Links& links) {
    std::lock_guard lock(lock_);
    if (head_ == 0) return fresh_ < capacity_ ? fresh_++ : no_record;
    const uint32_t record = head_ - 1;
    head_ = static_cast<uint32_t>(links[record].load(std::memory_order_relaxed));
    --given_back_;
    // Who takes that one next finds it in the cache.
    if (head_ != 0) links.prefetch(head_ - 1);
    return record;
  }
  template <class Links>
  void give(uint32_t record, const Links& links) {
    std::lock_guard lock(lock_);
    links[record].store(head_, std::memory_order_relaxed);
    head_ = record + 1;
    ++given_back_;
  }

  // How many are in use.
  uint32_t taken() const {
    std::lock_guard lock(lock_);
    return fresh_ - given_back_;
  }
  // Records from here on were never used.
  uint32_t high_water() const {
    std::lock_guard lock(lock_);
    return fresh_;
  }
  uint32_t capacity() const { return capacity_; }

 private:
  const uint32_t capacity_;
  alignas(64) mutable SpinLock lock_;
  uint32_t head_ = 0;  // the record given back last, plus 1; 0: none
  uint32_t fresh_ = 0;
  uint32_t given_back_ = 0;  // and not taken again
};

}  // namespace uswitch
