// What captures see of bridged packets.
#include <gmock/gmock.h>

#include "tests/flow/captured.h"
#include "wire/bytes.h"

namespace uswitch::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CaptureFlow : public testing::Test {
 protected:
  TestSwitch sw;
  NetworkId lan = sw.add_network("lan"), red = sw.add_network("red");
  PortId a = sw.add_port(lan), b = sw.add_port(lan), c = sw.add_port(lan);
  PortId trunk = sw.add_port(lan, {{10, red}}), r = sw.add_port(red);

  CaptureFlow() {
    sw.add_static(lan, mac(1), a);
    sw.add_static(lan, mac(2), b);
    sw.add_static(red, mac(9), r);
  }

  static FrameBuilder udp(unsigned from, unsigned to, uint16_t port = 53) {
    return frame().eth(mac(from), mac(to)).ipv4("10.0.0.1", "10.0.0.2").udp(1, port).payload("x");
  }
};

TEST_F(CaptureFlow, PC6_AppearancesOfAPacketShareItsId) {
  const auto capture = sw.capture({});
  sw.send_batch(a, {udp(1, 2), udp(1, 2, 54)});
  const auto seen = take_seen(*capture);
  ASSERT_THAT(words(seen),
              ElementsAre("in p0 -> p1", "in p0 -> p1", "out p1 <- p0", "out p1 <- p0"));
  EXPECT_EQ(seen[0].id, seen[2].id);
  EXPECT_EQ(seen[1].id, seen[3].id);
  EXPECT_NE(seen[0].id, seen[1].id);
  EXPECT_EQ(seen[0].bytes, udp(1, 2).bytes());
  EXPECT_EQ(seen[3].bytes, udp(1, 2, 54).bytes());
  EXPECT_EQ(seen[0].time, sw.now());
}

TEST_F(CaptureFlow, SeesWhatTheFilterTakesAndNothingElse) {
  const auto capture = sw.capture({.filter = PacketFilter("udp dst port 54")});
  sw.send_batch(a, {udp(1, 2), udp(1, 2, 54), udp(1, 2, 55)});
  const auto seen = take_seen(*capture);
  ASSERT_THAT(words(seen), ElementsAre("in p0 -> p1", "out p1 <- p0"));
  EXPECT_EQ(seen[0].bytes, udp(1, 2, 54).bytes());
}

TEST_F(CaptureFlow, AFloodedPacketLeavesByEachPort) {
  const auto capture = sw.capture({});
  sw.send(a, udp(1, 7));
  const auto seen = take_seen(*capture);
  EXPECT_THAT(words(seen),
              ElementsAre("in p0 flooded", "out p1 <- p0", "out p2 <- p0", "out p3 <- p0"));
  for (const Seen& s : seen) EXPECT_EQ(s.id, seen[0].id);
}

TEST_F(CaptureFlow, WithPortsOnlyWhatEntersOrLeavesThere) {
  const auto capture = sw.capture({.ports = {b}});
  sw.send(a, udp(1, 2));
  sw.send(b, udp(2, 1));
  sw.send(a, udp(1, 7));
  sw.send(c, udp(3, 1));
  const auto seen = take_seen(*capture);
  EXPECT_THAT(words(seen), ElementsAre("out p1 <- p0", "in p1 -> p0", "out p1 <- p0"));
}

TEST_F(CaptureFlow, ADroppedPacketSaysWhyWhereItCameIn) {
  const auto capture = sw.capture({});
  sw.send(a, udp(1, 1));
  auto garbage = udp(1, 2);
  sw.send(a, garbage.truncate(13));
  EXPECT_THAT(words(take_seen(*capture)),
              ElementsAre("in p0 drop same_port", "in p0 drop frame_too_short"));
}

