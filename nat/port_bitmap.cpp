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

uint16_t lowest(size_t word, uint64_t bits) {
  return static_cast<uint16_t>(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
}

}  // namespace

bool PortBitmap::take(uint16_t port) {
  // A look first, so that a taken port costs no write.
  if (!is_free(port)) return false;
  return (word_of(port).taken.fetch_or(bit(port), std::memory_order_acquire) & bit(port)) == 0;
}

// The lowest free port of those wanted in a word.
std::optional<uint16_t> PortBitmap::take_in(size_t word, uint64_t wanted) {
  while (const uint64_t free = wanted & free_in(word)) {
    const uint16_t port = lowest(word, free);
    if (take(port)) return port;
    wanted &= ~bit(port);  // another worker was faster
  }
  return std::nullopt;
}

std::optional<uint16_t> PortBitmap::first_guess(Range range, Parity parity, uint64_t random) const {
  const uint16_t start = start_in(range, random);
  const size_t word = start / 64u;
  const uint64_t free =
      free_in(word) & within(range, word) & with(parity) & ~uint64_t{0} << start % 64;
  if (free == 0) return std::nullopt;
  return lowest(word, free);
}

std::optional<uint16_t> PortBitmap::take_any(Range range, Parity parity, uint64_t random) {
  const size_t first = range.first / 64u, count = range.last / 64u - first + 1;
  const uint16_t start = start_in(range, random);
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
  word_of(port).taken.fetch_and(~bit(port), std::memory_order_release);
}

void PortBitmap::reserve(uint16_t port, bool on) {
  if (on) {
    word_of(port).reserved.fetch_or(bit(port), std::memory_order_relaxed);
  } else {
    word_of(port).reserved.fetch_and(~bit(port), std::memory_order_relaxed);
  }
}

size_t PortBitmap::taken() const {
  size_t count = 0;
  for (const Word& word : words_) {
    count += static_cast<size_t>(std::popcount(word.taken.load(std::memory_order_relaxed)));
  }
  return count;
}

bool PortBitmap::has_free(Range range) const {
  for (uint32_t port = range.first; port <= range.last; ++port) {
    if (is_free(static_cast<uint16_t>(port))) return true;
  }
  return false;
}

}  // namespace uswitch
