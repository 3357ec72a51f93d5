// What a kernel's vxlan sends by a veth pair, where no hardware finishes it: STANDARDS TR-1, TR-6.
#include "tests/flow/tunnelled.h"

namespace uswitch::test {
namespace {

const Ip self = "192.0.2.1", peer = "192.0.2.2";

FrameBuilder tcp(size_t payload) {
  return frame()
      .eth(mac(2), mac(1))
      .ipv4("10.0.0.2", "10.0.0.1")
      .dont_fragment()
      .tcp(1, 2)
      .pattern(payload);
}

// A node with a station that takes no offloads, so that what it gets can be judged.
struct Plain : Node {
  Plain() : Node(self) {
    add_remote(peer, 7);
    entries.back().mtu = 1450;
    listen();
    station = sw.add_port(network, {}, Capabilities{});
    sw.add_static(network, mac(1), station);
  }
  PortId station;
};

TEST(TunnelUnfinished, TR1_ChecksumsAreFinishedForWhoeverNeedsThat) {
  Plain node;
  const FrameBuilder f = tcp(1000);
  node.arrive(peer, vxlan(7) + FrameBuilder(f).partial_checksum().bytes());
  EXPECT_EQ(node.sw.received(node.station), std::vector<Bytes>{f.bytes()});
}

TEST(TunnelUnfinished, TR6_SuperSegmentsAreCutToTheMtu) {
  Plain node;
  node.arrive(peer, vxlan(7) + tcp(10 * 1410 + 5).partial_checksum().bytes());
  const auto got = node.sw.received(node.station);
  ASSERT_EQ(got.size(), 11u);
  for (const Bytes& one : got) {
    EXPECT_LE(one.size(), 14u + 1450u);
    EXPECT_EQ(frame_fault(one), "");
  }
}

TEST(TunnelUnfinished, AStationThatTakesThemGetsThemWhole) {
  Plain node;
  const PortId other = node.sw.add_port(node.network);
  node.sw.add_static(node.network, mac(3), other);
  const FrameBuilder f = frame()
                             .eth(mac(2), mac(3))
                             .ipv6("fd00::2", "fd00::3")
                             .tcp(1, 2)
                             .pattern(5000)
                             .partial_checksum();
  node.arrive(peer, vxlan(7) + f.bytes());
  const auto got = node.sw.received_with_offload(other);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].bytes, f.bytes());
  EXPECT_EQ(got[0].offload.gso, Offload::Gso::tcp6);
  EXPECT_EQ(got[0].offload.segment_size, 1450 - 60);
}

}  // namespace
}  // namespace uswitch::test
