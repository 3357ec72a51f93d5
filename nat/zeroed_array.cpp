#include "nat/zeroed_array.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace uswitch {

void ZeroedMemory::Unmap::operator()(std::byte* p) const {
  munmap(p, bytes);
}

ZeroedMemory::ZeroedMemory(size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  memory_ = {static_cast<std::byte*>(p), Unmap{bytes}};
  madvise(p, bytes, MADV_HUGEPAGE);  // advice: nothing depends on it
}

void ZeroedMemory::populate(size_t offset, size_t size) const {
  constexpr int populate_write = 23;  // MADV_POPULATE_WRITE, since Linux 5.14; no need of it
  constexpr size_t page = 4096;
  const size_t begin = std::min(offset, bytes()) / page * page;
  const size_t end = std::min(offset + size, bytes());
  if (begin < end) madvise(data() + begin, end - begin, populate_write);
}

}  // namespace uswitch
