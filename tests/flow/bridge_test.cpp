// What the bridge does with a frame: STANDARDS section 2.
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace uswitch::test {
namespace {

using std::chrono::seconds;
using Ports = std::vector<PortId>;

const MacAddress broadcast = MacAddress::from_u64(0xffffffffffff);

FrameBuilder hello(unsigned from, unsigned to) {
  return frame().eth(mac(from), mac(to)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi");
}

FrameBuilder to_all(unsigned from) {
  return frame().eth(mac(from), broadcast).arp_request(mac(from), "10.0.0.1", "10.0.0.2");
}

// Three ports on one network; station n is behind port n.
class Bridge : public testing::Test {
 protected:
  TestSwitch sw;
  NetworkId net = sw.add_network("office");
  PortId a = sw.add_port(net), b = sw.add_port(net), c = sw.add_port(net);

  void teach(unsigned station, PortId port) {
    sw.send(port, to_all(station));
    sw.receivers();
  }
};

TEST_F(Bridge, BR3_UnknownUnicastGoesToAllOthers) {
  sw.send(a, hello(1, 2));
  EXPECT_EQ(sw.receivers(), (Ports{b, c}));
}

TEST_F(Bridge, BR3_KnownUnicastGoesToItsPortOnlyAndUnchanged) {
  teach(2, b);
  sw.send(a, hello(1, 2));
  EXPECT_EQ(sw.received(b), std::vector<Bytes>{hello(1, 2).bytes()});
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(Bridge, BR3_BackToItsOwnPortIsDropped) {
  teach(2, b);
  sw.send(b, hello(3, 2));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::same_port), 1u);
}

// A network without a gateway has no gateway's address either, and 0 is not it.
TEST_F(Bridge, BR13_TheZeroAddressIsNobodysAlsoWithoutAGateway) {
  const NetworkId routed = sw.add_network("routed");
  sw.add_port(routed);
  const FrameBuilder to_zero =
      frame().eth(mac(1), "00:00:00:00:00:00").ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
  sw.send(a, to_zero);
  EXPECT_EQ(sw.receivers(), (Ports{b, c}));
  sw.add_router(routed, {"10.1.0.1/24"});
  sw.send(a, to_zero);
  EXPECT_EQ(sw.receivers(), (Ports{b, c}));
}

TEST_F(Bridge, BR3_BroadcastAndMulticastOneCopyEach) {
  sw.send(a, to_all(1));
  EXPECT_EQ(sw.receivers(), (Ports{b, c}));
  sw.send(a, frame().eth(mac(1), "01:00:5e:00:00:fb").ipv4("10.0.0.1", "224.0.0.251").udp(1, 2));
  EXPECT_EQ(sw.receivers(), (Ports{b, c}));
}

TEST_F(Bridge, BR2_GroupOrZeroSourceIsDroppedAndNeverLearned) {
  sw.send(a, frame().eth("01:00:5e:00:00:01", mac(2)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2));
  sw.send(a, frame().eth("00:00:00:00:00:00", mac(2)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::source_invalid), 2u);
  EXPECT_EQ(sw.network(net).fdb->size(), 0u);
}

TEST_F(Bridge, BR2_StaticEntryIsNeverChangedByLearning) {
  sw.add_static(net, mac(2), b);
  sw.send(c, to_all(2));
  sw.receivers();
  sw.send(a, hello(1, 2));
  EXPECT_EQ(sw.receivers(), Ports{b});
}

TEST_F(Bridge, BR4_EntryAgesByItsSourceUseOnly) {
  teach(2, b);
  sw.advance(seconds(299));
  sw.sweep();
  sw.send(a, hello(1, 2));  // use as a destination does not refresh
  EXPECT_EQ(sw.receivers(), Ports{b});
  sw.advance(seconds(10));
  sw.sweep();
  sw.send(a, hello(1, 2));
  EXPECT_EQ(sw.receivers(), (Ports{b, c}));
}

TEST_F(Bridge, BR4_SourceUseRefreshes) {
  teach(2, b);
  for (int i = 0; i < 5; ++i) {
    sw.advance(seconds(200));
    teach(2, b);
    sw.sweep();
  }
  sw.send(a, hello(1, 2));
  EXPECT_EQ(sw.receivers(), Ports{b});
}

TEST_F(Bridge, BR4_EntriesOfADownPortGoAtOnce) {
  teach(2, b);
  sw.network(net).fdb->flush_port(b);
  sw.send(a, hello(1, 2));
  EXPECT_EQ(sw.receivers(), (Ports{b, c}));
}

// Between the Tables without the port and the flush of its entries, and for static ones ever after.
TEST_F(Bridge, TR17_EntryOfAPortThatIsGoneDropsItsFrames) {
  teach(2, b);
  sw.add_static(net, mac(3), 999);
  sw.settings(b).present = false;
  sw.send(a, hello(1, 2));
  sw.send(a, hello(1, 3));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::egress_down), 2u);
}

