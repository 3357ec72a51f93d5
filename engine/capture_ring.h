// Records on their way from a worker to the control thread, of any size up to a quarter of the
// ring. One writer, one reader, no locks; what does not fit is refused, so a reader that is slow
// costs the writer nothing.
//
// The writer reserves, may change what it has reserved, and publishes all of it at once.
#pragma once
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace uswitch {

class CaptureRing {
 public:
  static constexpr size_t alignment = 8;  // of every record

  // `capacity` is a power of two. Memory becomes resident as it is used.
  explicit CaptureRing(size_t capacity)
      : capacity_(capacity), bytes_(std::make_unique_for_overwrite<uint8_t[]>(capacity)) {}

  // The writer:

  // Room for so many bytes; null when there is none.
  uint8_t* reserve(size_t size) {
    const size_t needed = sizeof(Head) + round_up(size);
    const size_t place = next_ & (capacity_ - 1);
    // A record does not wrap round: what is left at the end is skipped when it is too short.
    const size_t skipped = capacity_ - place < needed ? capacity_ - place : 0;
    if (!fits(skipped + needed)) return nullptr;
    if (skipped != 0) head_at(next_) = {.size = 0, .whole = skipped};
    next_ += skipped;
    Head& head = head_at(next_);
    head = {.size = size, .whole = needed};
    next_ += needed;
    return reinterpret_cast<uint8_t*>(&head + 1);
  }
  void publish() { written_.store(next_, std::memory_order_release); }

  // The reader:

  // The oldest record; empty when there is none. Valid until pop().
  std::span<const uint8_t> front() {
    while (position_ != written_.load(std::memory_order_acquire)) {
      const Head& head = head_at(position_);
      if (head.size != 0) return {reinterpret_cast<const uint8_t*>(&head + 1), head.size};
      release(head.whole);
    }
    return {};
  }
  void pop() { release(head_at(position_).whole); }

 private:
  struct Head {
    size_t size;   // of the record; 0: there is none, go on at the beginning of the ring
    size_t whole;  // with head and padding
  };
  static_assert(sizeof(Head) % alignment == 0);

  // Whole heads, so that there is always room for the one that says "skip".
  static size_t round_up(size_t size) {
    return (size + sizeof(Head) - 1) / sizeof(Head) * sizeof(Head);
  }
  Head& head_at(uint64_t position) {
    return *reinterpret_cast<Head*>(&bytes_[position & (capacity_ - 1)]);
  }
  bool fits(size_t bytes) {
    if (next_ + bytes - released_seen_ <= capacity_) return true;
    released_seen_ = released_.load(std::memory_order_acquire);
    return next_ + bytes - released_seen_ <= capacity_;
  }
  void release(size_t bytes) {
    position_ += bytes;
    released_.store(position_, std::memory_order_release);
  }

  const size_t capacity_;
  const std::unique_ptr<uint8_t[]> bytes_;
  // Positions count bytes since the beginning and never step back.
  alignas(64) uint64_t next_ = 0;  // of the writer
  uint64_t released_seen_ = 0;
  alignas(64) std::atomic<uint64_t> written_{0};
  alignas(64) std::atomic<uint64_t> released_{0};
  alignas(64) uint64_t position_ = 0;  // of the reader
};

}  // namespace uswitch
