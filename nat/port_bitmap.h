// Which ports of one external address and protocol are taken. "Learned": workers take and give back
// without locks, control reserves. 16 KiB.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace uswitch {

class PortBitmap {
 public:
  struct Range {
    uint16_t first, last;
  };
  enum class Parity : uint8_t { any, even, odd };

  // Worker. False when it is taken or reserved.
  bool take(uint16_t port);

  // Worker. Any free port of the range, beginning at a place that `random` says and going round
  // once: bounded at 1024 words whatever is taken, and nothing only if none is free (TR-11, P-2).
  std::optional<uint16_t> take_any(Range range, Parity parity, uint64_t random);

  // Asks for what take(), take_any() and those below will look at first.
  void prefetch(uint16_t port) const { __builtin_prefetch(&words_[port / 64], 1); }
  void prefetch(Range range, uint64_t random) const { prefetch(start_in(range, random)); }

  // Any thread, at this moment. Whether take() would; and what take_any() would give if it finds it
  // in the first word it looks at.
  bool is_free(uint16_t port) const { return (free_in(port / 64u) & bit(port)) != 0; }
  std::optional<uint16_t> first_guess(Range range, Parity parity, uint64_t random) const;

  // Worker. Gives back what take() or take_any() gave.
  void release(uint16_t port);

  // Control. A reserved port is not given out. Who has taken it before keeps it.
  void reserve(uint16_t port, bool on);

  size_t taken() const;
  // Whether take(), or take_any() of this range, would give one now.
  bool has_free(Range range) const;

 private:
  static constexpr size_t words = 65536 / 64;
  struct Word {  // side by side, for whoever looks at one looks at both
    std::atomic<uint64_t> taken, reserved;
  };
  static uint16_t start_in(Range range, uint64_t random) {
    const uint64_t ports = range.last - range.first + 1u;
    return static_cast<uint16_t>(range.first + ((random >> 32) * ports >> 32));
  }
  static uint64_t bit(uint16_t port) { return uint64_t{1} << port % 64; }
  std::optional<uint16_t> take_in(size_t word, uint64_t wanted);
  uint64_t free_in(size_t word) const {
    return ~(words_[word].reserved.load(std::memory_order_relaxed) |
             words_[word].taken.load(std::memory_order_relaxed));
  }

  Word& word_of(uint16_t port) { return words_[port / 64]; }

  std::array<Word, words> words_{};
};

}  // namespace uswitch
