#include "router/lazy_memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace uswitch {

void LazyMemory::Unmap::operator()(std::byte* p) const {
  munmap(p, bytes);
}

LazyMemory::LazyMemory(size_t bytes) {
  bytes = (bytes + huge_page - 1) / huge_page * huge_page;
  const size_t reserved = bytes + huge_page;  // a part of it begins aligned
  void* p = mmap(nullptr, reserved, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "routes");
  auto* begin = static_cast<std::byte*>(p);
  const size_t before = -reinterpret_cast<uintptr_t>(p) % huge_page;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + bytes, huge_page - before);
  memory_ = {begin + before, Unmap{bytes}};
  // Where the kernel uses huge pages unasked, a first route would cost 2 MiB.
  madvise(memory_.get(), bytes, MADV_NOHUGEPAGE);
}

void LazyMemory::prefer_huge_pages(size_t offset, size_t bytes) const {
  constexpr int collapse =
      25;  // MADV_COLLAPSE, since Linux 6.1: now, not when the kernel gets to it
  madvise(memory_.get() + offset, bytes, MADV_HUGEPAGE);
  madvise(memory_.get() + offset, bytes, collapse);
}

}  // namespace uswitch
