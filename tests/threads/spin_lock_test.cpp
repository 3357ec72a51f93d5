#include "core/spin_lock.h"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

namespace uswitch {
namespace {

TEST(SpinLock, OneThreadAtATime) {
  SpinLock lock;
  int count = 0;  // plain: ThreadSanitizer sees it unless the lock orders the threads
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50'000; ++i) {
        std::lock_guard guard(lock);
        ++count;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(count, 150'000);
}

}  // namespace
}  // namespace uswitch
