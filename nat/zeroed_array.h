// An array of fixed size whose elements are all zero bytes at first, in pages that become resident
// only when they are written: a generous bound costs nothing until it is used.
#pragma once
#include <cstddef>
#include <memory>

namespace uswitch {

// An anonymous mapping. Throws std::system_error when it is refused.
class ZeroedMemory {
 public:
  explicit ZeroedMemory(size_t bytes);
  std::byte* data() const { return memory_.get(); }
  size_t bytes() const { return memory_.get_deleter().bytes; }

 private:
  struct Unmap {
    size_t bytes;
    void operator()(std::byte* p) const;
  };
  std::unique_ptr<std::byte, Unmap> memory_;
};

// T: all zero bytes are a value of it, and it needs no destructor.
template <class T>
class ZeroedArray {
 public:
  explicit ZeroedArray(size_t size)
      : memory_(size * sizeof(T)), elements_(reinterpret_cast<T*>(memory_.data())) {}
  T& operator[](size_t i) const { return elements_[i]; }
  size_t bytes() const { return memory_.bytes(); }

 private:
  ZeroedMemory memory_;
  T* elements_;
};

}  // namespace uswitch
