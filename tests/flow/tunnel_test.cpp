// Frames on their way into a tunnel and out of it: STANDARDS VX-1..VX-12, PM-5.
#include <ostream>
#include <set>

#include "tests/flow/tunnelled.h"

namespace uswitch::test {
namespace {

const Ip self = "192.0.2.1", peer = "192.0.2.2", other = "192.0.2.3";

FrameBuilder from_local() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2");
}
FrameBuilder from_remote() {
  return frame().eth(mac(2), mac(1)).ipv4("10.0.0.2", "10.0.0.1");
}
FrameBuilder to_all() {
  return frame().eth(mac(1), "ff:ff:ff:ff:ff:ff").arp_request(mac(1), "10.0.0.1", "10.0.0.2");
}

// ---- wrapping

TEST(TunnelTx, VX1_AFrameLeavesBehindAHeaderWithItsNetwork) {
  Node node(self);
  node.add_remote(peer, 0x123456);
  const FrameBuilder f = from_local().udp(1, 2).payload("hello");
  node.sw.send(node.local, f);
  const auto sent = node.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].payload, vxlan(0x123456) + f.bytes());
  EXPECT_EQ(sent[0].peer, peer);
  EXPECT_EQ(sent[0].port, Node::port);
}

TEST(TunnelTx, UdpTunnelsHaveFourBytesOfVersionAndNetwork) {
  Node node(self, TunnelType::udp);
  node.add_remote(peer, 0x123456);
  const FrameBuilder f = from_local().udp(1, 2).payload("hello");
  node.sw.send(node.local, f);
  const auto sent = node.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].payload, (Bytes{1, 0x12, 0x34, 0x56} + f.bytes()));
}

TEST(TunnelTx, VX8_BroadcastGoesToEveryRemoteOfItsNetworkOnce) {
  Node node(self);
  const NetworkId second = node.sw.add_network("second");
  node.add_remote(peer, 7);
  node.add_remote(other, 7);
  node.add_remote(peer, 8, second);
  node.sw.send(node.local, to_all());
  const auto sent = node.sent();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].peer, peer);
  EXPECT_EQ(sent[1].peer, other);
  for (const Datagram& d : sent) EXPECT_EQ(d.payload, vxlan(7) + to_all().bytes());
}

TEST(TunnelTx, VX8_AKnownStationsFramesGoToItsNodeOnly) {
  Node node(self);
  node.add_remote(peer, 7);
  node.add_remote(other, 7);
  node.listen();
  node.arrive(other, vxlan(7) + from_remote().udp(1, 2).bytes());
  node.sw.send(node.local, from_local().udp(1, 2));
  const auto sent = node.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].peer, other);
}

TEST(TunnelTx, VX2_OneFlowHasOneSourcePortAndManyHaveMany) {
  Node node(self);
  node.add_remote(peer, 7);
  std::set<uint16_t> values;
  for (uint16_t flow = 0; flow < 1000; ++flow) {
    node.sw.send(node.local, from_local().udp(flow, 2).payload("a"));
    node.sw.send(node.local, from_local().udp(flow, 2).payload("other length"));
    const auto sent = node.sent();
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0].entropy, sent[1].entropy);
    values.insert(static_cast<uint16_t>(sent[0].entropy % 1024));
  }
  EXPECT_GT(values.size(), 500u);
}

TEST(TunnelTx, VX11_TheNetworksTagIsNotCarried) {
  Node node(self);
  node.add_remote(peer, 7);
  const PortId trunk = node.sw.add_port(no_network, {{30, node.network}});
  node.sw.send(trunk, frame().eth(mac(3), mac(2)).vlan(30).ipv4("10.0.0.3", "10.0.0.2").udp(1, 2));
  const auto sent = node.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].payload,
            vxlan(7) + frame().eth(mac(3), mac(2)).ipv4("10.0.0.3", "10.0.0.2").udp(1, 2).bytes());
}

// FACTS: a partial checksum that left a host has cost others 63 s stalls.
TEST(TunnelTx, UnfinishedChecksumsAreFinished) {
  Node node(self);
  node.add_remote(peer, 7);
  const FrameBuilder f = from_local().udp(1, 2).pattern(100);
  node.sw.send(node.local, FrameBuilder(f).partial_checksum());
  const auto sent = node.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].payload, vxlan(7) + f.bytes());
}

