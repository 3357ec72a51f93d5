// Super-segments on their way through a tunnel: cut before it, put together again behind it.
// STANDARDS TR-6, VH-11.
#include <ostream>

#include "tests/flow/tunnelled.h"

namespace uswitch::test {
namespace {

const Ip self = "192.0.2.1", peer = "192.0.2.2", other = "192.0.2.3";
constexpr size_t outer_headers = 20 + 8;  // IPv4, UDP

FrameBuilder tcp4(size_t payload) {
  return frame()
      .eth(mac(1), mac(2))
      .ipv4("10.0.0.1", "10.0.0.2")
      .dont_fragment()
      .ip_id(0xfff0)
      .tcp(1, 2)
      .seq(0xfffffff0)
      .flags("PA")
      .pattern(payload);
}
FrameBuilder tcp6(size_t payload) {
  return frame()
      .eth(mac(1), mac(2))
      .ipv6("fd00::1", "fd00::2")
      .tcp(1, 2)
      .seq(0xfffffff0)
      .flags("PA")
      .pattern(payload);
}
FrameBuilder udp4(size_t payload) {
  return frame()
      .eth(mac(1), mac(2))
      .ipv4("10.0.0.1", "10.0.0.2")
      .ip_id(0xfff0)
      .udp(1, 2)
      .pattern(payload);
}

Bytes part(const Bytes& b, size_t from) {
  return {b.begin() + static_cast<long>(from), b.end()};
}

unsigned be16(const Bytes& b, size_t at) {
  return b[at] * 256u + b[at + 1];
}
uint32_t be32(const Bytes& b, size_t at) {
  return be16(b, at) << 16 | be16(b, at + 2);
}

struct Cut {
  const char* name;
  FrameBuilder (*made)(size_t);
  size_t payload;
  size_t headers;
  uint16_t segment;  // payload of each
};
void PrintTo(const Cut& row, std::ostream* out) {
  *out << row.name;
}

class TunnelCuts : public ::testing::TestWithParam<Cut> {};

TEST_P(TunnelCuts, TR6_SuperSegmentsIntoDatagramsOfThePathsSize) {
  const Cut& row = GetParam();
  Node node(self);
  const PortId remote = node.add_remote(peer, 7);
  node.sw.add_static(node.network, mac(2), remote);
  const FrameBuilder super = row.made(row.payload).gso(row.segment);
  node.sw.send(node.local, super);

  EXPECT_EQ(node.underlay->take_calls(), 1u);
  EXPECT_LE(node.underlay->take_messages(), 2u);
  Bytes payload;
  const auto sent = node.sent();
  for (size_t i = 0; i < sent.size(); ++i) {
    EXPECT_LE(outer_headers + sent[i].payload.size(), 1500u);
    EXPECT_EQ(sent[i].entropy, sent[0].entropy);
    ASSERT_EQ(Bytes(sent[i].payload.begin(), sent[i].payload.begin() + 8), vxlan(7));
    const Bytes f = part(sent[i].payload, 8);
    ASSERT_EQ(frame_fault(f), "") << i;
    if (f[12] == 0x08) {
      EXPECT_EQ(be16(f, 18), (0xfff0 + i) & 0xffff);
    }
    if (row.made != udp4) {
      EXPECT_EQ(be32(f, row.headers - 16), static_cast<uint32_t>(0xfffffff0 + payload.size()));
      EXPECT_EQ(f[row.headers - 7], i + 1 == sent.size() ? 0x18 : 0x10) << "PSH";
    }
    const Bytes bytes = part(f, row.headers);
    payload.insert(payload.end(), bytes.begin(), bytes.end());
  }
  EXPECT_EQ(payload, part(super.bytes(), row.headers));
  EXPECT_EQ(node.sw.counters(remote).tx_packets.get(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Table, TunnelCuts,
                         ::testing::Values(Cut{"tcp4", tcp4, 65535 - 40, 54, 1410},
                                           Cut{"tcp6", tcp6, 65535 - 60, 74, 1390},
                                           Cut{"udp4", udp4, 65535 - 28, 42, 1422},
                                           Cut{"one_segment", tcp4, 100, 54, 1410},
                                           Cut{"two", tcp4, 1411, 54, 1410}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(TunnelCuts, TR6_SmallSegmentsInMessagesOf64) {
  Node node(self);
  const PortId remote = node.add_remote(peer, 7);
  node.sw.add_static(node.network, mac(2), remote);
  node.sw.send(node.local, tcp4(3000 * 8).gso(8));
  EXPECT_EQ(node.underlay->take_messages(), 47u);
  const auto sent = node.sent();
  ASSERT_EQ(sent.size(), 3000u);
  for (size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(frame_fault(part(sent[i].payload, 8)), "") << i;
    EXPECT_EQ(be32(part(sent[i].payload, 8), 38), static_cast<uint32_t>(0xfffffff0 + i * 8));
  }
}

TEST(TunnelCuts, TR6_WithoutSegmentationInTheUnderlayToo) {
  Node node(self, TunnelType::vxlan, false);
  const PortId remote = node.add_remote(peer, 7);
  node.sw.add_static(node.network, mac(2), remote);
  node.sw.send(node.local, tcp4(65495).gso(1410));
  EXPECT_EQ(node.underlay->take_messages(), 47u);
  for (const Datagram& d : node.sent()) EXPECT_EQ(frame_fault(part(d.payload, 8)), "");
}

TEST(TunnelCuts, TR6_SegmentsThatDoNotFitArePM5) {
  Node node(self);
  const PortId remote = node.add_remote(peer, 7);
  node.sw.add_static(node.network, mac(2), remote);
  node.sw.send(node.local, tcp4(5000).gso(1411));
  EXPECT_EQ(node.sw.drops(Reason::exceeds_mtu), 1u);
  EXPECT_TRUE(node.sent().empty());
}

// Flooding sends the same bytes to every port.
TEST(TunnelCuts, AFloodedSuperSegmentIsWholeForTheOtherPorts) {
  Node node(self);
  const PortId second = node.sw.add_port(node.network);
  node.add_remote(peer, 7);
  node.add_remote(other, 7);
  const PortId third = node.sw.add_port(node.network);
  const FrameBuilder super = tcp4(5000).gso(1410);
  node.sw.send(node.local, super);
  EXPECT_EQ(node.sent().size(), 8u);
  for (const PortId p : {second, third}) {
    const auto got = node.sw.received_with_offload(p);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].bytes, super.bytes());
    EXPECT_EQ(got[0].offload.segment_size, 1410);
  }
}

TEST(TunnelCuts, ASuperSegmentOfWhichAPartFailedHasFailed) {
  Node node(self);
  const PortId remote = node.add_remote(peer, 7);
  node.sw.add_static(node.network, mac(2), remote);
  node.underlay->refuse(Reason::egress_full, 1);
  node.sw.send_batch(node.local, {tcp4(65495).gso(1410), udp4(10)});
  EXPECT_EQ(node.sw.drops(Reason::egress_full), 1u);
  EXPECT_EQ(node.sw.counters(remote).tx_packets.get(), 1u);
}

// ---- from one node to the next

struct Pair {
  Pair() : a(self), b(peer) {
    to_b = a.add_remote(peer, 7);
    b.add_remote(self, 7);
    a.listen();
    b.listen();
    a.sw.add_static(a.network, mac(2), to_b);
  }
  void carry() {
    for (Datagram& d : a.sent()) b.underlay->inject_from(self, std::move(d));
    b.sw.poll(b.socket);
  }
  Node a, b;
  PortId to_b;
};

TEST(TunnelMerges, ASuperSegmentLeavesAsOneAndArrivesAsOne) {
  Pair pair;
  for (const auto& super : {tcp4(43 * 1410 + 7).gso(1410), tcp6(43 * 1390 + 7).gso(1390)}) {
    pair.a.sw.send(pair.a.local, super);
    pair.carry();
    const auto got = pair.b.sw.received_with_offload(pair.b.local);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].bytes, super.bytes());
    EXPECT_EQ(got[0].offload.gso, super.offload().gso);
    EXPECT_EQ(got[0].offload.segment_size, super.offload().segment_size);
    EXPECT_TRUE(got[0].offload.needs_checksum);
  }
}

TEST(TunnelMerges, ForAPortThatTakesNoSuperSegmentsTheyAreWhatCameBack) {
  Pair pair;
  const PortId plain = pair.b.sw.add_port(pair.b.network, {}, Capabilities{});
  pair.b.sw.add_static(pair.b.network, mac(2), plain);
  pair.a.sw.send(pair.a.local, tcp4(65495).gso(1410));
  const auto sent = pair.a.sent();
  for (const Datagram& d : sent) pair.b.underlay->inject_from(self, d);
  pair.b.sw.poll(pair.b.socket);
  const auto got = pair.b.sw.received(plain);
  ASSERT_EQ(got.size(), sent.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], part(sent[i].payload, 8)) << i;
}

// TR-1: local delivery would not see it, so it must not be hidden.
TEST(TunnelMerges, TR1_ADamagedSegmentStaysDamaged) {
  Pair pair;
  pair.a.sw.send(pair.a.local, tcp4(10 * 1410).gso(1410));
  auto sent = pair.a.sent();
  sent[4].payload[500] ^= 0x10;
  for (const Datagram& d : sent) pair.b.underlay->inject_from(self, d);
  pair.b.sw.poll(pair.b.socket);
  const auto got = pair.b.sw.received_with_offload(pair.b.local);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_FALSE(got[1].offload.any());
  EXPECT_EQ(got[1].bytes, part(sent[4].payload, 8));
  EXPECT_EQ(frame_fault(got[1].bytes), "TCP checksum wrong");
}

TEST(TunnelMerges, ECN2_CongestionOnTheWayEndsAMerge) {
  Pair pair;
  const FrameBuilder ect = frame()
                               .eth(mac(1), mac(2))
                               .ipv4("10.0.0.1", "10.0.0.2")
                               .tos(2)
                               .dont_fragment()
                               .tcp(1, 2)
                               .pattern(4000)
                               .gso(1000);
  pair.a.sw.send(pair.a.local, ect);
  auto sent = pair.a.sent();
  ASSERT_EQ(sent.size(), 4u);
  for (const Datagram& d : sent) EXPECT_EQ(d.traffic_class, 2);
  sent[2].traffic_class = 3;
  for (const Datagram& d : sent) pair.b.underlay->inject_from(self, d);
  pair.b.sw.poll(pair.b.socket);
  const auto got = pair.b.sw.received_with_offload(pair.b.local);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].bytes.size(), 2054u);
  EXPECT_EQ(got[1].bytes[15], 3);
  EXPECT_EQ(frame_fault(got[1].bytes), "");
  EXPECT_EQ(got[2].bytes[15], 2);
}

