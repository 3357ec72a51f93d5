// An array of fixed size whose elements are all zero bytes at first, in pages that become resident
// only when they are written: a generous bound costs little until it is used. Large ones are in
// huge pages where the kernel has them: a table of 200 MB is looked up in at random, and finding
// the small page takes as long as reading it.
#pragma once
#include <cstddef>
#include <memory>

namespace uswitch {

// An anonymous mapping. Throws std::system_error when it is refused.
class ZeroedMemory {
 public:
  explicit ZeroedMemory(size_t bytes);
  std::byte* data() const { return memory_.get(); }
  // Makes these bytes resident now: clearing a huge page takes longer than a packet should wait.
  void populate(size_t offset, size_t size) const;
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
  void populate(size_t first, size_t count) const {
    memory_.populate(first * sizeof(T), count * sizeof(T));
  }
  T& operator[](size_t i) const { return elements_[i]; }
  size_t bytes() const { return memory_.bytes(); }

 private:
  ZeroedMemory memory_;
  T* elements_;
};

}  // namespace uswitch
