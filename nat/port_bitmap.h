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

  // Worker. Gives back what take() or take_any() gave.
  void release(uint16_t port);

  // Control. A reserved port is not given out. Who has taken it before keeps it.
  void reserve(uint16_t port, bool on);

  size_t taken() const;
  // Whether take(), or take_any() of this range, would give one now.
  bool is_free(uint16_t port) const;
  bool has_free(Range range) const;

 private:
  static constexpr size_t words = 65536 / 64;
  using Words = std::array<std::atomic<uint64_t>, words>;
  static uint64_t bit(uint16_t port) { return uint64_t{1} << port % 64; }
  std::optional<uint16_t> take_in(size_t word, uint64_t wanted);

  Words taken_{};
  Words reserved_{};
};

}  // namespace uswitch
