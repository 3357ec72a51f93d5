#include "nat/connection_table.h"

#include <gtest/gtest.h>

#include "tests/unit/nat/nat_harness.h"

namespace uswitch {
namespace {

using namespace std::chrono_literals;
using Insert = ConnectionTable::Insert;
using Follow = ConnectionTable::Follow;
using Refresh = ConnectionTable::Refresh;
using F = TcpView::Flag;

TEST(ConnectionTable, FlowIsFoundByBothDirections) {
  NatHarness nat(100);
  const Tuple original = udp_flow(1, 5000);
  const auto made = nat.masquerade(original);
  ASSERT_EQ(made->outcome, Insert::inserted);

  const auto there = nat.find(original);
  ASSERT_TRUE(there);
  EXPECT_EQ(there->direction, Direction::original);
  EXPECT_EQ(there->translated(), (Tuple{nat.external, remote_host(1), 5000, 53, ip_protocol::udp}));
  const auto back = nat.find({remote_host(1), nat.external, 53, 5000, ip_protocol::udp});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->direction, Direction::reply);
  EXPECT_EQ(back->translated(), original.reversed());
  EXPECT_EQ(there->ref, back->ref);
}

TEST(ConnectionTable, OtherTuplesFindNothing) {
  NatHarness nat(100);
  const Tuple t = udp_flow(1, 5000);
  nat.insert(t, {remote_host(1), nat.external, 53, 5000, t.protocol});
  Tuple other = t;
  other.source_port ^= 1;
  EXPECT_FALSE(nat.find(other));
  other = t, other.destination_port ^= 0x100;
  EXPECT_FALSE(nat.find(other));
  other = t, other.protocol = ip_protocol::tcp;
  EXPECT_FALSE(nat.find(other));
  for (size_t i = 0; i < 16; ++i) {
    other = t, other.source.bytes[i] ^= 1;
    EXPECT_FALSE(nat.find(other));
    other = t, other.destination.bytes[i] ^= 0x80;
    EXPECT_FALSE(nat.find(other));
  }
  EXPECT_FALSE(nat.find(t.reversed()));
}

TEST(ConnectionTable, IPv6FlowsAreFlowsLikeAnyOther) {
  NatHarness nat(100);
  const Tuple t{*IpAddress::parse("fd00::1"), *IpAddress::parse("2001:db8::53"), 5000, 53,
                ip_protocol::udp};
  nat.insert(t);
  EXPECT_TRUE(nat.find(t));
  EXPECT_EQ(nat.find(t.reversed())->direction, Direction::reply);
}

TEST(ConnectionTable, NG6_SecondInsertOfAFlowGetsTheFirst) {
  NatHarness nat(100);
  const auto first = nat.masquerade(udp_flow(1, 5000));
  const auto second = nat.masquerade(udp_flow(1, 5000));
  EXPECT_EQ(second->outcome, Insert::exists);
  EXPECT_EQ(second->found->ref, first->found->ref);
  EXPECT_EQ(nat.table.size(), 1u);
  EXPECT_TRUE(nat.table.remove(first->found->ref));
  EXPECT_EQ(nat.ports.size(), 0u);  // the second one's use was given back
}

TEST(ConnectionTable, TakenReplyTupleRefuses) {
  NatHarness nat(100);
  const Tuple reply{remote_host(1), nat.external, 53, 7000, ip_protocol::udp};
  EXPECT_EQ(nat.insert(udp_flow(1, 5000), reply).outcome, Insert::inserted);
  EXPECT_EQ(nat.insert(udp_flow(2, 5000), reply).outcome, Insert::taken);
  EXPECT_EQ(nat.insert(udp_flow(3, 5000), udp_flow(1, 5000)).outcome, Insert::taken);
  EXPECT_EQ(nat.table.size(), 1u);
  EXPECT_EQ(nat.table.count(Insert::taken), 2u);
  // A packet from a host to itself has no direction.
  const Tuple self{inner_host(1), inner_host(1), 7, 7, ip_protocol::udp};
  EXPECT_EQ(nat.insert(self).outcome, Insert::taken);
}

TEST(ConnectionTable, U1_TwoServersSeeTheSamePort) {
  NatHarness nat(100);
  nat.masquerade(udp_flow(2, 5000, 9));
  const auto a = nat.masquerade(udp_flow(1, 5000, 1)), b = nat.masquerade(udp_flow(1, 5000, 2));
  EXPECT_EQ(a->found->translated().source_port, b->found->translated().source_port);
  EXPECT_NE(a->found->translated().source_port, 5000);
  EXPECT_EQ(nat.ports.size(), 2u);
  nat.table.remove(a->found->ref);
  EXPECT_EQ(nat.ports.size(), 2u);
  nat.table.remove(b->found->ref);
  EXPECT_EQ(nat.ports.size(), 1u);
}

TEST(ConnectionTable, NG8_ExpiredFlowIsNotFoundAndMakesRoomForItsNextPacket) {
  NatHarness nat(100);
  const Tuple t = udp_flow(1, 5000);
  const auto first = nat.masquerade(t);
  EXPECT_TRUE(nat.find(t, start + 300s));
  const Time later = start + 300s + 3ms;
  EXPECT_FALSE(nat.find(t, later));
  EXPECT_FALSE(nat.find({remote_host(1), nat.external, 53, 5000, ip_protocol::udp}, later));
  const auto second = nat.masquerade(t, later);
  EXPECT_EQ(second->outcome, Insert::inserted);
  EXPECT_NE(second->found->ref, first->found->ref);
  EXPECT_EQ(nat.table.expired(), 1u);
  EXPECT_EQ(nat.table.size(), 1u);
}

TEST(ConnectionTable, NG8_ExpiredFlowThatHasTheReplyTupleMakesRoom) {
  NatHarness nat(100);
  const Tuple reply{remote_host(1), nat.external, 53, 7000, ip_protocol::udp};
  nat.insert(udp_flow(1, 5000), reply);
  EXPECT_EQ(nat.insert(udp_flow(2, 5000), reply, start + 1h).outcome, Insert::inserted);
  EXPECT_FALSE(nat.find(udp_flow(1, 5000), start + 1h));
}

// Never sooner than the timeout, whatever the phase of the clock, and a few milliseconds later at
// most.
TEST(ConnectionTable, U5_I2_TimeoutsHold) {
  for (const auto& [protocol, timeout] :
       {std::pair{ip_protocol::udp, 300s}, {ip_protocol::icmp, 60s}, {uint8_t{47}, 600s}}) {
    for (const Duration phase : {0ns, 1ns, 500'000ns, 1'048'575ns}) {
      NatHarness nat(100);
      Tuple t = udp_flow(1, 5000);
      t.protocol = protocol;
      nat.insert(t, start + phase);
      nat.sweep(start + phase + timeout - 1ns);
      EXPECT_TRUE(nat.find(t, start + phase + timeout - 1ns));
      nat.sweep(start + phase + timeout + 3ms);
      EXPECT_EQ(nat.table.size(), 0u);
    }
  }
}

TEST(ConnectionTable, U6_TR13_OnlyPacketsThatMayKeepAFlowAlive) {
  NatHarness nat(100);
  const Tuple t = udp_flow(1, 5000);
  nat.insert(t);
  auto touch = [&](const Tuple& tuple, Time now, Refresh refresh) {
    return nat.table.touch(*nat.find(tuple, now), 10, now, nat.timeouts, refresh);
  };
  EXPECT_TRUE(touch(t, start + 200s, Refresh::yes));
  EXPECT_TRUE(touch(t.reversed(), start + 400s, Refresh::no));
  EXPECT_TRUE(nat.find(t, start + 500s));
  EXPECT_FALSE(nat.find(t, start + 501s));
}

TEST(ConnectionTable, TR13_DeadlinesHoldWhenTheClockOfTicksWraps) {
  const Time before_wrap{Duration((int64_t{1} << 52) - 1'000'000'000)};  // a second before
  NatHarness nat(100);
  const Tuple t = udp_flow(1, 5000);
  nat.insert(t, before_wrap);
  nat.sweep(before_wrap + 299s);
  EXPECT_TRUE(nat.find(t, before_wrap + 299s));
  EXPECT_FALSE(nat.find(t, before_wrap + 301s));
}

TEST(ConnectionTable, LongTimeoutsAreCappedNotWrapped) {
  NatHarness nat(100);
  nat.timeouts.udp = std::chrono::hours(24 * 365);
  nat.insert(udp_flow(1, 5000));
  EXPECT_TRUE(nat.find(udp_flow(1, 5000), start + Timeouts::longest));
  EXPECT_FALSE(nat.find(udp_flow(1, 5000), start + Timeouts::longest + 1s));
}

// A TCP connection and its segments, as far as timers go.
class TcpFlow {
 public:
  NatHarness nat{100};
  Tuple tuple = tcp_flow(1, 5000);
  uint32_t next[2] = {1000, 9000};

  TcpFlow() {
    NewConnection what;
    what.reply = tuple.reversed();
    EXPECT_EQ(uswitch::follow(what.tcp, Direction::original, segment(Direction::original, F::syn)),
              TcpVerdict::valid);
    ++next[0];
    nat.table.insert(nat.table.key(tuple), what, 60, start, nat.timeouts);
  }
  TcpSegment segment(Direction from, uint8_t flags) const {
    TcpSegment s;
    s.flags = flags;
    s.sequence = next[side(from)];
    s.window = 10'000;
    if (flags & F::ack) s.acknowledgment = s.sack_end = next[side(opposite(from))];
    return s;
  }
  Follow send(Direction from, uint8_t flags, Time now = start) {
    const auto found = nat.find(from == Direction::original ? tuple : tuple.reversed(), now);
    if (!found) return Follow::gone;
    const TcpSegment s = segment(from, flags);
    if (!(flags & F::rst)) next[side(from)] = s.end();
    return nat.table.follow(*found, s, 60, now, nat.timeouts);
  }
  void establish() {
    EXPECT_EQ(send(Direction::reply, F::syn | F::ack), Follow::valid);
    EXPECT_EQ(send(Direction::original, F::ack), Follow::valid);
  }
  Duration expires_in() { return nat.all().at(0).expires_in; }
  void expect_expiry(Duration timeout) {
    EXPECT_GE(expires_in(), timeout - 2ms);
    EXPECT_LE(expires_in(), timeout + 2ms);
  }
};

TEST(ConnectionTable, T5_N1_TcpTimersFollowTheState) {
  TcpFlow flow;
  flow.expect_expiry(240s);
  flow.send(Direction::reply, F::syn | F::ack);
  flow.expect_expiry(240s);
  flow.send(Direction::original, F::ack);
  flow.expect_expiry(7440s);
  flow.send(Direction::original, F::fin | F::ack);
  flow.expect_expiry(7440s);  // half closed
  flow.send(Direction::reply, F::fin | F::ack);
  flow.expect_expiry(240s);
  flow.send(Direction::original, F::ack);
  flow.expect_expiry(240s);
}

TEST(ConnectionTable, N2_ResetKeepsTheSessionFourMinutes) {
  TcpFlow flow;
  flow.establish();
  EXPECT_EQ(flow.send(Direction::reply, F::rst), Follow::valid);
  flow.expect_expiry(240s);
  EXPECT_EQ(flow.send(Direction::reply, F::ack, start + 200s), Follow::valid);
  EXPECT_TRUE(flow.nat.find(flow.tuple, start + 7000s));  // it was forged
}

TEST(ConnectionTable, CT6_TR13_ForgedResetNeitherEndsNorShortens) {
  TcpFlow flow;
  flow.establish();
  flow.next[1] += 100;
  EXPECT_EQ(flow.send(Direction::reply, F::rst), Follow::ignored);
  flow.expect_expiry(7440s);
}

TEST(ConnectionTable, CT9_RefusedConnectionIsGoneAtOnce) {
  TcpFlow flow;
  EXPECT_EQ(flow.send(Direction::reply, F::rst | F::ack), Follow::closed);
  EXPECT_EQ(flow.nat.table.size(), 0u);
  EXPECT_FALSE(flow.nat.find(flow.tuple));
}

TEST(ConnectionTable, CT8_PickedUpConnectionCountsWhenBothSidesHaveSpoken) {
  NatHarness nat(100);
  NewConnection what;
  const Tuple t = tcp_flow(1, 5000);
  what.reply = t.reversed();
  TcpSegment s;
  s.flags = F::ack;
  s.window = 100;
  ASSERT_EQ(follow(what.tcp, Direction::original, s), TcpVerdict::valid);
  nat.table.insert(nat.table.key(t), what, 60, start, nat.timeouts);
  EXPECT_LE(nat.all().at(0).expires_in, 241s);
  nat.table.follow(*nat.find(t.reversed()), s, 60, start, nat.timeouts);
  EXPECT_GE(nat.all().at(0).expires_in, 7439s);
}

TEST(ConnectionTable, CT9_AssuredIsWhatBothSidesHaveAgreedOn) {
  TcpFlow flow;
  auto assured = [&] { return flow.nat.all().at(0).assured; };
  flow.send(Direction::reply, F::syn | F::ack);
  EXPECT_FALSE(assured());
  flow.send(Direction::original, F::ack);
  EXPECT_TRUE(assured());
  flow.send(Direction::original, F::fin | F::ack);
  EXPECT_TRUE(assured());
  flow.send(Direction::reply, F::fin | F::ack);
  EXPECT_FALSE(assured());  // closing
}

TEST(ConnectionTable, CT10_ExchangeOfTwoPacketsIsNotAssured) {
  NatHarness nat(100);
  const Tuple t = udp_flow(1, 5000);
  nat.insert(t);
  auto touch = [&](const Tuple& tuple) {
    nat.table.touch(*nat.find(tuple), 10, start, nat.timeouts, Refresh::yes);
    return nat.all().at(0);
  };
  EXPECT_FALSE(touch(t).assured);
  EXPECT_FALSE(touch(t.reversed()).assured);
  EXPECT_TRUE(nat.all().at(0).seen_reply);
  EXPECT_TRUE(touch(t).assured);
}

TEST(ConnectionTable, GoneConnectionIsNotFollowedIntoWhatTookItsPlace) {
  NatHarness nat(1);
  nat.insert(udp_flow(1, 5000));
  const auto old = nat.find(udp_flow(1, 5000));
  nat.table.remove(old->ref);
  nat.insert(udp_flow(2, 5000));
  EXPECT_FALSE(nat.table.touch(*old, 10, start, nat.timeouts, Refresh::yes));
  EXPECT_EQ(nat.table.follow(*old, {}, 10, start, nat.timeouts), Follow::gone);
  EXPECT_FALSE(nat.table.remove(old->ref));
  EXPECT_EQ(nat.all().at(0).traffic[0].packets, 1u);
  EXPECT_TRUE(nat.find(udp_flow(2, 5000)));
}

TEST(ConnectionTable, TrafficIsCountedByDirection) {
  NatHarness nat(10);
  const Tuple t = udp_flow(1, 5000);
  nat.insert(t);  // 100 bytes
  for (int i = 0; i < 3; ++i) {
    nat.table.touch(*nat.find(t.reversed()), 0xffffffff, start, nat.timeouts, Refresh::no);
  }
  const ConnectionInfo info = nat.all().at(0);
  EXPECT_EQ(info.traffic[0].packets, 1u);
  EXPECT_EQ(info.traffic[0].bytes, 100u);
  EXPECT_EQ(info.traffic[1].packets, 3u);
  EXPECT_EQ(info.traffic[1].bytes, 3 * uint64_t{0xffffffff});
}

TEST(ConnectionTable, TagAndMarksAreFoundInBothDirections) {
  NatHarness nat(10);
  NewConnection what;
  const Tuple t = udp_flow(1, 5000);
  what.reply = t.reversed();
  what.tag = 0xabcd;
  what.marks = 0xef;
  nat.table.insert(nat.table.key(t), what, 1, start, nat.timeouts);
  for (const Tuple& tuple : {t, t.reversed()}) {
    EXPECT_EQ(nat.find(tuple)->tag, 0xabcd);
    EXPECT_EQ(nat.find(tuple)->marks, 0xef);
  }
  EXPECT_EQ(nat.all().at(0).tag, 0xabcd);
  EXPECT_EQ(nat.all().at(0).mapping, no_mapping);
}

TEST(ConnectionTable, TR19_FlowsOfOneEntryAreRemovedByIt) {
  NatHarness nat(100);
  for (uint16_t n = 0; n < 60; ++n) {
    const Tuple t = udp_flow(n, 5000);
    nat.insert(t, t.reversed(), start, n % 3);
  }
  uint32_t at = 0;
  do {
    at = nat.table.scan(at, 10, start, [](const ConnectionInfo& info) {
      return info.tag == 1 ? ConnectionTable::Visit::remove : ConnectionTable::Visit::keep;
    });
  } while (at != 0);
  EXPECT_EQ(nat.table.size(), 40u);
  for (uint16_t n = 0; n < 60; ++n) EXPECT_EQ(nat.find(udp_flow(n, 5000)).has_value(), n % 3 != 1);
}

TEST(ConnectionTable, PrefetchedKeyFindsWhatCameInBetween) {
  NatHarness nat(10);
  const Tuple t = udp_flow(1, 5000);
  ConnectionTable::Key key;
  nat.table.prepare(key, t);
  nat.table.prefetch_connection(key);
  nat.insert(t);
  EXPECT_TRUE(nat.table.lookup(key, start));
  nat.table.prefetch_connection(key);
  const auto ref = nat.table.lookup(key, start)->ref;
  nat.table.remove(ref);
  EXPECT_FALSE(nat.table.lookup(key, start));
  nat.insert(udp_flow(2, 5000));  // in the same record
  EXPECT_FALSE(nat.table.lookup(key, start));
}

TEST(ConnectionTable, AtMost192BytesAFlow) {
  const uint32_t flows = 1'000'000;
  NatHarness nat(flows);
  EXPECT_LE(nat.table.bytes(), 192ull * flows);
}

}  // namespace
}  // namespace uswitch
