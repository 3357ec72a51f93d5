// Zeroed memory of a fixed address and size that becomes resident page by page, as it is written:
// what is reserved generously costs nothing until it is used.
#pragma once
#include <cstddef>
#include <memory>

namespace uswitch {

class LazyMemory {
 public:
  // What the kernel is to back it with. It is advice: nothing depends on it.
  enum class Pages : bool {
    small,
    // Where whole ones fit: what is looked up in at random is found twice as fast, but the first
    // write of any 2 MiB makes them resident.
    huge
  };

  // Aligned to 2 MiB. Throws std::system_error when the mapping is refused.
  explicit LazyMemory(size_t bytes, Pages pages = Pages::small);

  std::byte* data() const { return memory_.get(); }

  // Lets the kernel back this part (a multiple of 2 MiB, aligned to it) by a huge page if it has
  // one at hand, what is in it included.
  void prefer_huge_pages(size_t offset, size_t bytes) const;
  // Makes this part, as far as it is there, resident now: clearing a huge page takes longer than a
  // packet should wait.
  void populate(size_t offset, size_t bytes) const;

  static constexpr size_t huge_page = size_t{2} << 20;

 private:
  struct Unmap {
    size_t bytes;
    void operator()(std::byte* p) const;
  };
  std::unique_ptr<std::byte, Unmap> memory_;
};

}  // namespace uswitch
