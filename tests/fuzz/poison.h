// Makes AddressSanitizer watch over packets of a pool, whose buffers are one mapping: while a
// Poison lives, only the frame may be touched and the bytes before it that a tag needs.
#pragma once
#include <sanitizer/asan_interface.h>

#include <span>
#include <vector>

#include "core/packet.h"

namespace uswitch::fuzz {

class Poison {
 public:
  explicit Poison(std::span<Packet* const> packets) {
    for (const Packet* p : packets) {
      buffers_.push_back({p->buffer, p->capacity});
      const uint8_t* end = p->data + p->length;
      ASAN_POISON_MEMORY_REGION(p->buffer, p->headroom() - room_for_a_tag);
      ASAN_POISON_MEMORY_REGION(end, static_cast<size_t>(p->buffer + p->capacity - end));
    }
  }
  ~Poison() {
    for (const auto& b : buffers_) ASAN_UNPOISON_MEMORY_REGION(b.data(), b.size());
  }
  Poison(const Poison&) = delete;
  Poison& operator=(const Poison&) = delete;

 private:
  static constexpr size_t room_for_a_tag = 8;
  std::vector<std::span<const uint8_t>> buffers_;
};

}  // namespace uswitch::fuzz
