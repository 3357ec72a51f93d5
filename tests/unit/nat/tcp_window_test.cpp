#include "nat/tcp_window.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/nat/tcp_conversation.h"

namespace uswitch {
namespace {

using F = TcpView::Flag;
using V = TcpVerdict;
constexpr uint8_t syn = F::syn, syn_ack = F::syn | F::ack, ack = F::ack;

// Establishes with the scale options of both SYNs (-1: none).
TcpConversation established(int client_scale = -1, int server_scale = -1) {
  TcpConversation c;
  TcpSegment s = c.make(Direction::original, syn);
  s.scale = static_cast<int8_t>(client_scale);
  EXPECT_EQ(c.send(Direction::original, s), V::valid);
  s = c.make(Direction::reply, syn_ack);
  s.scale = static_cast<int8_t>(server_scale);
  EXPECT_EQ(c.send(Direction::reply, s), V::valid);
  EXPECT_EQ(c.client(ack), V::valid);
  return c;
}

V at(TcpConversation c, Direction from, int64_t sequence, int64_t acknowledged = 0,
     uint32_t length = 0) {
  TcpSegment s = c.make(from, ack, length);
  s.sequence += static_cast<uint32_t>(sequence);
  s.acknowledgment += static_cast<uint32_t>(acknowledged);
  s.sack_end = s.acknowledgment;
  return c.send(from, s);
}

TEST(TcpWindow, CT5_SequenceMayNotPassTheOfferedWindow) {
  const TcpConversation c = established();
  for (const Direction from : {Direction::original, Direction::reply}) {
    EXPECT_EQ(at(c, from, 20'000), V::valid);
    EXPECT_EQ(at(c, from, 20'001), V::invalid);
  }
}

TEST(TcpWindow, CT5_SegmentMayNotBeOlderThanAWindow) {
  TcpConversation c = established();
  for (int i = 0; i < 10; ++i) c.client(ack, 10'000), c.server(ack);
  EXPECT_EQ(at(c, Direction::original, -20'000), V::valid);
  EXPECT_EQ(at(c, Direction::original, -20'001), V::invalid);
  EXPECT_EQ(at(c, Direction::original, -20'100, 0, 100), V::valid);
}

TEST(TcpWindow, CT5_NothingIsAcknowledgedThatWasNotSent) {
  const TcpConversation c = established();
  EXPECT_EQ(at(c, Direction::reply, 0, 1), V::invalid);
  EXPECT_EQ(at(c, Direction::original, 0, 1), V::invalid);
}

TEST(TcpWindow, CT5_AcknowledgmentMayLagByAWindowOr66000) {
  TcpConversation c = established();
  c.window = 60'000;
  for (int i = 0; i < 5; ++i) c.client(ack, 40'000), c.server(ack);
  EXPECT_EQ(at(c, Direction::reply, 0, -66'000), V::valid);
  EXPECT_EQ(at(c, Direction::reply, 0, -66'001), V::invalid);
}

TEST(TcpWindow, CT5_WindowsScaleOnlyIfBothSynsOfferIt) {
  EXPECT_EQ(at(established(7, 7), Direction::original, 20'000), V::valid);
  for (const auto& [client, server] : {std::pair{7, -1}, {-1, 7}, {-1, -1}}) {
    TcpConversation c = established(client, server);
    c.server(ack);
    EXPECT_EQ(at(c, Direction::original, 20'001), V::invalid) << client << ' ' << server;
  }
  TcpConversation c = established(0, 7);
  c.server(ack);  // 20000 << 7
  EXPECT_EQ(at(c, Direction::original, 20'000 << 7), V::valid);
  EXPECT_EQ(at(c, Direction::original, (20'000 << 7) + 1), V::invalid);
}

TEST(TcpWindow, CT5_WindowOfASynIsNotScaled) {
  const TcpConversation c = established(14, 14);
  EXPECT_EQ(at(c, Direction::original, 20'000), V::valid);  // the SYN/ACK's 20000
  EXPECT_EQ(at(c, Direction::original, 20'001), V::invalid);
}

TEST(TcpWindow, TR10_ScaleOfAnySynThatOfferedItCounts) {
  TcpConversation c;
  TcpSegment first = c.make(Direction::original, syn);
  first.scale = 7;
  TcpSegment again = first;
  again.scale = -1;  // the last tries go without options
  ASSERT_EQ(follow(c.track, Direction::original, first), V::valid);
  ASSERT_EQ(c.send(Direction::original, again), V::valid);
  TcpSegment answer = c.make(Direction::reply, syn_ack);
  answer.scale = 7;
  ASSERT_EQ(c.send(Direction::reply, answer), V::valid);
  EXPECT_TRUE(c.track.is_scaled());
  // With another number it is another SYN.
  again.sequence += 100;
  TcpTrack fresh;
  ASSERT_EQ(follow(fresh, Direction::original, first), V::valid);
  ASSERT_EQ(follow(fresh, Direction::original, again), V::valid);
  EXPECT_FALSE(fresh.has(0, TcpTrack::Flag::scales));
}

TEST(TcpWindow, TR10_KeepAlivesPass) {
  TcpConversation c = established();
  c.client(ack, 100), c.server(ack, 100), c.client(ack);
  EXPECT_EQ(at(c, Direction::original, -1), V::valid);
  EXPECT_EQ(at(c, Direction::original, -1, 0, 1), V::valid);
  EXPECT_EQ(at(c, Direction::reply, -1), V::valid);
}

TEST(TcpWindow, TR10_ProbesOfAClosedWindowPass) {
  TcpConversation c = established();
  c.client(ack, 20'000);
  TcpSegment closed = c.make(Direction::reply, ack);
  closed.window = 0;
  ASSERT_EQ(c.send(Direction::reply, closed), V::valid);
  EXPECT_EQ(at(c, Direction::original, 0, 0, 1), V::valid);
  EXPECT_EQ(at(c, Direction::original, -1, 0, 0), V::valid);
  EXPECT_EQ(at(c, Direction::original, 2, 0, 1), V::invalid);
}

TEST(TcpWindow, TR10_SuperSegmentCountsWithAllItsBytes) {
  TcpConversation c = established(7, 7);
  c.server(ack), c.client(ack);
  EXPECT_EQ(c.client(ack, 65'160), V::valid);
  EXPECT_EQ(at(c, Direction::reply, 0, 0), V::valid);  // acknowledges all of it
  EXPECT_EQ(at(c, Direction::reply, 0, 1), V::invalid);
}

TEST(TcpWindow, TR10_SelectiveAcknowledgmentIsWhatCounts) {
  TcpConversation c = established();
  c.window = 60'000;
  c.server(ack), c.client(ack);
  const uint32_t lost = c.got[1];
  for (int i = 0; i < 3; ++i) c.client(ack, 30'000), c.server(ack);
  TcpSegment s = c.make(Direction::reply, ack);
  s.acknowledgment = s.sack_end = lost;  // lags by 90000
  EXPECT_EQ(follow(c.track, Direction::reply, s), V::invalid);
  s.sack_end = lost + 90'000;
  EXPECT_EQ(follow(c.track, Direction::reply, s), V::valid);
  s.sack_end = lost + 90'001;
  EXPECT_EQ(follow(c.track, Direction::reply, s), V::invalid);
}

// Any conversation of two ends that keep to each other's windows passes, wherever its numbers
// begin, with losses, repetitions and reordering.
TEST(TcpWindow, CT5_NoSegmentOfAnOrderlyConnectionIsRefused) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    TcpConversation c;
    c.next[0] = random(), c.next[1] = random();
    TcpSegment s = c.make(Direction::original, syn);
    s.scale = 7;
    ASSERT_EQ(c.send(Direction::original, s), V::valid);
    s = c.make(Direction::reply, syn_ack);
    s.scale = 3;
    ASSERT_EQ(c.send(Direction::reply, s), V::valid);
    ASSERT_EQ(c.client(ack), V::valid);
    const uint32_t scale[2] = {7, 3};
    // What each side may send up to, by the windows it has seen.
    uint32_t limit[2] = {c.next[0] + c.window, c.next[1] + c.window};
    for (int i = 0; i < 300; ++i) {
      const auto from = static_cast<Direction>(random() % 2);
      const size_t me = side(from), peer = side(opposite(from));
      TcpSegment segment = c.make(from, ack);
      segment.length = std::min<uint32_t>(random() % 65'000, limit[me] - c.next[me]);
      segment.window = static_cast<uint16_t>(random() % 3 ? random() : 0);
      ASSERT_EQ(follow(c.track, from, segment), V::valid) << round << ' ' << i;
      const uint32_t allowed = segment.acknowledgment + (uint32_t{segment.window} << scale[me]);
      limit[peer] = later_of(limit[peer], allowed);
      c.next[me] = segment.end();
      if (random() % 4) c.got[peer] = c.next[me];  // else it is lost or late
      const bool again = random() % 8 == 0;
      ASSERT_TRUE(!again || follow(c.track, from, segment) == V::valid);
    }
  }
}

}  // namespace
}  // namespace uswitch
