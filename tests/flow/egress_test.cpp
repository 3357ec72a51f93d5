// What an egress gets of frames whose checksum or segmentation is left to do: STANDARDS VH-11,
// BR-8, TR-1, TR-15.
#include <gtest/gtest.h>

#include "tests/support/frame_check.h"
#include "tests/support/test_switch.h"
#include "wire/bytes.h"

namespace uswitch::test {
namespace {

using Frames = std::vector<MemoryPort::Frame>;
using Gso = Offload::Gso;

constexpr Capabilities none{}, checksum_only{.checksum = true};
constexpr size_t eth_size = 14, ip4_size = 20, ip6_size = 40, udp_size = 8, tcp_size = 20;

FrameBuilder v4() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").ip_id(0xfffe);
}
FrameBuilder v6() {
  return frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2");
}
FrameBuilder tcp4(size_t size, uint16_t segment) {
  return v4().tcp(1, 2).seq(0xfffffc00).flags("PAF").pattern(size).gso(segment);
}
FrameBuilder tcp6(size_t size, uint16_t segment) {
  return v6().tcp(1, 2).seq(100).pattern(size).gso(segment);
}
FrameBuilder udp4(size_t size, uint16_t segment) {
  return v4().udp(1, 2).pattern(size).gso(segment);
}
FrameBuilder udp6(size_t size, uint16_t segment) {
  return v6().udp(1, 2).pattern(size).gso(segment);
}

void expect_finished(const Frames& frames) {
  for (const auto& f : frames) {
    EXPECT_EQ(frame_fault(f.bytes), "");
    EXPECT_FALSE(f.offload.any());
  }
}

// The payloads of all frames behind one another.
Bytes joined(const Frames& frames, size_t headers) {
  Bytes all;
  for (const auto& f : frames) {
    if (f.bytes.size() > headers) {
      all.insert(all.end(), f.bytes.begin() + static_cast<long>(headers), f.bytes.end());
    }
  }
  return all;
}

Bytes payload(const FrameBuilder& f, size_t headers) {
  return joined({{f.bytes(), {}, false, 0}}, headers);
}

bool same_request(const Offload& a, const Offload& b) {
  if (a.gso != b.gso || a.needs_checksum != b.needs_checksum) return false;
  if (a.gso != Gso::none && a.segment_size != b.segment_size) return false;
  return !a.needs_checksum ||
         (a.checksum_start == b.checksum_start && a.checksum_offset == b.checksum_offset);
}

void expect_whole(const Frames& frames, const FrameBuilder& f) {
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].bytes, f.bytes());
  EXPECT_TRUE(same_request(frames[0].offload, f.offload()));
}

// Frames come in at `a`; nothing is known of their destination, so they go everywhere else.
class Egress : public testing::Test {
 protected:
  TestSwitch sw;
  NetworkId net = sw.add_network("office");
  PortId a = sw.add_port(net);

  PortId port(Capabilities can) { return sw.add_port(net, {}, can); }
  Frames sent(PortId id) { return sw.received_with_offload(id); }
};

struct Kind {
  const char* name;
  FrameBuilder frame;
  size_t headers;
  Capabilities takes, lacks;  // just this, all but this
};

std::vector<Kind> kinds() {
  const Capabilities tso4{true, true, false, false}, tso6{true, false, true, false},
      uso{true, false, false, true};
  const Capabilities no_tso4{true, false, true, true}, no_tso6{true, true, false, true},
      no_uso{true, true, true, false};
  return {{"tcp4", tcp4(5001, 1000), eth_size + ip4_size + tcp_size, tso4, no_tso4},
          {"tcp6", tcp6(5001, 1000), eth_size + ip6_size + tcp_size, tso6, no_tso6},
          {"udp4", udp4(5001, 1000), eth_size + ip4_size + udp_size, uso, no_uso},
          {"udp6", udp6(5001, 1000), eth_size + ip6_size + udp_size, uso, no_uso}};
}

TEST_F(Egress, VH11_PortThatCanGetsTheSuperSegmentUnchanged) {
  const PortId b = port(none);
  for (const Kind& k : kinds()) {
    sw.settings(b).capabilities = k.takes;
    sw.send(a, k.frame);
    expect_whole(sent(b), k.frame);
  }
}

TEST_F(Egress, VH11_PortThatLacksJustThisGetsFinishedSegments) {
  const PortId b = port(none);
  for (const Kind& k : kinds()) {
    SCOPED_TRACE(k.name);
    for (const Capabilities& can : {none, checksum_only, k.lacks}) {
      sw.settings(b).capabilities = can;
      sw.send(a, k.frame);
      const Frames out = sent(b);
      ASSERT_EQ(out.size(), 6u);
      expect_finished(out);
      EXPECT_EQ(joined(out, k.headers), payload(k.frame, k.headers));
      EXPECT_EQ(out[0].bytes.size(), k.headers + 1000);
      EXPECT_EQ(out[5].bytes.size(), k.headers + 1);
    }
  }
}

