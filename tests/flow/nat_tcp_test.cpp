// TCP connections through the translation (RFC 5382, RFC 7857 2; CT-2 to CT-9).
#include "tests/flow/natted.h"

namespace uswitch::test {
namespace {

// One segment of a conversation: from alice (out) or from web.
struct Segment {
  bool out;
  const char* flags;
  uint32_t seq, ack;
  size_t bytes = 0;
  bool passes = true;
};

class NatTcp : public Natted {
 protected:
  static constexpr uint16_t port = 4000;

  static FrameBuilder fill(FrameBuilder ip, uint16_t source, uint16_t destination,
                           const Segment& s) {
    return ip.tcp(source, destination).flags(s.flags).seq(s.seq).ack(s.ack).pattern(s.bytes);
  }
  // Each arrives translated, or is dropped as out of state.
  void talk(std::initializer_list<Segment> segments, Family f = Family::v4) {
    for (const Segment& s : segments) {
      SCOPED_TRACE(testing::Message() << (s.out ? "out " : "in ") << s.flags << ' ' << s.seq);
      if (s.out)
        send(alice, fill(from(alice, web.at(f)), port, 80, s));
      else
        send(web, fill(from(web, own(f)), 80, port, s));
      if (!s.passes)
        expect_drop(Reason::tcp_out_of_state);
      else if (s.out)
        expect(web, fill(to(web, own(f)), port, 80, s));
      else
        expect(alice, fill(to(alice, web.at(f)), 80, port, s));
    }
  }
  void handshake(Family f = Family::v4) {
    talk({{true, "S", 100, 0}, {false, "SA", 500, 101}, {true, "A", 101, 501}}, f);
  }
  void close_both_ways() {
    talk({{true, "FA", 101, 501},
          {false, "A", 501, 102},
          {false, "FA", 501, 102},
          {true, "A", 102, 502}});
  }
  bool lives() {
    send(web, fill(from(web, own4), 80, port, {false, "A", 501, 101}));
    return sw.receivers() == Ports{alice.port};
  }
};

TEST_F(NatTcp, T2_CT2_AWholeConversation) {
  for (Family f : families) {
    handshake(f);
    talk({{true, "PA", 101, 501, 1000},
          {false, "PA", 501, 1101, 500},
          {true, "A", 1101, 1001},
          {true, "FA", 1101, 1001},
          {false, "A", 1001, 1102},
          {false, "PA", 1001, 1102, 300},
          {true, "A", 1102, 1301},
          {false, "FA", 1301, 1102},
          {true, "A", 1102, 1302},
          {false, "FA", 1301, 1102},
          {true, "A", 1102, 1302}},
         f);
  }
}

// Whichever side is the first to answer, and before any further acknowledgment.
TEST_F(NatTcp, T2_SimultaneousOpen) {
  const Segment answer_out = {true, "SA", 100, 501}, answer_in = {false, "SA", 500, 101};
  for (Family f : families) {
    for (const bool out_first : {true, false}) {
      talk({{true, "S", 100, 0}, {false, "S", 500, 0}}, f);
      if (out_first)
        talk({answer_out, answer_in}, f);
      else
        talk({answer_in, answer_out}, f);
      talk({{true, "PA", 101, 501, 1000},
            {true, "PA", 1101, 501, 1000},
            {true, "PA", 2101, 501, 1000},
            {false, "PA", 501, 101, 700},
            {false, "PA", 1201, 101, 700},
            {false, "A", 1901, 3101},
            {true, "A", 3101, 1901}},
           f);
      forget();
    }
  }
}

TEST_F(NatTcp, T2_SimultaneousClose) {
  handshake();
  talk({{true, "FA", 101, 501},
        {false, "FA", 501, 101},
        {true, "A", 102, 502},
        {false, "A", 502, 102}});
}

TEST_F(NatTcp, CT4_FlagsThatNoSegmentHas) {
  handshake();
  for (const char* flags : {"", "F", "SF", "SR", "FPU", "SFA", "P", "RF", "U"}) {
    talk({{true, flags, 101, 501, 0, false}, {false, flags, 501, 101, 0, false}});
  }
  EXPECT_TRUE(lives());
}

// What was damaged on its way opens and ends nothing.
TEST_F(NatTcp, CT4_DamagedSegmentsThatWouldChangeTheState) {
  const auto damaged = [](FrameBuilder f) { return f.l4_checksum(0x1234); };
  for (Family f : families) {
    send(alice, damaged(fill(from(alice, web.at(f)), port, 80, {true, "S", 100, 0})));
    expect_drop(Reason::bad_tcp_checksum);
    EXPECT_EQ(sw.nat().connections->size(), 0u);
    handshake(f);
    for (const char* flags : {"R", "RA", "FA", "S"}) {
      send(alice, damaged(fill(from(alice, web.at(f)), port, 80, {true, flags, 101, 501})));
      expect_drop(Reason::bad_tcp_checksum);
      send(web, damaged(fill(from(web, own(f)), 80, port, {false, flags, 501, 101})));
      expect_drop(Reason::bad_tcp_checksum);
    }
    sw.advance(seconds(7000));
    talk({{false, "A", 501, 101}, {true, "PA", 101, 501, 10}}, f);
    forget();
  }
}

TEST_F(NatTcp, CT4_DamagedSynsToAPublishedPort) {
  sw.publish(outside, own4, 8080, tcp6, alice.v4, 80);
  send(web, from(web, own4).tcp(5000, 8080).flags("S").l4_checksum(0x1234));
  expect_drop(Reason::bad_tcp_checksum);
  EXPECT_EQ(sw.nat().connections->size(), 0u);
}

// What is not finished yet is not judged: sums that are left to be made, and super-segments.
TEST_F(NatTcp, CT4_UnfinishedChecksumsAreRightByDefinition) {
  for (Family f : families) {
    handshake(f);
    FrameBuilder end = fill(from(alice, web.at(f)), port, 80, {true, "FA", 101, 501, 3000});
    send(alice, end.gso(1000));
    EXPECT_EQ(sw.receivers(), Ports{web.port});
    FrameBuilder reset = fill(from(alice, web.at(f)), port, 80, {true, "R", 3102, 0});
    send(alice, reset.partial_checksum());
    EXPECT_EQ(sw.receivers(), Ports{web.port});
    forget();
  }
}

TEST_F(NatTcp, CT2_NothingButASynOrAnAckBegins) {
  for (const char* flags : {"SA", "FA", "R", "RA"}) talk({{true, flags, 100, 500, 0, false}});
  EXPECT_EQ(sw.nat().connections->size(), 0u);
}

TEST_F(NatTcp, CT5_OutsideTheWindowNothingPasses) {
  handshake();
  talk({{false, "PA", 501 + 100000, 101, 10, false},
        {false, "PA", 501, 200000, 10, false},
        {false, "PA", 501, 101, 10}});
}

TEST_F(NatTcp, CT6_N2_ForgedResetsEndNothing) {
  handshake();
  talk({{false, "R", 501 + 100000, 0, 0, false},
        {false, "R", 400, 0, 0, false},
        {false, "R", 600, 0}});  // in the window, but not the number that alice waits for: RFC 5961
  sw.advance(seconds(600));
  EXPECT_TRUE(lives());
}

TEST_F(NatTcp, N2_AResetPassesAndLeavesFourMinutes) {
  handshake();
  talk({{false, "R", 501, 0}});
  sw.advance(seconds(239));
  talk({{false, "A", 501, 101}});  // it was forged: web goes on
  sw.advance(seconds(600));
  EXPECT_TRUE(lives());
  talk({{false, "R", 501, 0}});
  sw.advance(seconds(241));
  EXPECT_FALSE(lives());
}

TEST_F(NatTcp, CT9_ARefusedSynIsForgottenAtOnce) {
  talk({{true, "S", 100, 0}, {false, "RA", 0, 101}});
  EXPECT_EQ(sw.nat().connections->size(), 0u);
  EXPECT_EQ(sw.nat().ports->size(), 0u);
}

TEST_F(NatTcp, T5_EstablishedConnectionsIdleForHours) {
  handshake();
  sw.advance(seconds(7439));
  EXPECT_TRUE(lives());
  sw.advance(seconds(7441));
  EXPECT_FALSE(lives());
}

TEST_F(NatTcp, T5_HalfClosedTooAndClosedOnesFourMinutes) {
  handshake();
  talk({{true, "FA", 101, 501}, {false, "A", 501, 102}});
  sw.advance(seconds(7439));
  talk({{false, "FA", 501, 102}, {true, "A", 102, 502}});
  sw.advance(seconds(239));
  talk({{false, "FA", 501, 102}});
  sw.advance(seconds(241));
  send(web, fill(from(web, own4), 80, port, {false, "FA", 501, 102}));
  expect_drop(Reason::unsolicited);
}

TEST_F(NatTcp, CT7_TR9_APortIsUsedAgainAtOnce) {
  handshake();
  close_both_ways();
  // With a sequence number below that of the last time.
  talk({{true, "S", 50, 0},
        {false, "SA", 900, 51},
        {true, "A", 51, 901},
        {false, "PA", 901, 51, 10}});
}

TEST_F(NatTcp, CT7_TR9_ASynIntoALiveConnection) {
  handshake();
  talk({{true, "S", 7000, 0},
        {false, "A", 501, 101},
        {true, "R", 101, 0}});  // a challenge and its answer
  talk({{true, "S", 7000, 0}, {false, "SA", 900, 7001}, {true, "A", 7001, 901}});
}

TEST_F(NatTcp, CT8_TR9_FromInsideAConnectionIsPickedUpMidway) {
  for (Family f : families) {
    talk({{true, "PA", 90000, 70000, 100},
          {false, "A", 70000, 90100},
          {false, "PA", 70000, 90100, 100},
          {true, "FA", 90100, 70100}},
         f);
  }
}

// The tables are as after a restart. What comes from outside first must not end the connection.
TEST_F(NatTcp, TR9_ARestartIsSurvivedUnderTheSamePort) {
  for (Family f : families) {
    handshake(f);
    forget();
    send(web, fill(from(web, own(f)), 80, port, {false, "PA", 501, 101, 10}));
    expect_drop(Reason::unsolicited);  // and nobody is told
    talk({{true, "A", 101, 501}, {false, "PA", 501, 101, 10}, {true, "PA", 101, 511, 20}}, f);
  }
}

// A segment that may not pass, of each side: both may have given the connection up.
TEST_F(NatTcp, CT13_RefusedEndsOfBothSidesLeaveFiveMinutes) {
  handshake();
  talk({{true, "R", 90000, 0, 0, false}, {true, "R", 90000, 0, 0, false}});
  sw.advance(seconds(301));
  EXPECT_TRUE(lives());  // one side's alone say nothing, and those of before are forgotten
  talk({{true, "FA", 90000, 501, 0, false}});
  talk({{false, "R", 90000, 0, 0, false}});
  sw.advance(seconds(299));
  EXPECT_TRUE(lives());
  sw.advance(seconds(301));
  EXPECT_TRUE(lives()) << "it has gone on";
  talk({{true, "R", 90000, 0, 0, false}, {false, "R", 90000, 0, 0, false}});
  sw.advance(seconds(301));
  EXPECT_FALSE(lives());
}

TEST_F(NatTcp, CT8_TR9_FromOutsideItIsNot) {
  send(web, from(web, own4).tcp(80, 4000).flags("PA").payload("x"));
  expect_drop(Reason::unsolicited);
}

TEST_F(NatTcp, CT8_PublishedConnectionsArePickedUpFromBothSides) {
  sw.publish(outside, own4, 8080, tcp6, alice.v4, 80);
  send(web, from(web, own4).tcp(5000, 8080).flags("PA").payload("x"));
  expect(alice, to(alice, web.v4).tcp(5000, 80).flags("PA").payload("x"));
}

// What one batch holds is judged in order, though it was all looked up before.
TEST_F(NatTcp, NG6_FirstAndFurtherSegmentsInOneBatch) {
  std::vector<FrameBuilder> batch;
  const Segment segments[] = {
      {true, "S", 100, 0}, {true, "S", 100, 0}, {true, "R", 101, 0}, {true, "SF", 100, 0}};
  for (const Segment& s : segments) batch.push_back(fill(from(alice, web.v4), port, 80, s));
  sw.send_batch(alice.port, batch);
  EXPECT_EQ(sw.received(web.port).size(), 3u);
  EXPECT_EQ(sw.drops(Reason::tcp_out_of_state), 1u);
  EXPECT_EQ(sw.nat().connections->size(), 1u);
}

TEST_F(NatTcp, NG6_TheSameOfUdp) {
  sw.send_batch(alice.port, std::vector<FrameBuilder>(10, from(alice, web.v4).udp(4000, 53)));
  const std::vector<Bytes> seen = sw.received(web.port);
  EXPECT_EQ(seen, std::vector<Bytes>(10, to(web, own4).udp(4000, 53).bytes()));
  EXPECT_EQ(sw.nat().connections->size(), 1u);
  EXPECT_EQ(sw.nat().ports->size(), 1u);
  uint64_t packets = 0;
  sw.nat().connections->scan(0, 1024, sw.now(), [&](const ConnectionInfo& c) {
    packets += c.traffic[0].packets;
    return ConnectionTable::Visit::keep;
  });
  EXPECT_EQ(packets, 10u);
}

}  // namespace
}  // namespace uswitch::test