TEST_F(CaptureFlow, APacketThatItsEgressRefusesIsDropped) {
  const auto capture = sw.capture({});
  sw.port(b).refuse(Reason::egress_full);
  sw.send(a, udp(1, 2));
  sw.send(a, frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).zeros(1600));
  EXPECT_THAT(words(take_seen(*capture)),
              ElementsAre("in p0 drop egress_full", "in p0 drop exceeds_mtu"));
}

// What one of many ports did not take is told apart from what the others did.
TEST_F(CaptureFlow, AFloodedPacketThatOnePortRefusesIsRecordedAgain) {
  const auto capture = sw.capture({});
  sw.port(c).refuse(Reason::egress_full);
  sw.send(a, udp(1, 7));
  const auto seen = take_seen(*capture);
  EXPECT_THAT(words(seen), ElementsAre("in p0 flooded", "out p1 <- p0", "in p0 drop egress_full",
                                       "out p3 <- p0"));
  EXPECT_EQ(seen[2].id, seen[0].id);
}

TEST_F(CaptureFlow, DropsAloneAreRecordedWhenTheyAreDropped) {
  const auto all = sw.capture({.drops = true});
  const auto some = sw.capture({.filter = PacketFilter("udp dst port 54"), .drops = true});
  const auto there = sw.capture({.ports = {b}, .drops = true});
  sw.send_batch(a, {udp(1, 2), udp(1, 1), udp(1, 1, 54), udp(1, 2, 54)});
  sw.send(b, udp(2, 2));
  EXPECT_THAT(words(take_seen(*all)),
              ElementsAre("in p0 drop same_port", "in p0 drop same_port", "in p1 drop same_port"));
  const auto seen = take_seen(*some);
  ASSERT_THAT(words(seen), ElementsAre("in p0 drop same_port"));
  EXPECT_EQ(seen[0].bytes, udp(1, 1, 54).bytes());
  EXPECT_THAT(words(take_seen(*there)), ElementsAre("in p1 drop same_port"));
}

TEST_F(CaptureFlow, AFilterSeesTheTagThatTheFrameCameWith) {
  const auto tagged = sw.capture({.filter = PacketFilter("vlan 10 and udp")});
  const auto seen_by_all = sw.capture({});
  const auto in_frame =
      frame().eth(mac(8), mac(9)).vlan(10, 5).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
  sw.send(trunk, in_frame);
  MemoryPort::Frame beside{udp(8, 9).bytes(), {}, true, 0xa00a};
  sw.send(trunk, beside);  // as AF_PACKET delivers it (AP-2)
  const auto seen = take_seen(*tagged);
  ASSERT_THAT(words(seen),
              ElementsAre("in p3 -> p4", "out p4 <- p3", "in p3 -> p4", "out p4 <- p3"));
  EXPECT_EQ(seen[0].bytes, in_frame.bytes());
  EXPECT_EQ(load_be32(&seen[2].bytes[12]), 0x8100a00au);
  EXPECT_EQ(seen[2].bytes.size(), beside.bytes.size() + 4);
  EXPECT_EQ(seen[3].bytes, beside.bytes);
  EXPECT_EQ(sw.received(r).size(), 2u);
  EXPECT_EQ(take_seen(*seen_by_all).size(), 4u);
}

TEST_F(CaptureFlow, AFrameThatLeavesWithATagIsSeenWithIt) {
  sw.add_static(red, mac(8), trunk);
  const auto capture = sw.capture({.ports = {trunk}});
  sw.send(r, udp(9, 8));
  const auto seen = take_seen(*capture);
  ASSERT_THAT(words(seen), ElementsAre("out p3 <- p4"));
  EXPECT_EQ(seen[0].bytes, sw.received(trunk).at(0));
}