TEST(TunnelTx, FramesOfOneFlowAndSizeGoInOneMessage) {
  Node node(self);
  const PortId remote = node.add_remote(peer, 7);
  node.sw.add_static(node.network, mac(2), remote);
  std::vector<FrameBuilder> frames;
  const auto add = [&](uint16_t flow, size_t size, int count) {
    for (; count > 0; --count) frames.push_back(from_local().udp(flow, 2).pattern(size));
  };
  add(1, 100, 3);  // one message, which a shorter one ends
  add(1, 99, 2);   // the second begins the next
  add(2, 99, 1);   // another flow
  add(2, 100, 1);  // longer than the first of its message
  node.sw.send_batch(node.local, frames);
  EXPECT_EQ(node.underlay->take_calls(), 1u);
  EXPECT_EQ(node.underlay->take_messages(), 4u);
  const auto sent = node.sent();
  ASSERT_EQ(sent.size(), frames.size());
  for (size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(sent[i].payload, vxlan(7) + frames[i].bytes()) << i;
  }
}

TEST(TunnelTx, FramesOfAnotherClassGoInAnotherMessage) {
  Node node(self);
  const PortId remote = node.add_remote(peer, 7);
  node.sw.add_static(node.network, mac(2), remote);
  node.sw.send_batch(node.local,
                     {from_local().udp(1, 2), from_local().tos(0xb8).udp(1, 2),
                      from_local().tos(0xb8).udp(1, 2), from_local().tos(0xba).udp(1, 2)});
  EXPECT_EQ(node.underlay->take_messages(), 3u);
  const auto sent = node.sent();
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_EQ(sent[0].traffic_class, 0);
  EXPECT_EQ(sent[1].traffic_class, 0xb8);
  EXPECT_EQ(sent[2].traffic_class, 0xb8);
  EXPECT_EQ(sent[3].traffic_class, 0xba);
}

TEST(TunnelTx, WithoutSegmentationEachDatagramIsAMessage) {
  Node node(self, TunnelType::vxlan, false);
  const PortId remote = node.add_remote(peer, 7);
  node.sw.add_static(node.network, mac(2), remote);
  node.sw.send_batch(node.local, {from_local().udp(1, 2), from_local().udp(1, 2)});
  EXPECT_EQ(node.underlay->take_calls(), 1u);
  EXPECT_EQ(node.underlay->take_messages(), 2u);
}

TEST(TunnelTx, WhatTheUnderlayRefusesIsDroppedForItsReason) {
  Node node(self);
  const PortId remote = node.add_remote(peer, 7);
  node.sw.add_static(node.network, mac(2), remote);
  node.underlay->refuse(Reason::tunnel_unreachable, 1);
  node.sw.send_batch(node.local, {from_local().udp(1, 2), from_local().udp(2, 2),
                                  from_local().udp(2, 2), from_local().udp(3, 2)});
  EXPECT_EQ(node.sw.drops(Reason::tunnel_unreachable), 2u);
  EXPECT_EQ(node.sw.counters(remote).tx_packets.get(), 2u);
  EXPECT_EQ(node.sent().size(), 2u);
}

TEST(TunnelTx, VX6_WhatDoesNotFitIsDroppedAndNotFragmented) {
  Node node(self);
  const PortId remote = node.add_remote(peer, 7);
  node.sw.add_static(node.network, mac(2), remote);
  node.sw.send(node.local, from_local().udp(1, 2).pattern(1450 - 28));
  node.sw.send(node.local, from_local().udp(1, 2).pattern(1451 - 28));
  EXPECT_EQ(node.sw.drops(Reason::exceeds_mtu), 1u);
  const auto sent = node.sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(20 + 8 + sent[0].payload.size(), 1500u);
}

TEST(TunnelTx, PM5_WhoSendsTooMuchIsToldWhatFits) {
  Node node(self);
  const PortId remote = node.add_remote(peer, 7);
  node.sw.add_router(node.network, {"10.0.0.254/24"});
  node.sw.add_station(node.local, "10.0.0.1", mac(1));
  node.sw.add_static(node.network, mac(2), remote);
  node.sw.send(node.local, from_local().dont_fragment().udp(1, 2).pattern(1451 - 28));
  const auto told = node.sw.received(node.local);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(frame_fault(told[0]), "");
  EXPECT_EQ(told[0][34], 3) << "destination unreachable";
  EXPECT_EQ(told[0][35], 4) << "fragmentation needed";
  EXPECT_EQ(told[0][40] * 256 + told[0][41], 1450);
  EXPECT_EQ(node.sw.drops(Reason::exceeds_mtu), 1u);
}

// ---- unwrapping

TEST(TunnelRx, VX1_ReservedBitsAreNotLookedAt) {
  Node node(self);
  node.add_remote(peer, 0x123456);
  node.listen();
  const Bytes f = from_remote().udp(1, 2).payload("hello").bytes();
  node.arrive(peer, Bytes{0xff, 1, 2, 3, 0x12, 0x34, 0x56, 0xff} + f);
  const auto received = node.sw.received(node.local);
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0], f);
}

