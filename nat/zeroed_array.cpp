#include "nat/zeroed_array.h"

#include <sys/mman.h>

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
}

}  // namespace uswitch
