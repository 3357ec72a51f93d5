// 802.1Q tags at the edges of the switch: STANDARDS VL-1..5, BR-6, AP-2.
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace uswitch::test {
namespace {

using Ports = std::vector<PortId>;

// `trunk` carries network ten as VLAN 10, twenty as VLAN 20 and `native` untagged.
class Vlan : public testing::Test {
 protected:
  TestSwitch sw;
  NetworkId ten = sw.add_network("ten"), twenty = sw.add_network("twenty"),
            native = sw.add_network("native");
  PortId a = sw.add_port(ten), b = sw.add_port(twenty), n = sw.add_port(native);
  PortId trunk = sw.add_port(native, {{10, ten}, {20, twenty}});
  PortId strict = sw.add_port(no_network, {{110, ten}});

  static FrameBuilder untagged() { return frame().eth(mac(1), mac(2)); }
  static FrameBuilder hello(FrameBuilder f) {
    return f.ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi");
  }
};

TEST_F(Vlan, VL2_TagNamesTheNetworkAndIsRemoved) {
  sw.send(trunk, hello(untagged().vlan(20)));
  EXPECT_EQ(sw.received(b), std::vector<Bytes>{hello(untagged()).bytes()});
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(Vlan, VL3_EgressGetsTheTagOfThatPort) {
  sw.send(a, hello(untagged()));
  EXPECT_EQ(sw.received(trunk), std::vector<Bytes>{hello(untagged().vlan(10)).bytes()});
  EXPECT_EQ(sw.received(strict), std::vector<Bytes>{hello(untagged().vlan(110)).bytes()});
}

TEST_F(Vlan, VL3_OneFloodReachesTaggedAndUntaggedPorts) {
  const PortId a2 = sw.add_port(ten);
  sw.send(trunk, hello(untagged().vlan(10, 5)));
  EXPECT_EQ(sw.received(a), std::vector<Bytes>{hello(untagged()).bytes()});
  EXPECT_EQ(sw.received(strict), std::vector<Bytes>{hello(untagged().vlan(110, 5)).bytes()});
  EXPECT_EQ(sw.received(a2), std::vector<Bytes>{hello(untagged()).bytes()});
}

TEST_F(Vlan, VL3_KnownUnicastIsTaggedOnce) {
  sw.send(strict, frame().eth(mac(2), mac(1)).vlan(110).ipv4("10.0.0.2", "10.0.0.1").udp(2, 1));
  sw.receivers();
  sw.send(trunk, hello(untagged().vlan(10, 3)));
  EXPECT_EQ(sw.received(strict), std::vector<Bytes>{hello(untagged().vlan(110, 3)).bytes()});
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(Vlan, VL2_UntaggedGoesToTheNativeNetwork) {
  sw.send(trunk, hello(untagged()));
  EXPECT_EQ(sw.receivers(), Ports{n});
}

TEST_F(Vlan, VL1_PriorityTagCountsAsNone) {
  sw.send(trunk, hello(untagged().vlan(0, 7)));
  EXPECT_EQ(sw.received(n), std::vector<Bytes>{hello(untagged()).bytes()});
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(Vlan, VL1_PriorityIsKeptIntoTheNextTag) {
  sw.send(a, hello(untagged().vlan(0, 6)));
  EXPECT_EQ(sw.received(trunk), std::vector<Bytes>{hello(untagged().vlan(10, 6)).bytes()});
}

TEST_F(Vlan, VL1_Vlan4095IsDropped) {
  sw.send(trunk, hello(untagged().vlan(4095)));
  EXPECT_EQ(sw.drops(Reason::vlan_invalid), 1u);
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(Vlan, VL2_ForeignVlanIsDropped) {
  sw.send(trunk, hello(untagged().vlan(30)));
  sw.send(a, hello(untagged().vlan(10)));  // an access port is no member of any tag
  EXPECT_EQ(sw.drops(Reason::vlan_not_member), 2u);
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(Vlan, VL2_TaggedOnlyPortRefusesUntagged) {
  sw.send(strict, hello(untagged()));
  sw.send(strict, hello(untagged().vlan(0)));
  EXPECT_EQ(sw.drops(Reason::vlan_untagged), 2u);
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(Vlan, BR1_FrameThatVlanFilteringRefusedIsNotLearned) {
  sw.send(a, hello(untagged().vlan(30)));
  EXPECT_EQ(sw.network(ten).fdb->size(), 0u);
}

TEST_F(Vlan, BR6_OneMacInTwoVlans) {
  sw.send(a, hello(untagged()));
  sw.send(b, hello(untagged()));
  sw.receivers();
  const auto back = frame().eth(mac(2), mac(1)).vlan(10).ipv4("10.0.0.2", "10.0.0.1").udp(2, 1);
  sw.send(trunk, back);
  EXPECT_EQ(sw.receivers(), Ports{a});
  sw.send(trunk, frame().eth(mac(2), mac(1)).vlan(20).ipv4("10.0.0.2", "10.0.0.1").udp(2, 1));
  EXPECT_EQ(sw.receivers(), Ports{b});
}

TEST_F(Vlan, VL5_SecondTagIsPayload) {
  sw.send(trunk, hello(untagged().vlan(10).vlan(99)));
  EXPECT_EQ(sw.received(a), std::vector<Bytes>{hello(untagged().vlan(99)).bytes()});
}

TEST_F(Vlan, VL5_TagDoesNotCountAgainstTheMtu) {
  sw.send(a, untagged().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).zeros(1500 - 28));
  ASSERT_EQ(sw.received(trunk).at(0).size(), 1518u);
}

TEST_F(Vlan, AP2_TagThatTheKernelTookOutCounts) {
  const uint16_t tci = 20 | 4 << 13;
  sw.send(trunk, MemoryPort::Frame{hello(untagged()).bytes(), {}, true, tci});
  EXPECT_EQ(sw.received(b), std::vector<Bytes>{hello(untagged()).bytes()});
  sw.receivers();
  sw.send(trunk, MemoryPort::Frame{hello(untagged()).bytes(), {}, true, 10 | 4 << 13});
  EXPECT_EQ(sw.received(strict), std::vector<Bytes>{hello(untagged().vlan(110, 4)).bytes()});
}

TEST_F(Vlan, TR16_TagWithoutItsTypeIsDropped) {
  sw.send(trunk, hello(untagged().vlan(10)).truncate(16));
  EXPECT_EQ(sw.drops(Reason::frame_too_short), 1u);
}

TEST_F(Vlan, VL4_OffloadOffsetsMoveWithTheTag) {
  auto tcp = [](FrameBuilder f) {
    return f.ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).pattern(5000).gso(1000);
  };
  sw.send(a, tcp(untagged()));
  const auto sent = sw.received_with_offload(trunk);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].bytes, tcp(untagged().vlan(10)).bytes());
  EXPECT_EQ(sent[0].offload.checksum_start, tcp(untagged()).offload().checksum_start + 4);
  sw.receivers();
  sw.send(trunk, tcp(untagged().vlan(10)));
  const auto back = sw.received_with_offload(a);
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].offload.checksum_start, tcp(untagged()).offload().checksum_start);
}

}  // namespace
}  // namespace uswitch::test
