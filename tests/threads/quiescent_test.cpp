#include "core/quiescent.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace uswitch {
namespace {

using namespace std::chrono_literals;

TEST(Quiescent, WaitReturnsOnlyAfterAnOnlineThreadWasQuiescent) {
  std::atomic<bool> online{false}, go{false}, waited{false};
  bool waited_too_early = false;
  std::thread reader([&] {
    QuiescentThread self;
    online = true;
    while (!go) std::this_thread::yield();
    waited_too_early = waited;
    self.quiescent();
    self.offline();
    while (!waited) std::this_thread::yield();
  });
  while (!online) std::this_thread::yield();
  std::thread waiter([&] {
    wait_for_quiescence();
    waited = true;
  });
  std::this_thread::sleep_for(30ms);
  go = true;
  reader.join();
  waiter.join();
  EXPECT_FALSE(waited_too_early);
}

TEST(Quiescent, OfflineThreadIsNotWaitedFor) {
  std::atomic<bool> offline{false}, done{false};
  std::thread reader([&] {
    QuiescentThread self;
    self.offline();
    offline = true;
    while (!done) std::this_thread::yield();
    self.online();
  });
  while (!offline) std::this_thread::yield();
  wait_for_quiescence();  // returns although the reader does nothing
  done = true;
  reader.join();
}

// What the switch does with Tables: publish a new value, free the old one. Under ThreadSanitizer
// the plain write to `alive` before the delete is a race unless the grace period orders it.
TEST(Quiescent, MemoryIsNotReusedWhileAReaderMayHoldIt) {
  struct Value {
    int number;
    bool alive = true;
  };
  std::atomic<Value*> shared{new Value{0}};
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> turns{0}, dead_seen{0};

  auto read = [&] {
    QuiescentThread self;
    while (!stop) {
      const Value* value = shared.load(std::memory_order_acquire);
      for (int i = 0; i < 10; ++i) dead_seen += !value->alive;
      self.quiescent();
      if (++turns % 64 == 0) {
        self.offline();
        std::this_thread::yield();
        self.online();
      }
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(read);
  while (turns == 0) std::this_thread::yield();
  for (int i = 1; i < 200; ++i) {
    std::unique_ptr<Value> old(shared.exchange(new Value{i}, std::memory_order_acq_rel));
    wait_for_quiescence();
    old->alive = false;
  }
  stop = true;
  for (std::thread& t : readers) t.join();
  delete shared.load();
  EXPECT_EQ(dead_seen, 0u);
}

}  // namespace
}  // namespace uswitch