TEST_F(CaptureFlow, PC5_OffloadRequestsAreRecorded) {
  const auto capture = sw.capture({});
  const auto tcp = [] {
    return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).zeros(3000);
  };
  sw.send(a, tcp().gso(1000));
  sw.send(a, udp(1, 2).partial_checksum());
  sw.send(a, udp(1, 2));
  const auto seen = take_seen(*capture);
  ASSERT_EQ(seen.size(), 6u);
  EXPECT_TRUE(seen[0].segments && seen[0].needs_checksum);
  EXPECT_TRUE(seen[1].segments && seen[1].needs_checksum);
  EXPECT_TRUE(!seen[2].segments && seen[2].needs_checksum);
  EXPECT_TRUE(!seen[4].segments && !seen[4].needs_checksum);
}

TEST_F(CaptureFlow, SegmentsHaveTheIdOfWhatTheyWereCutFrom) {
  const PortId plain = sw.add_port(lan, {}, Capabilities{});
  sw.add_static(lan, mac(4), plain);
  const auto capture = sw.capture({.filter = PacketFilter("tcp")});
  sw.send(a,
          frame().eth(mac(1), mac(4)).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).zeros(3000).gso(1000));
  const auto seen = take_seen(*capture);
  ASSERT_EQ(seen.size(), 4u);
  for (const Seen& s : seen) EXPECT_EQ(s.id, seen[0].id);
  EXPECT_EQ(seen[3].bytes, sw.received(plain).at(2));
}

TEST_F(CaptureFlow, KeepsNoMoreOfAPacketThanWasAskedFor) {
  const auto capture = sw.capture({.snaplen = 20});
  sw.send(a, udp(1, 2));
  const auto seen = take_seen(*capture);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].captured, 20u);
  EXPECT_EQ(seen[0].length, udp(1, 2).bytes().size());
}

TEST_F(CaptureFlow, TR17_AFullRingLosesCapturesAndNoTraffic) {
  const auto capture = sw.capture({}, 4096);
  for (int i = 0; i < 100; ++i) sw.send(a, udp(1, 2));
  EXPECT_EQ(sw.received(b).size(), 100u);
  const auto seen = take_seen(*capture);
  EXPECT_LT(seen.size(), 40u);
  EXPECT_EQ(seen.size() + capture->lost(), 200u);
  sw.send(a, udp(1, 2));
  const auto later = take_seen(*capture);
  ASSERT_EQ(later.size(), 2u) << "there is room again";
  EXPECT_EQ(later[0].lost, capture->lost()) << "and it says what is missing";
  EXPECT_EQ(later[1].lost, 0u);
}

TEST_F(CaptureFlow, SeveralCapturesShareTheIds) {
  const auto all = sw.capture({}), some = sw.capture({.filter = PacketFilter("dst port 54")});
  sw.send_batch(a, {udp(1, 2), udp(1, 2, 54)});
  const auto of_all = take_seen(*all), of_some = take_seen(*some);
  ASSERT_EQ(of_all.size(), 4u);
  ASSERT_EQ(of_some.size(), 2u);
  EXPECT_EQ(of_some[0].id, of_all[1].id);
  sw.end_capture(*all);
  sw.send(a, udp(1, 2, 54));
  EXPECT_THAT(take_seen(*all), IsEmpty());
  EXPECT_EQ(take_seen(*some).size(), 2u);
}

TEST_F(CaptureFlow, TheLastDropOfAReasonIsKept) {
  sw.send(a, udp(1, 1));
  sw.advance(std::chrono::seconds(1));
  sw.send(a, udp(1, 1, 54));
  const auto last = sw.last_drops().read(Reason::same_port);
  ASSERT_TRUE(last);
  const Bytes frame = udp(1, 1, 54).bytes();
  EXPECT_EQ(last->time, sw.now());
  EXPECT_EQ(last->ingress, a);
  EXPECT_EQ(last->length, frame.size());
  EXPECT_TRUE(std::equal(frame.begin(), frame.end(), last->bytes.begin()));
  EXPECT_FALSE(sw.last_drops().read(Reason::guard_mac));
}

}  // namespace
}  // namespace uswitch::test
