// Workers write while the control thread reads: the rings, and the last drops.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "engine/capture_ring.h"
#include "engine/last_drops.h"

namespace uswitch {
namespace {

TEST(CaptureThreads, TR17_EachRecordArrivesWholeOrIsRefused) {
  constexpr uint64_t records = 100'000;
  CaptureRing ring(1 << 14);
  uint64_t refused = 0;
  std::atomic<bool> done{false};
  std::thread worker([&] {
    for (uint64_t i = 0; i < records; ++i) {
      const size_t words = 1 + i % 37;
      auto* room = reinterpret_cast<uint64_t*>(ring.reserve(words * 8));
      if (room == nullptr) {
        ++refused;
      } else {
        for (size_t w = 0; w < words; ++w) room[w] = i;
      }
      if (i % 5 == 0) ring.publish();
    }
    ring.publish();
    done.store(true, std::memory_order_release);
  });
  uint64_t read = 0, next = 0;
  for (bool last = false; !last;) {
    last = done.load(std::memory_order_acquire);
    for (std::span<const uint8_t> bytes; !(bytes = ring.front()).empty(); ring.pop(), ++read) {
      uint64_t first;
      std::memcpy(&first, bytes.data(), 8);
      ASSERT_GE(first, next);
      ASSERT_EQ(bytes.size(), 8 * (1 + first % 37));
      for (size_t at = 0; at < bytes.size(); at += 8) {
        ASSERT_EQ(std::memcmp(&bytes[at], &first, 8), 0);
      }
      next = first + 1;
    }
  }
  worker.join();
  EXPECT_EQ(read + refused, records);
  EXPECT_GT(read, 0u);
}

TEST(CaptureThreads, TheLastDropIsReadWhole) {
  LastDrops drops;
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    for (uint8_t i = 0; !stop.load(std::memory_order_relaxed); ++i) {
      std::array<uint8_t, 200> frame;
      frame.fill(i);
      drops.note(Reason::guard_mac, Time(Duration(i)), i, std::span(frame).first(i % 200u));
    }
  });
  for (int reads = 0; reads < 20'000;) {
    const auto drop = drops.read(Reason::guard_mac);
    if (!drop) continue;
    ++reads;
    const auto value = static_cast<uint8_t>(drop->ingress);
    ASSERT_EQ(drop->time, Time(Duration(value)));
    ASSERT_EQ(drop->length, value % 200u);
    for (size_t i = 0; i < LastDrops::kept; ++i)
      ASSERT_EQ(drop->bytes[i], i < drop->length ? value : 0);
  }
  stop = true;
  worker.join();
}

}  // namespace
}  // namespace uswitch
