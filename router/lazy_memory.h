// Zeroed memory of a fixed address and size that becomes resident page by page, as it is written:
// what is reserved generously costs nothing until it is used.
#pragma once
#include <cstddef>
#include <memory>

namespace uswitch {

class LazyMemory {
 public:
  // Aligned to 2 MiB. Throws std::system_error when the mapping is refused.
  explicit LazyMemory(size_t bytes);

  std::byte* data() const { return memory_.get(); }

  // Lets the kernel back this part (a multiple of 2 MiB, aligned to it) by a huge page if it has
  // one at hand, what is in it included. Only advice: nothing depends on it.
  void prefer_huge_pages(size_t offset, size_t bytes) const;

  static constexpr size_t huge_page = size_t{2} << 20;

 private:
  struct Unmap {
    size_t bytes;
    void operator()(std::byte* p) const;
  };
  std::unique_ptr<std::byte, Unmap> memory_;
};

}  // namespace uswitch
