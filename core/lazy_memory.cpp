#include "core/lazy_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace uswitch {

void LazyMemory::Unmap::operator()(std::byte* p) const {
  munmap(p, bytes);
}

LazyMemory::LazyMemory(size_t bytes, Pages pages) {
  const size_t whole_pages = bytes / huge_page * huge_page;
  bytes = (bytes + huge_page - 1) / huge_page * huge_page;
  const size_t reserved = bytes + huge_page;  // a part of it begins aligned
  void* p = mmap(nullptr, reserved, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  auto* begin = static_cast<std::byte*>(p);
  const size_t before = -reinterpret_cast<uintptr_t>(p) % huge_page;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + bytes, huge_page - before);
  memory_ = {begin + before, Unmap{bytes}};
  // Where the kernel uses huge pages unasked, a first write would cost 2 MiB.
  madvise(memory_.get(), bytes, MADV_NOHUGEPAGE);
  if (pages == Pages::huge) madvise(memory_.get(), whole_pages, MADV_HUGEPAGE);
}

void LazyMemory::prefer_huge_pages(size_t offset, size_t bytes) const {
  constexpr int collapse =
      25;  // MADV_COLLAPSE, since Linux 6.1: now, not when the kernel gets to it
  madvise(data() + offset, bytes, MADV_HUGEPAGE);
  madvise(data() + offset, bytes, collapse);
}

void LazyMemory::populate(size_t offset, size_t bytes) const {
  constexpr int populate_write = 23;  // MADV_POPULATE_WRITE, since Linux 5.14; no need of it
  constexpr size_t page = 4096;
  const size_t all = memory_.get_deleter().bytes;
  const size_t begin = std::min(offset, all) / page * page;
  const size_t end = std::min(offset + bytes, all);
  if (begin < end) madvise(data() + begin, end - begin, populate_write);
}

}  // namespace uswitch