TEST(TunnelRx, VX7_TheStationIsLearnedBehindItsNode) {
  Node node(self);
  node.add_remote(peer, 7);
  const PortId remote = node.add_remote(other, 7);
  node.listen();
  node.arrive(other, vxlan(7) + from_remote().udp(1, 2).bytes());
  EXPECT_EQ(node.sw.network(node.network).fdb->lookup(mac(2)), remote);
  EXPECT_EQ(node.sw.counters(remote).rx_packets.get(), 1u);
  EXPECT_EQ(node.sw.counters(node.socket).rx_packets.get(), 0u);
}

TEST(TunnelRx, VX7_NothingIsLearnedFromGroupOrZeroAddresses) {
  Node node(self);
  const PortId remote = node.add_remote(peer, 7);
  node.listen();
  for (const char* source : {"01:00:5e:00:00:01", "00:00:00:00:00:00"}) {
    node.arrive(peer, vxlan(7) + frame().eth(source, mac(1)).ipv4("10.0.0.2", "10.0.0.1").bytes());
  }
  EXPECT_EQ(node.sw.drops(Reason::source_invalid), 2u);
  EXPECT_EQ(node.sw.network(node.network).fdb->learned_on(remote), 0u);
}

TEST(TunnelRx, VX9_NothingGoesFromOneNodeToTheNext) {
  Node node(self);
  node.add_remote(peer, 7);
  const PortId third = node.add_remote(other, 7);
  node.listen();
  node.arrive(peer, vxlan(7) + frame()
                                   .eth(mac(2), "ff:ff:ff:ff:ff:ff")
                                   .arp_request(mac(2), "10.0.0.2", "10.0.0.1")
                                   .bytes());
  EXPECT_EQ(node.sw.received(node.local).size(), 1u);
  EXPECT_TRUE(node.sent().empty());
  node.sw.add_static(node.network, mac(9), third);
  node.arrive(peer, vxlan(7) + frame().eth(mac(2), mac(9)).ipv4("10.0.0.2", "10.0.0.9").bytes());
  EXPECT_TRUE(node.sent().empty());
  EXPECT_EQ(node.sw.drops(Reason::split_horizon), 1u);
}

struct Refused {
  const char* name;
  Reason reason;
  Ip from;
  Bytes datagram;
  bool of_remote = false;  // booked on the remote's port
};

void PrintTo(const Refused& row, std::ostream* out) {
  *out << row.name;
}

class TunnelRefuses : public ::testing::TestWithParam<Refused> {};

Bytes sound_frame() {
  return from_remote().udp(1, 2).bytes();
}

TEST_P(TunnelRefuses, VX10_WithAReasonOnThePortItBelongsTo) {
  const Refused& row = GetParam();
  Node node(self);
  const PortId remote = node.add_remote(peer, 7);
  node.add_remote(self, 7);  // which no configuration should say
  const NetworkId second = node.sw.add_network("second");
  const PortId there = node.sw.add_port(second);
  node.add_remote(other, 9, second);
  node.listen();
  node.arrive(row.from, row.datagram);
  EXPECT_EQ(node.sw.drops(row.reason), 1u);
  EXPECT_EQ(node.sw.total_drops(), 1u);
  EXPECT_EQ(node.sw.counters(row.of_remote ? remote : node.socket).rx_packets.get(), 1u);
  EXPECT_TRUE(node.sw.received(node.local).empty());
  EXPECT_TRUE(node.sw.received(there).empty());
}

