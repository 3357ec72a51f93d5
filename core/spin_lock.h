// A one-byte lock for sections of a few dozen instructions, to stripe over a learned table. Meets
// BasicLockable, for std::lock_guard. All zero bytes are an unlocked lock, so that it can stand in
// a fresh mapping.
#pragma once
#include <atomic>
#include <cstdint>
#include <thread>

namespace uswitch {

class SpinLock {
 public:
  void lock() {
    while (held_.exchange(1, std::memory_order_acquire)) wait();
  }
  void unlock() { held_.store(0, std::memory_order_release); }

 private:
  // Spins on a read, so that the cache line stays shared; gives the CPU away after a while, since
  // the holder may have been preempted on this very CPU.
  void wait() const {
    for (int i = 0; held_.load(std::memory_order_relaxed); ++i) {
      if (i >= 64) std::this_thread::yield();
    }
  }

  std::atomic<uint8_t> held_{0};
};

}  // namespace uswitch