TEST_F(Bridge, BR5_MovedStationIsFollowedAtOnce) {
  teach(2, b);
  teach(2, c);
  sw.send(a, hello(1, 2));
  EXPECT_EQ(sw.receivers(), Ports{c});
  EXPECT_EQ(sw.total(&PortCounters::moves), 1u);
}

TEST_F(Bridge, BR7_LinkLocalGroupIsNeverRelayed) {
  for (uint64_t last = 0; last <= 0xf; ++last) {
    sw.send(a, frame().eth(mac(1), MacAddress::from_u64(0x0180c2000000 + last)).ether_type(0x88cc));
    EXPECT_EQ(sw.receivers(), Ports{}) << last;
  }
  EXPECT_EQ(sw.drops(Reason::link_local_group), 16u);
  sw.send(a, frame().eth(mac(1), "01:80:c2:00:00:10").ether_type(0x88cc));
  EXPECT_EQ(sw.receivers(), (Ports{b, c}));
}

TEST_F(Bridge, BR7_BpdusPassWhenAskedFor) {
  sw.network(net).relay_bpdu = true;
  sw.send(a, frame().eth(mac(1), "01:80:c2:00:00:00").ether_type(38).zeros(38));
  EXPECT_EQ(sw.receivers(), (Ports{b, c}));
  sw.send(a, frame().eth(mac(1), "01:80:c2:00:00:01").ether_type(38).zeros(38));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::link_local_group), 1u);
}

TEST_F(Bridge, BR8_OneFlowStaysInOrderThroughOneBatch) {
  teach(2, b);
  std::vector<FrameBuilder> frames;
  std::vector<Bytes> expected;
  for (uint8_t i = 0; i < 200; ++i) {
    frames.push_back(hello(1, 2).payload(std::vector<uint8_t>{i}));
    expected.push_back(frames.back().bytes());
  }
  sw.send_batch(a, frames);
  EXPECT_EQ(sw.received(b), expected);
}

TEST_F(Bridge, BR9_LongerThanTheEgressMtuIsDropped) {
  teach(2, b);
  sw.settings(b).mtu = 1000;
  auto of_l3_size = [](size_t size) {
    return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).zeros(size - 28);
  };
  sw.send(a, of_l3_size(1000));
  EXPECT_EQ(sw.receivers(), Ports{b});
  sw.send(a, of_l3_size(1001));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::exceeds_mtu), 1u);
}

TEST_F(Bridge, PM7_FrameAboveTheMtuWithoutSegmentationIsDropped) {
  teach(2, b);
  sw.send(a, frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).zeros(9000 - 28));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::exceeds_mtu), 1u);
}

TEST_F(Bridge, BR9_SuperSegmentIsJudgedByItsSegments) {
  teach(2, b);
  auto tcp = [](uint16_t segment) {
    return frame()
        .eth(mac(1), mac(2))
        .ipv4("10.0.0.1", "10.0.0.2")
        .tcp(1, 2)
        .pattern(30000)
        .gso(segment);
  };
  sw.send(a, tcp(1460));
  EXPECT_EQ(sw.receivers(), Ports{b});
  sw.send(a, tcp(1461));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::exceeds_mtu), 1u);
}