TEST_F(Egress, VH11_SegmentsOfTcpCountOnAndOnlyTheLastEnds) {
  const PortId b = port(none);
  sw.send(a, tcp4(2500, 1000));
  const Frames out = sent(b);
  ASSERT_EQ(out.size(), 3u);
  constexpr size_t id = 18, tcp = 34;
  constexpr uint8_t fin_push = 0x09;
  for (uint32_t i = 0; i < 3; ++i) {
    const uint8_t* f = out[i].bytes.data();
    EXPECT_EQ(load_be16(f + id), static_cast<uint16_t>(0xfffe + i));
    EXPECT_EQ(load_be32(f + tcp + 4), 0xfffffc00 + i * 1000);
    EXPECT_EQ(f[tcp + 13] & fin_push, i == 2 ? fin_push : 0);
  }
}

// More segments than one transmit call takes.
TEST_F(Egress, VH11_LargestSuperSegment) {
  const PortId b = port(none);
  constexpr size_t headers = eth_size + ip4_size + tcp_size;
  const FrameBuilder whole = tcp4(65535 - ip4_size - tcp_size, 500);
  sw.send(a, whole);
  const Frames out = sent(b);
  ASSERT_EQ(out.size(), 131u);
  expect_finished(out);
  EXPECT_EQ(joined(out, headers), payload(whole, headers));
}

TEST_F(Egress, VH7_SegmentSizeAboveThePayloadIsOnePacket) {
  const PortId b = port(none);
  sw.send(a, tcp4(300, 1000));
  const Frames out = sent(b);
  ASSERT_EQ(out.size(), 1u);
  expect_finished(out);
}

TEST_F(Egress, VH11_SuperSegmentWithoutPayloadIsOnePacket) {
  const PortId b = port(none);
  sw.send(a, tcp4(0, 1000));
  const Frames out = sent(b);
  ASSERT_EQ(out.size(), 1u);
  expect_finished(out);
}

TEST_F(Egress, TR1_PartialChecksumIsCompleted) {
  const PortId b = port(none);
  for (const FrameBuilder& f :
       {v4().udp(1, 2).pattern(99), v4().tcp(1, 2).pattern(99), v6().udp(1, 2).pattern(99),
        v6().tcp(1, 2).pattern(99), v4().udp(1, 2).payload("x").pad(60)}) {
    sw.send(a, FrameBuilder(f).partial_checksum());
    const Frames out = sent(b);
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(out[0].bytes, f.bytes());
    EXPECT_FALSE(out[0].offload.any());
  }
}

TEST_F(Egress, TR1_PartialChecksumStaysForAPortThatCan) {
  const PortId b = port(checksum_only);
  const FrameBuilder f = v4().udp(1, 2).pattern(99).partial_checksum();
  sw.send(a, f);
  expect_whole(sent(b), f);
}

// What the sender's own sum got wrong stays wrong: the switch vouches for nothing.
TEST_F(Egress, NG3_WrongPartialSumIsNotMadeRight) {
  const PortId b = port(none);
  sw.send(a, v4().udp(1, 2).pattern(99).partial_checksum().l4_checksum(0x1234));
  const Frames out = sent(b);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(frame_fault(out[0].bytes), "UDP checksum wrong");
}

// Both orders of ports, since the frames are the same bytes for all of them.
TEST_F(Egress, VH11_OneFloodToPortsThatCanAndCannot) {
  const PortId b = port(none), c = port(TestSwitch::all_offloads), d = port(checksum_only),
               e = port(TestSwitch::all_offloads), f = port(none);
  for (const Kind& k : kinds()) {
    SCOPED_TRACE(k.name);
    sw.send(a, k.frame);
    for (PortId id : {c, e}) expect_whole(sent(id), k.frame);
    for (PortId id : {b, d, f}) {
      const Frames out = sent(id);
      EXPECT_EQ(out.size(), 6u);
      expect_finished(out);
      EXPECT_EQ(joined(out, k.headers), payload(k.frame, k.headers));
    }
  }
}

TEST_F(Egress, TR1_OneFloodOfAPartialChecksum) {
  const PortId b = port(TestSwitch::all_offloads), c = port(none), d = port(checksum_only);
  const FrameBuilder whole = v6().udp(1, 2).pattern(99);
  const FrameBuilder partial = FrameBuilder(whole).partial_checksum();
  sw.send(a, partial);
  expect_whole(sent(b), partial);
  expect_whole(sent(c), whole);
  expect_whole(sent(d), whole);  // finished for c on the way
}

