#include "core/pool.h"

#include <sys/mman.h>

#include <cerrno>
#include <system_error>

namespace uswitch {

namespace {
constexpr size_t cache_line = 64;
constexpr size_t stride = [] {
  size_t lines = (packet_headroom + max_frame + cache_line - 1) / cache_line;
  return (lines | 1) * cache_line;
}();
}  // namespace

PacketPool::PacketPool(size_t packets) : bytes_(packets * stride), packets_(packets) {
  void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(), "packet buffers");
  }
  memory_ = static_cast<uint8_t*>(memory);
  free_.reserve(packets);
  for (size_t i = packets; i-- > 0;) {
    packets_[i].buffer = memory_ + i * stride;
    packets_[i].capacity = stride;
    free_.push_back(&packets_[i]);
  }
}

PacketPool::~PacketPool() {
  munmap(memory_, bytes_);
}

}  // namespace uswitch
