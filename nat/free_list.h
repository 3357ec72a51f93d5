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

  // Link: link(record) is a reference to 32 bits in that free record, or an atomic.
  // no_record when none is free.
  template <class Link>
  uint32_t take(Link link) {
    std::lock_guard lock(lock_);
    if (head_ == 0) return fresh_ < capacity_ ? fresh_++ : no_record;
    const uint32_t record = head_ - 1;
    head_ = static_cast<uint32_t>(link(record));
    return record;
  }
  template <class Link>
  void give(uint32_t record, Link link) {
    std::lock_guard lock(lock_);
    link(record) = head_;
    head_ = record + 1;
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
};

}  // namespace uswitch
