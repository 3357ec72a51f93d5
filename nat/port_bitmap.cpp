#include "nat/port_bitmap.h"

#include <bit>

namespace uswitch {
namespace {

// The bits of one word that are ports of the range.
uint64_t within(PortBitmap::Range range, size_t word) {
  uint64_t bits = ~uint64_t{0};
  if (word == range.first / 64u) bits &= ~uint64_t{0} << range.first % 64;
  if (word == range.last / 64u) bits &= ~uint64_t{0} >> (63 - range.last % 64);
  return bits;
}

uint64_t with(PortBitmap::Parity parity) {
  constexpr uint64_t even = 0x5555555555555555;
  if (parity == PortBitmap::Parity::any) return ~uint64_t{0};
  return parity == PortBitmap::Parity::even ? even : ~even;
}

}  // namespace

bool PortBitmap::take(uint16_t port) {
  if (reserved_[port / 64].load(std::memory_order_relaxed) & bit(port)) return false;
  // A look first, so that a taken port costs no write.
  if (taken_[port / 64].load(std::memory_order_relaxed) & bit(port)) return false;
  return (taken_[port / 64].fetch_or(bit(port), std::memory_order_acquire) & bit(port)) == 0;
}

// The lowest free port of those wanted in a word.
std::optional<uint16_t> PortBitmap::take_in(size_t word, uint64_t wanted) {
  wanted &= ~reserved_[word].load(std::memory_order_relaxed);
  for (;;) {
    const uint64_t free = wanted & ~taken_[word].load(std::memory_order_relaxed);
    if (free == 0) return std::nullopt;
    const auto port =
        static_cast<uint16_t>(word * 64 + static_cast<size_t>(std::countr_zero(free)));
    if (take(port)) return port;
    wanted &= ~bit(port);  // another worker was faster
  }
}

std::optional<uint16_t> PortBitmap::take_any(Range range, Parity parity, uint64_t random) {
  const size_t first = range.first / 64u, count = range.last / 64u - first + 1;
  const uint64_t ports = range.last - range.first + 1u;
  const auto start = static_cast<uint16_t>(range.first + ((random >> 32) * ports >> 32));
  const uint64_t from_start = ~uint64_t{0} << start % 64;
  // The word of `start` comes twice: first from there on, last what is before it.
  for (size_t i = 0; i <= count; ++i) {
    const size_t word = first + (start / 64u - first + i) % count;
    uint64_t wanted = within(range, word) & with(parity);
    if (i == 0) wanted &= from_start;
    if (i == count) wanted &= ~from_start;
    if (wanted == 0) continue;
    if (const auto port = take_in(word, wanted)) return port;
  }
  return std::nullopt;
}

void PortBitmap::release(uint16_t port) {
  taken_[port / 64].fetch_and(~bit(port), std::memory_order_release);
}

void PortBitmap::reserve(uint16_t port, bool on) {
  if (on) {
    reserved_[port / 64].fetch_or(bit(port), std::memory_order_relaxed);
  } else {
    reserved_[port / 64].fetch_and(~bit(port), std::memory_order_relaxed);
  }
}

size_t PortBitmap::taken() const {
  size_t count = 0;
  for (const auto& word : taken_) {
    count += static_cast<size_t>(std::popcount(word.load(std::memory_order_relaxed)));
  }
  return count;
}

bool PortBitmap::is_free(uint16_t port) const {
  const size_t word = port / 64;
  const uint64_t used = taken_[word].load(std::memory_order_relaxed) |
                        reserved_[word].load(std::memory_order_relaxed);
  return (used & bit(port)) == 0;
}

bool PortBitmap::has_free(Range range) const {
  for (uint32_t port = range.first; port <= range.last; ++port) {
    if (is_free(static_cast<uint16_t>(port))) return true;
  }
  return false;
}

}  // namespace uswitch