INSTANTIATE_TEST_SUITE_P(
    Table, TunnelRefuses,
    ::testing::Values(
        Refused{"empty", Reason::tunnel_malformed, peer, {}},
        Refused{"header_cut_off", Reason::tunnel_malformed, peer, {8, 0, 0, 0, 0, 0, 7}},
        Refused{"no_I_flag", Reason::tunnel_malformed, peer,
                Bytes{0xf7, 0, 0, 0, 0, 0, 7, 0} + sound_frame()},
        Refused{"no_frame", Reason::tunnel_malformed, peer, vxlan(7), true},
        Refused{"frame_of_13_bytes", Reason::tunnel_malformed, peer, vxlan(7) + Bytes(13), true},
        Refused{"unknown_remote", Reason::tunnel_unknown_remote, "192.0.2.9",
                vxlan(7) + sound_frame()},
        Refused{"unknown_remote_of_lower_address", Reason::tunnel_unknown_remote, "192.0.1.9",
                vxlan(7) + sound_frame()},
        Refused{"remote_of_the_other_family", Reason::tunnel_unknown_remote, "fd00::1",
                vxlan(7) + sound_frame()},
        Refused{"own_address", Reason::tunnel_unknown_remote, self, vxlan(7) + sound_frame()},
        Refused{"unknown_network", Reason::tunnel_unknown_network, peer, vxlan(8) + sound_frame()},
        Refused{"lower_unknown_network", Reason::tunnel_unknown_network, peer,
                vxlan(6) + sound_frame()},
        Refused{"anothers_network", Reason::tunnel_unknown_network, peer, vxlan(9) + sound_frame()},
        Refused{"tagged", Reason::vlan_not_member, peer,
                vxlan(7) + frame().eth(mac(2), mac(1)).vlan(5).ipv4("10.0.0.2", "10.0.0.1").bytes(),
                true}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(TunnelRx, UdpTunnelsDropUnknownVersions) {
  Node node(self, TunnelType::udp);
  node.add_remote(peer, 7);
  node.listen();
  node.arrive(peer, Bytes{2, 0, 0, 7} + sound_frame());
  node.arrive(peer, Bytes{0, 0, 0, 7} + sound_frame());
  node.arrive(peer, Bytes{1, 0, 0});
  EXPECT_EQ(node.sw.drops(Reason::tunnel_malformed), 3u);
  node.arrive(peer, Bytes{1, 0, 0, 7} + sound_frame());
  EXPECT_EQ(node.sw.received(node.local), std::vector<Bytes>{sound_frame()});
}

// VX-10: the same MAC in two networks of one remote.
TEST(TunnelRx, VX10_NetworksAreApartAlsoWithEqualAddresses) {
  Node node(self);
  const NetworkId second = node.sw.add_network("second");
  const PortId there = node.sw.add_port(second);
  const PortId first_remote = node.add_remote(peer, 7);
  const PortId second_remote = node.add_remote(peer, 8, second);
  node.listen();
  // Together, as the kernel delivers datagrams of one size: the network is each one's own.
  node.arrive(peer, {vxlan(7) + sound_frame(), vxlan(8) + sound_frame(), vxlan(7) + sound_frame()});
  EXPECT_EQ(node.sw.received(node.local).size(), 2u);
  EXPECT_EQ(node.sw.received(there).size(), 1u);
  EXPECT_EQ(node.sw.counters(first_remote).rx_packets.get(), 2u);
  EXPECT_EQ(node.sw.counters(second_remote).rx_packets.get(), 1u);
}

TEST(TunnelRx, OverIpv6TooWithTwentyBytesLess) {
  const Ip mine = "2001:db8::1", theirs = "2001:db8::2";
  Node node(mine);
  const PortId remote = node.add_remote(theirs, 7);
  node.listen();
  EXPECT_EQ(node.sw.settings(remote).mtu, 1430);
  node.arrive(theirs, vxlan(7) + sound_frame());
  EXPECT_EQ(node.sw.received(node.local).size(), 1u);
  node.sw.send(node.local, from_local().udp(1, 2));
  EXPECT_EQ(node.sent().size(), 1u);
}

TEST(TunnelRx, MoreDatagramsThanABatchHoldsAllArriveInOrder) {
  Node node(self);
  node.add_remote(peer, 7);
  node.add_remote(other, 7);
  node.listen();
  std::vector<Bytes> frames;
  for (uint16_t i = 0; i < 500; ++i) {
    frames.push_back(from_remote().udp(i, 2).bytes());
    node.underlay->inject({i % 50 < 48 ? peer : other, 0, 0, 0, vxlan(7) + frames.back()});
  }
  node.sw.poll(node.socket);
  EXPECT_EQ(node.sw.received(node.local), frames);
}

// A reload of the remotes comes between two reads.
TEST(TunnelRx, WhatIsUnreadSurvivesANewSocket) {
  Node node(self);
  node.add_remote(peer, 7);
  node.listen();
  PacketPool pool(2);
  const auto io = make_io(IoKind::plain);
  for (uint16_t i = 0; i < 3; ++i) {
    node.underlay->inject({peer, 0, 0, 0, vxlan(7) + from_remote().udp(i, 2).bytes()});
  }
  {
    Batch batch(pool);
    EXPECT_TRUE(node.sw.tables().ports[node.socket].port->rx(0, batch, *io));
    EXPECT_EQ(batch.size(), 2u);
  }
  node.sw.tables().ports[node.socket].port = std::make_shared<TunnelSocket>(
      node.underlay, node.type, node.socket, node.entries, std::vector{node.address});
  node.sw.poll(node.socket);
  EXPECT_EQ(node.sw.received(node.local), std::vector<Bytes>{from_remote().udp(2, 2).bytes()});
}

}  // namespace
}  // namespace uswitch::test
