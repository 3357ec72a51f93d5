#include "engine/capture_ring.h"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <random>
#include <string>

namespace uswitch {
namespace {

bool put(CaptureRing& ring, const std::string& text) {
  uint8_t* room = ring.reserve(text.size());
  if (room) std::memcpy(room, text.data(), text.size());
  return room != nullptr;
}

std::string take(CaptureRing& ring) {
  const auto bytes = ring.front();
  const std::string text(bytes.begin(), bytes.end());
  if (!text.empty()) ring.pop();
  return text;
}

TEST(CaptureRing, GivesNothingBeforeItIsPublished) {
  CaptureRing ring(1024);
  ASSERT_TRUE(put(ring, "one"));
  EXPECT_EQ(take(ring), "");
  ring.publish();
  EXPECT_EQ(take(ring), "one");
  EXPECT_EQ(take(ring), "");
}

TEST(CaptureRing, RefusesWhatDoesNotFit) {
  CaptureRing ring(256);
  const std::string text(48, 'x');  // 64 with its head
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(put(ring, text));
  EXPECT_FALSE(put(ring, "y"));
  ring.publish();
  EXPECT_EQ(take(ring), text);
  EXPECT_TRUE(put(ring, "y"));
  EXPECT_FALSE(put(ring, text)) << "what is left is too small";
  EXPECT_FALSE(put(ring, std::string(1000, 'z')));
}

TEST(CaptureRing, HoldsRecordsWholeAndInOrderAllTheWayRound) {
  std::mt19937 random(1);
  CaptureRing ring(4096);
  std::deque<std::string> wanted;
  size_t refused = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string text(1 + random() % 1000, static_cast<char>('a' + i % 26));
    if (random() % 2 == 0) {
      put(ring, text) ? wanted.push_back(text) : void(++refused);
      ring.publish();
    } else if (!wanted.empty()) {
      ASSERT_EQ(take(ring), wanted.front());
      wanted.pop_front();
    }
  }
  EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace uswitch
