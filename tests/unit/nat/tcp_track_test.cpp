#include "nat/tcp_track.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "tests/unit/nat/tcp_conversation.h"

namespace uswitch {
namespace {

using F = TcpView::Flag;
using S = TcpState;
using V = TcpVerdict;
constexpr uint8_t syn = F::syn, syn_ack = F::syn | F::ack, ack = F::ack, fin = F::fin | F::ack,
                  rst = F::rst;

// A connection in each state, as it gets there.
TcpConversation in_state(S state) {
  TcpConversation c;
  switch (state) {
    case S::none:
      break;
    case S::syn_sent:
      c.client(syn);
      break;
    case S::syn_sent2:
      c.client(syn), c.server(syn);
      break;
    case S::syn_received:
      c.client(syn), c.server(syn_ack);
      break;
    case S::established:
      c.establish();
      break;
    case S::fin_wait:
      c.establish(), c.client(fin);
      break;
    case S::close_wait:
      c.establish(), c.client(fin), c.server(ack);
      break;
    case S::last_ack:
      c.establish(), c.client(fin), c.server(ack), c.server(fin);
      break;
    case S::time_wait:
      c.establish(), c.client(fin), c.server(ack), c.server(fin), c.client(ack);
      break;
    case S::close:
      c.establish(), c.client(rst);
      break;
  }
  EXPECT_EQ(c.state(), state) << name(state);
  return c;
}

constexpr S all_states[] = {S::none,        S::syn_sent, S::syn_sent2,  S::syn_received,
                            S::established, S::fin_wait, S::close_wait, S::last_ack,
                            S::time_wait,   S::close};

struct Expected {
  V verdict;
  S state;
};
constexpr Expected stays{V::ignored, S::none};    // forwarded, state as before
constexpr Expected refused{V::invalid, S::none};  // not forwarded
constexpr Expected valid(S state) {
  return {V::valid, state};
}

void expect_row(Direction from, uint8_t flags, const std::map<S, Expected>& row) {
  for (const S state : all_states) {
    if (!row.contains(state)) continue;
    TcpConversation c = in_state(state);
    const Expected want = row.at(state);
    EXPECT_EQ(c.send(from, flags), want.verdict) << name(state);
    EXPECT_EQ(c.state(), want.verdict == V::valid ? want.state : state) << name(state);
  }
}

TEST(TcpTrack, CT2_SynOfTheOriginalDirection) {
  expect_row(Direction::original, syn,
             {{S::none, valid(S::syn_sent)},
              {S::syn_sent, valid(S::syn_sent)},
              {S::syn_sent2, valid(S::syn_sent2)},
              {S::syn_received, stays},
              {S::established, stays},
              {S::fin_wait, stays},
              {S::close_wait, stays},
              {S::last_ack, stays},
              {S::time_wait, valid(S::syn_sent)},
              {S::close, valid(S::syn_sent)}});
}

TEST(TcpTrack, CT2_SynAckOfTheOriginalDirection) {
  expect_row(Direction::original, syn_ack,
             {{S::none, refused},
              {S::syn_sent, refused},
              {S::syn_received, valid(S::syn_received)},
              {S::established, refused},
              {S::fin_wait, refused},
              {S::close_wait, refused},
              {S::last_ack, refused},
              {S::time_wait, refused},
              {S::close, refused}});
}

// A FIN from the side that has sent one leads nowhere: only the other side's closes.
TEST(TcpTrack, CT2_FinOfTheOriginalDirection) {
  expect_row(Direction::original, fin,
             {{S::none, refused},
              {S::syn_sent, refused},
              {S::syn_sent2, refused},
              {S::syn_received, valid(S::fin_wait)},
              {S::established, valid(S::fin_wait)},
              {S::fin_wait, valid(S::fin_wait)},
              {S::close_wait, valid(S::close_wait)},
              {S::last_ack, valid(S::last_ack)},
              {S::time_wait, valid(S::time_wait)}});
}

TEST(TcpTrack, CT2_AckOfTheOriginalDirection) {
  expect_row(Direction::original, ack,
             {{S::none, valid(S::established)},
              {S::syn_sent, refused},
              {S::syn_sent2, refused},
              {S::syn_received, valid(S::established)},
              {S::established, valid(S::established)},
              {S::fin_wait, valid(S::close_wait)},
              {S::close_wait, valid(S::close_wait)},
              {S::last_ack, valid(S::time_wait)},
              {S::time_wait, valid(S::time_wait)}});
}

TEST(TcpTrack, CT2_ResetOfTheOriginalDirection) {
  expect_row(Direction::original, rst,
             {{S::none, refused},
              {S::syn_sent, valid(S::close)},
              {S::syn_sent2, valid(S::close)},
              {S::syn_received, valid(S::close)},
              {S::established, valid(S::close)},
              {S::fin_wait, valid(S::close)},
              {S::close_wait, valid(S::close)},
              {S::last_ack, valid(S::close)},
              {S::time_wait, valid(S::close)},
              {S::close, stays}});
}

TEST(TcpTrack, CT3_SynOfTheReplyDirection) {
  expect_row(Direction::reply, syn,
             {{S::none, refused},
              {S::syn_sent, valid(S::syn_sent2)},
              {S::syn_sent2, valid(S::syn_sent2)},
              {S::syn_received, refused},
              {S::established, refused},
              {S::fin_wait, refused},
              {S::close_wait, refused},
              {S::last_ack, refused},
              {S::time_wait, valid(S::syn_sent)},
              {S::close, refused}});
}

TEST(TcpTrack, CT3_SynAckOfTheReplyDirection) {
  expect_row(Direction::reply, syn_ack,
             {{S::none, refused},
              {S::syn_sent, valid(S::syn_received)},
              {S::syn_received, stays},
              {S::established, stays},
              {S::fin_wait, stays},
              {S::close_wait, stays},
              {S::last_ack, stays},
              {S::time_wait, stays},
              {S::close, stays}});
}

TEST(TcpTrack, CT3_AckOfTheReplyDirection) {
  expect_row(Direction::reply, ack,
             {{S::none, refused},  // by its maker: a connection begins in the original direction
              {S::syn_sent, stays},
              {S::syn_sent2, stays},
              {S::syn_received, valid(S::syn_received)},
              {S::established, valid(S::established)},
              {S::fin_wait, valid(S::close_wait)},
              {S::close_wait, valid(S::close_wait)},
              {S::last_ack, valid(S::time_wait)},
              {S::time_wait, valid(S::time_wait)},
              {S::close, valid(S::close)}});
}

TEST(TcpTrack, CT3_FinOfTheReplyDirection) {
  expect_row(Direction::reply, fin,
             {{S::syn_sent, refused},
              {S::syn_received, valid(S::fin_wait)},
              {S::established, valid(S::fin_wait)},
              {S::fin_wait, valid(S::last_ack)},
              {S::close_wait, valid(S::last_ack)},
              {S::last_ack, valid(S::last_ack)},
              {S::time_wait, valid(S::time_wait)},
              {S::close, valid(S::close)}});
}

TEST(TcpTrack, CT4_OnlyTheseSetsOfFlagsAreValid) {
  const std::map<uint8_t, bool> good{
      {syn, true}, {syn | F::urg, true}, {syn_ack, true}, {rst, true},         {rst | ack, true},
      {fin, true}, {fin | F::urg, true}, {ack, true},     {ack | F::urg, true}};
  for (unsigned flags = 0; flags < 64; ++flags) {
    const auto base = static_cast<uint8_t>(flags & ~F::psh);
    if (good.contains(base)) continue;
    TcpConversation c = in_state(S::established);
    EXPECT_EQ(c.client(static_cast<uint8_t>(flags)), V::invalid) << flags;
    EXPECT_EQ(c.state(), S::established);
  }
  for (const auto& [flags, _] : good) {
    for (const uint8_t noise : {F::psh, F::ece, F::cwr}) {
      TcpConversation with = in_state(S::established), without = with;
      EXPECT_EQ(with.client(flags | noise), without.client(flags)) << unsigned{flags};
    }
  }
}

// Each acknowledges the other's SYN with its own SYN again. Then both send as much as the other one
// allows before they get an acknowledgment, whichever answered first.
TEST(TcpTrack, T2_SimultaneousOpenPasses) {
  for (const Direction first : {Direction::original, Direction::reply}) {
    for (const Direction talker : {Direction::original, Direction::reply}) {
      TcpConversation c;
      EXPECT_EQ(c.client(syn), V::valid);
      EXPECT_EQ(c.server(syn), V::valid);
      for (const Direction from : {first, opposite(first)}) {
        TcpSegment segment = c.make(from, syn_ack);
        --segment.sequence;
        EXPECT_NE(c.send(from, segment), V::invalid);
      }
      EXPECT_EQ(c.state(), S::syn_received);
      for (uint32_t sent = 0; sent < c.window; sent += 1000) {
        EXPECT_EQ(c.send(talker, ack, 1000), V::valid) << sent;
      }
      EXPECT_EQ(c.send(opposite(talker), ack, 1000), V::valid);
      EXPECT_EQ(c.send(talker, ack, 1000), V::valid);
      EXPECT_EQ(c.state(), S::established);
    }
  }
}

// A SYN/ACK that is not the side's own SYN again allows nothing.
TEST(TcpTrack, T2_OthersSynAcksInASimultaneousOpenSayNothing) {
  TcpConversation c;
  EXPECT_EQ(c.client(syn), V::valid);
  EXPECT_EQ(c.server(syn), V::valid);
  TcpSegment answer = c.make(Direction::original, syn_ack);
  --answer.sequence;
  EXPECT_EQ(c.send(Direction::original, answer), V::valid);
  const TcpTrack before = c.track;
  EXPECT_EQ(follow(c.track, Direction::reply, c.make(Direction::reply, syn_ack)), V::ignored);
  EXPECT_EQ(c.track.max_end, before.max_end);
  EXPECT_EQ(c.track.max_window, before.max_window);
}

TEST(TcpTrack, T2_HalfClosedConnectionGoesOn) {
  TcpConversation c = in_state(S::close_wait);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(c.server(ack, 1000), V::valid);
    EXPECT_EQ(c.client(ack), V::valid);
  }
  EXPECT_EQ(c.state(), S::close_wait);
  EXPECT_EQ(c.server(fin), V::valid);
  EXPECT_EQ(c.state(), S::last_ack);
}

TEST(TcpTrack, T2_SimultaneousCloseEnds) {
  TcpConversation c = in_state(S::established);
  const TcpSegment from_server = c.make(Direction::reply, fin);
  EXPECT_EQ(c.client(fin), V::valid);
  EXPECT_EQ(c.send(Direction::reply, from_server), V::valid);
  EXPECT_EQ(c.client(ack), V::valid);
  EXPECT_EQ(c.server(ack), V::valid);
  EXPECT_EQ(c.state(), S::time_wait);
}

TEST(TcpTrack, CT9_RefusedSynEndsAtOnce) {
  TcpConversation c = in_state(S::syn_sent);
  EXPECT_EQ(c.server(rst | ack), V::closed);
}

TEST(TcpTrack, CT9_ResetThatDoesNotAcknowledgeTheSynIsForged) {
  TcpConversation c = in_state(S::syn_sent);
  TcpSegment forged = c.make(Direction::reply, rst | ack);
  forged.acknowledgment += 1;
  EXPECT_EQ(c.send(Direction::reply, forged), V::invalid);
  EXPECT_EQ(c.server(rst), V::invalid);
  EXPECT_EQ(c.state(), S::syn_sent);
}

TEST(TcpTrack, CT6_ResetBelowTheAcknowledgedIsInvalid) {
  TcpConversation c = in_state(S::established);
  c.client(ack, 100), c.server(ack);
  TcpSegment forged = c.make(Direction::original, rst);
  forged.sequence -= 1;
  EXPECT_EQ(c.send(Direction::original, forged), V::invalid);
  EXPECT_EQ(c.state(), S::established);
}

TEST(TcpTrack, CT6_ResetInTheWindowButNotExactPassesAndEndsNothing) {
  for (const Direction from : {Direction::original, Direction::reply}) {
    for (const uint32_t ahead : {1u, 100u, 19'999u}) {
      TcpConversation c = in_state(S::established);
      TcpSegment forged = c.make(from, rst);
      forged.sequence += ahead;
      EXPECT_EQ(c.send(from, forged), V::ignored) << ahead;
      EXPECT_EQ(c.state(), S::established);
    }
    TcpConversation c = in_state(S::established);
    TcpSegment outside = c.make(from, rst);
    outside.sequence += 20'001;
    EXPECT_EQ(c.send(from, outside), V::invalid);
  }
}

// An application that aborts while its data are on their way.
TEST(TcpTrack, CT6_ResetAfterUnacknowledgedDataCounts) {
  TcpConversation c = in_state(S::established);
  c.client(ack, 500);
  EXPECT_EQ(c.client(rst), V::valid);
  EXPECT_EQ(c.state(), S::close);
}

TEST(TcpTrack, N2_ConnectionLivesAgainWhenWhoIsSaidToHaveResetGoesOn) {
  TcpConversation c = in_state(S::established);
  EXPECT_EQ(c.server(rst), V::valid);  // forged, with the exact number
  EXPECT_EQ(c.state(), S::close);
  EXPECT_EQ(c.client(ack, 10), V::valid);  // proves nothing: it may not have seen the reset
  EXPECT_EQ(c.state(), S::close);
  EXPECT_EQ(c.server(ack, 10), V::valid);
  EXPECT_EQ(c.state(), S::established);
}

TEST(TcpTrack, CT7_SynAfterTheEndStartsAnew) {
  for (const S end : {S::time_wait, S::close}) {
    TcpConversation c = in_state(end);
    c.next[0] = 7;  // lower than before (TR-9)
    c.next[1] = 4'000'000'000;
    EXPECT_EQ(c.client(syn), V::valid);
    EXPECT_EQ(c.server(syn_ack), V::valid);
    EXPECT_EQ(c.client(ack, 100), V::valid);
    EXPECT_EQ(c.state(), S::established);
  }
}

TEST(TcpTrack, CT3_ReplySideMayReopenAfterTimeWait) {
  TcpConversation c = in_state(S::time_wait);
  c.next[1] = 90;
  c.next[0] = 3'000'000'000;
  EXPECT_EQ(c.server(syn), V::valid);
  EXPECT_EQ(c.state(), S::syn_sent);
  EXPECT_EQ(c.client(syn_ack), V::valid);
  EXPECT_EQ(c.server(ack, 10), V::valid);
  EXPECT_EQ(c.client(ack, 10), V::valid);
  EXPECT_EQ(c.state(), S::established);
}

TEST(TcpTrack, CT7_SynAfterThePeersResetNeedsThePeersAnswer) {
  TcpConversation c = in_state(S::established);
  c.server(rst);
  c.next[0] = 77;
  EXPECT_EQ(c.client(syn), V::ignored);
  EXPECT_EQ(c.state(), S::close);
  c.next[1] = 99;
  EXPECT_EQ(c.server(syn_ack), V::valid);
  EXPECT_EQ(c.client(ack, 10), V::valid);
  EXPECT_EQ(c.state(), S::established);
}

// The client has rebooted and takes the same port; the server's SYN/ACK says that it agrees.
TEST(TcpTrack, CT7_TR9_SynInEstablishedResynchronisesWhenItIsAcknowledged) {
  TcpConversation c = in_state(S::established);
  c.next[0] = 5;
  EXPECT_EQ(c.client(syn), V::ignored);
  EXPECT_EQ(c.state(), S::established);
  TcpSegment other = c.make(Direction::reply, syn_ack);
  other.acknowledgment += 9;  // of something else
  EXPECT_EQ(follow(c.track, Direction::reply, other), V::ignored);
  EXPECT_EQ(c.state(), S::established);
  c.next[1] = 2'000'000'000;
  EXPECT_EQ(c.server(syn_ack), V::valid);
  EXPECT_EQ(c.state(), S::syn_received);
  EXPECT_EQ(c.client(ack, 1000), V::valid);
  EXPECT_EQ(c.server(ack, 1000), V::valid);
  EXPECT_EQ(c.state(), S::established);
}

TEST(TcpTrack, CT7_ChallengeAckPassesAndTheResetAnsweringItMakesRoomForTheNextSyn) {
  TcpConversation c = in_state(S::established);
  const uint32_t old_next = c.next[0];
  TcpSegment challenge = c.make(Direction::reply, ack);
  c.next[0] = 900'000'000;
  TcpSegment again = c.make(Direction::original, syn);
  EXPECT_EQ(c.send(Direction::original, again), V::ignored);
  EXPECT_EQ(follow(c.track, Direction::reply, challenge), V::valid);
  TcpSegment reset;
  reset.flags = rst;
  reset.sequence = old_next;
  EXPECT_EQ(follow(c.track, Direction::original, reset), V::valid);
  EXPECT_EQ(c.state(), S::close);
  EXPECT_EQ(c.send(Direction::original, again), V::valid);
  EXPECT_EQ(c.state(), S::syn_sent);
  EXPECT_EQ(c.server(syn_ack), V::valid);
}

TEST(TcpTrack, CT7_OldConnectionGoesOnWhenTheSynWasForged) {
  TcpConversation c = in_state(S::established);
  TcpSegment forged = c.make(Direction::original, syn);
  forged.sequence = 3'333'333'333;
  EXPECT_EQ(follow(c.track, Direction::original, forged), V::ignored);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(c.client(ack, 100), V::valid);
    EXPECT_EQ(c.server(ack, 100), V::valid);
  }
  EXPECT_EQ(c.state(), S::established);
}

// The NAT was restarted, and so was the client, but not the server.
TEST(TcpTrack, CT3_HalfOpenPeersChallengeAndItsResetPass) {
  TcpConversation c = in_state(S::syn_sent);
  TcpSegment challenge;
  challenge.flags = ack;
  challenge.sequence = 888;
  challenge.acknowledgment = challenge.sack_end = 2'222'222'222;
  EXPECT_EQ(follow(c.track, Direction::reply, challenge), V::ignored);
  TcpSegment reset;
  reset.flags = rst;
  reset.sequence = 2'222'222'222;
  EXPECT_EQ(follow(c.track, Direction::original, reset), V::ignored);
  EXPECT_EQ(c.state(), S::syn_sent);
  EXPECT_EQ(c.server(syn_ack), V::valid);
}

TEST(TcpTrack, CT8_ConnectionIsPickedUpMidwayWithoutWindowChecks) {
  TcpConversation c;
  c.got[0] = 3'000'000'000;
  EXPECT_EQ(c.client(ack, 100), V::valid);
  EXPECT_EQ(c.state(), S::established);
  c.next[1] = 3'000'500'000;  // far ahead: the scale of the windows is not known
  EXPECT_EQ(c.server(ack, 60'000), V::valid);
  EXPECT_EQ(c.server(ack, 60'000), V::valid);
  TcpSegment forged = c.make(Direction::reply, rst);
  forged.sequence += 1;
  EXPECT_EQ(c.send(Direction::reply, forged), V::ignored);
  EXPECT_EQ(c.state(), S::established);
  EXPECT_EQ(c.client(ack), V::valid);
  EXPECT_EQ(c.client(fin), V::valid);
  EXPECT_EQ(c.server(fin), V::valid);
  EXPECT_EQ(c.state(), S::last_ack);
}

TEST(TcpTrack, InvalidSegmentChangesNothing) {
  for (const S state : all_states) {
    TcpConversation c = in_state(state);
    TcpSegment wild = c.make(Direction::reply, ack, 10);
    wild.sequence += 1'000'000'000;
    const TcpTrack before = c.track;
    if (follow(c.track, Direction::reply, wild) != V::invalid) continue;
    EXPECT_EQ(std::memcmp(&before, &c.track, sizeof before), 0) << name(state);
  }
}

}  // namespace
}  // namespace uswitch