TEST_F(Egress, BR8_OrderIsKeptBetweenNormalAndCutFrames) {
  const PortId b = port(none);
  std::vector<FrameBuilder> batch;
  Bytes expected;
  uint32_t seq = 0;
  for (int i = 0; i < 40; ++i) {
    const bool super = i % 3 == 1, partial = i % 3 == 2;
    const size_t size = super ? 3300 : 40;
    FrameBuilder f = v4().tcp(1, 2).seq(seq).pattern(size);
    if (super) f.gso(1000);
    if (partial) f.partial_checksum();
    seq += static_cast<uint32_t>(size);
    batch.push_back(f);
  }
  sw.send_batch(a, batch);
  const Frames out = sent(b);
  expect_finished(out);
  uint32_t next = 0;
  for (const auto& f : out) {
    ASSERT_GE(f.bytes.size(), 54u);
    EXPECT_EQ(load_be32(f.bytes.data() + 38), next);
    next += static_cast<uint32_t>(f.bytes.size() - 54);
  }
  EXPECT_EQ(next, seq);
}

TEST_F(Egress, VL3_SegmentsAreTagged) {
  const NetworkId other = sw.add_network("other");
  const PortId c = sw.add_port(other), trunk = sw.add_port(net, {{10, other}}, none),
               can = sw.add_port(no_network, {{20, other}});
  for (const Kind& k : kinds()) {
    SCOPED_TRACE(k.name);
    sw.send(c, k.frame);
    const Frames out = sent(trunk);
    ASSERT_EQ(out.size(), 6u);
    expect_finished(out);
    EXPECT_EQ(joined(out, k.headers + 4), payload(k.frame, k.headers));
    for (const auto& f : out) {
      EXPECT_EQ(load_be16(f.bytes.data() + 12), 0x8100);
      EXPECT_EQ(load_be16(f.bytes.data() + 14), 10);
    }
    const Frames whole = sent(can);
    ASSERT_EQ(whole.size(), 1u);
    EXPECT_EQ(whole[0].offload.checksum_start, k.frame.offload().checksum_start + 4);
  }
}

TEST_F(Egress, VL1_SegmentsKeepThePriorityOfTheirFrame) {
  const NetworkId other = sw.add_network("other");
  const PortId in = sw.add_port(no_network, {{30, other}});
  const PortId out = sw.add_port(no_network, {{31, other}}, none);
  sw.send(in, frame()
                  .eth(mac(1), mac(2))
                  .vlan(30, 5)
                  .ipv4("10.0.0.1", "10.0.0.2")
                  .tcp(1, 2)
                  .pattern(2000)
                  .gso(1000));
  const Frames pieces = sent(out);
  ASSERT_EQ(pieces.size(), 2u);
  for (const auto& f : pieces) EXPECT_EQ(load_be16(f.bytes.data() + 14), 5 << 13 | 31);
}

TEST_F(Egress, TR15_SegmentsAreJudgedNotTheSuperSegment) {
  const PortId b = port(none), c = port(none), d = port(TestSwitch::all_offloads);
  sw.settings(c).mtu = 1039;
  sw.settings(d).mtu = 1039;
  sw.send(a, tcp4(5000, 1000));  // 1040 bytes of IP each
  EXPECT_EQ(sent(b).size(), 5u);
  EXPECT_EQ(sent(c).size(), 0u);
  EXPECT_EQ(sent(d).size(), 0u);
  EXPECT_EQ(sw.drops(Reason::exceeds_mtu), 2u);
  sw.send(a, tcp4(5000, 999));
  EXPECT_EQ(sent(c).size(), 6u);
  EXPECT_EQ(sent(d).size(), 1u);
  EXPECT_EQ(sw.drops(Reason::exceeds_mtu), 0u);
}

TEST_F(Egress, FailedSegmentsAreDropsOfTheIngress) {
  const PortId b = port(none);
  sw.port(b).refuse(Reason::egress_full);
  sw.send(a, tcp4(5000, 1000));
  EXPECT_EQ(sw.drops(Reason::egress_full), 5u);
}

TEST_F(Egress, BR8_FewBuffersMakeSmallerGroupsAndNoLoss) {
  TestSwitch small(3);
  const NetworkId n = small.add_network("office");
  const PortId in = small.add_port(n), out = small.add_port(n, {}, none);
  small.send(in, tcp4(5001, 1000));
  const Frames frames = small.received_with_offload(out);
  EXPECT_EQ(frames.size(), 6u);
  expect_finished(frames);
}

TEST_F(Egress, NoBufferForACopyIsCounted) {
  TestSwitch small(1);
  const NetworkId n = small.add_network("office");
  const PortId in = small.add_port(n), out = small.add_port(n, {}, none);
  small.send(in, tcp4(5001, 1000));
  EXPECT_EQ(small.received(out).size(), 0u);
  EXPECT_EQ(small.drops(Reason::no_buffer), 1u);
}

}  // namespace
}  // namespace uswitch::test