// ECN-1 and ECN-2 from end to end: every inner field, every mark on the way, both families.
TEST(TunnelEcn, ECN2_EveryMarkOnTheWay) {
  constexpr int drop = -1;
  // Row: inner not-ECT, ECT(1), ECT(0), CE; column: outer in the same order.
  constexpr int expected[4][4] = {{0, 0, 0, drop}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};
  for (const bool v4 : {true, false}) {
    for (uint8_t inner = 0; inner < 4; ++inner) {
      for (uint8_t outer = 0; outer < 4; ++outer) {
        Pair pair;
        const auto made = [&](int ecn) {
          FrameBuilder f = frame().eth(mac(1), mac(2));
          v4 ? f.ipv4("10.0.0.1", "10.0.0.2") : f.ipv6("fd00::1", "fd00::2");
          return f.tos(static_cast<uint8_t>(0x48 | ecn)).udp(1, 2).payload("x");
        };
        pair.a.sw.send(pair.a.local, made(inner));
        auto sent = pair.a.sent();
        ASSERT_EQ(sent.size(), 1u);
        EXPECT_EQ(sent[0].traffic_class, 0x48 | inner);
        sent[0].traffic_class = static_cast<uint8_t>(0x14 | outer);
        pair.b.underlay->inject_from(self, sent[0]);
        pair.b.sw.poll(pair.b.socket);
        const auto got = pair.b.sw.received(pair.b.local);
        if (expected[inner][outer] == drop) {
          EXPECT_TRUE(got.empty());
          EXPECT_EQ(pair.b.sw.drops(Reason::tunnel_congested), 1u);
          EXPECT_EQ(pair.b.sw.counters(pair.b.entries[0].port).rx_packets.get(), 1u);
        } else {
          ASSERT_EQ(got.size(), 1u);
          EXPECT_EQ(got[0], made(expected[inner][outer]).bytes());
        }
      }
    }
  }
}

TEST(TunnelEcn, VX12_AFixedDscpCoversTheInnerOneAndNotItsEcn) {
  Node node(self);
  const PortId remote = node.add_remote(peer, 7, {}, uint8_t{46});
  node.sw.add_static(node.network, mac(2), remote);
  node.sw.send(node.local,
               frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").tos(0x22).ttl(9).udp(1, 2));
  const auto sent = node.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].traffic_class, 46 << 2 | 2);
  EXPECT_EQ(sent[0].payload[8 + 15], 0x22);
  EXPECT_EQ(sent[0].payload[8 + 22], 9) << "the inner TTL is not an overlay's to change";
}

}  // namespace
}  // namespace uswitch::test