TEST_F(Bridge, BR10_LengthFieldsAndUnknownTypesPassUnchanged) {
  for (uint16_t type : {0x0026, 0x05ff, 0x0600, 0x88b5, 0x9000}) {
    const auto odd = frame().eth(mac(1), mac(2)).ether_type(type).pattern(46);
    sw.send(a, odd);
    EXPECT_EQ(sw.received(b), std::vector<Bytes>{odd.bytes()}) << type;
    sw.receivers();
  }
}

TEST_F(Bridge, BR10_ShorterThanAnEthernetHeaderIsDropped) {
  for (size_t size : {0u, 1u, 13u}) sw.send(a, hello(1, 2).truncate(size));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::frame_too_short), 3u);
}

TEST_F(Bridge, BR10_MalformedIpIsStillBridged) {
  const auto lie = hello(1, 2).ip_length(9999);
  sw.send(a, lie);
  EXPECT_EQ(sw.received(b), std::vector<Bytes>{lie.bytes()});
}

TEST_F(Bridge, BR11_MacFloodHurtsOnlyTheFlooder) {
  sw.settings(a).max_addresses = 16;
  for (unsigned i = 0; i < 1000; ++i) sw.send(a, to_all(1000 + i));
  EXPECT_EQ(sw.network(net).fdb->learned_on(a), 16u);
  teach(2, b);
  teach(3, c);
  sw.send(b, hello(2, 3));
  EXPECT_EQ(sw.receivers(), Ports{c});
  sw.send(b, hello(2, 1999));  // not learned: flooded, not lost
  EXPECT_EQ(sw.receivers(), (Ports{a, c}));
}

TEST_F(Bridge, BR11_FullTableKeepsFlooding) {
  for (unsigned i = 0; i < 64; ++i) teach(1000 + i, a);
  teach(2, b);
  sw.send(c, hello(3, 2));
  EXPECT_EQ(sw.receivers(), (Ports{a, b}));
  EXPECT_EQ(sw.total(&PortCounters::not_learned), 2u);
}

TEST_F(Bridge, FloodWithoutAnotherPortIsCounted) {
  const NetworkId lonely = sw.add_network("lonely");
  const PortId d = sw.add_port(lonely);
  sw.send(d, to_all(1));
  EXPECT_EQ(sw.drops(Reason::no_egress), 1u);
}

TEST_F(Bridge, NetworksDoNotReachEachOther) {
  const NetworkId other = sw.add_network("other");
  const PortId d = sw.add_port(other), e = sw.add_port(other);
  sw.send(d, to_all(2));
  EXPECT_EQ(sw.receivers(), Ports{e});
  sw.send(a, hello(1, 2));
  EXPECT_EQ(sw.receivers(), (Ports{b, c}));
}

TEST_F(Bridge, IsolatedPortsReachOnlyOthers) {
  sw.settings(a).isolated = sw.settings(b).isolated = true;
  teach(2, b);
  sw.send(a, hello(1, 2));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::isolated), 1u);
  sw.send(a, to_all(1));
  EXPECT_EQ(sw.receivers(), Ports{c});
  sw.send(c, hello(3, 2));
  EXPECT_EQ(sw.receivers(), Ports{b});
  sw.settings(c).isolated = true;
  sw.send(a, to_all(1));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::isolated), 1u);
}

TEST_F(Bridge, EgressThatRefusesIsCounted) {
  for (Reason r : {Reason::egress_full, Reason::egress_down, Reason::egress_refused}) {
    sw.port(b).refuse(r);
    sw.send(a, to_all(1));
    EXPECT_EQ(sw.receivers(), Ports{c});
    EXPECT_EQ(sw.drops(r), 1u);
  }
}

}  // namespace
}  // namespace uswitch::test
