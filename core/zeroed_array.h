// An array of fixed size whose elements are all zero bytes at first, in pages that become resident
// only when they are written (core/lazy_memory): a generous bound costs little until it is used.
// Large ones are in huge pages where the kernel has them: a table of 200 MB is looked up in at
// random, and finding the small page takes as long as reading it.
#pragma once
#include <algorithm>

#include "core/lazy_memory.h"

namespace uswitch {

// T: all zero bytes are a value of it, and it needs no destructor.
template <class T>
class ZeroedArray {
 public:
  // Throws std::system_error when the mapping of memory is refused.
  explicit ZeroedArray(size_t size)
      : memory_(size * sizeof(T), LazyMemory::Pages::huge),
        elements_(reinterpret_cast<T*>(memory_.data())),
        size_(size) {}
  // Makes so many elements from `first` on, as far as they are there, resident now.
  void populate(size_t first, size_t count) const {
    first = std::min(first, size_);
    memory_.populate(first * sizeof(T), std::min(count, size_ - first) * sizeof(T));
  }
  T& operator[](size_t i) const { return elements_[i]; }
  size_t bytes() const { return size_ * sizeof(T); }

 private:
  LazyMemory memory_;
  T* elements_;
  size_t size_;
};

}  // namespace uswitch
