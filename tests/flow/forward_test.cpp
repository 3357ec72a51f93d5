// IPv4 packets between networks: STANDARDS section 3, BR-12, BR-13.
#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

class Forward4 : public RouteTableTest {};

TEST_P(Forward4, Row) {
  sw.add_route("0.0.0.0/0", b_net, b4);
  expect(GetParam());
}

const MacAddress gateway = TestSwitch::router_mac(0);
constexpr Told ttl_exceeded{11, 0}, bad_parameter{12, 0}, source_route_failed{3, 5};

FrameBuilder from(const Ip& source) {
  return frame().eth(mac(1), gateway).ipv4(source, "10.1.0.2");
}
FrameBuilder to(const Ip& destination) {
  return frame().eth(mac(1), gateway).ipv4("10.0.0.2", destination).udp(7, 9);
}
FrameBuilder plain() {
  return from("10.0.0.2");
}
FrameBuilder with_options(std::initializer_list<uint8_t> options) {
  return plain().ip_options(std::vector<uint8_t>(options)).udp(7, 9);
}

RouteRows R4_1_Headers() {
  return {
      {"Sound", plain().udp(7, 9).payload("hello")},
      {"Tcp", plain().tcp(7, 9).payload("hello")},
      {"UnknownProtocol", plain().protocol(253).payload("hello")},
      {"HeaderOnly", plain().protocol(59)},
      {"CutInTheHeader", plain().udp(7, 9).truncate(14 + 19), Reason::malformed_l3},
      {"Version5", plain().ip_version(5).udp(7, 9), Reason::malformed_l3},
      {"Version6", plain().ip_version(6).udp(7, 9), Reason::malformed_l3},
      {"HeaderOf4Words", plain().ihl(4).udp(7, 9), Reason::malformed_l3},
      {"HeaderBeyondThePacket", plain().ihl(15).udp(7, 9), Reason::malformed_l3},
      {"WrongChecksum", plain().udp(7, 9).ip_checksum(0x1234), Reason::bad_ip_checksum},
      {"ChecksumZero", plain().udp(7, 9).ip_checksum(0), Reason::bad_ip_checksum},
      {"ShorterThanItsHeader", plain().udp(7, 9).ip_length(19), Reason::malformed_l3},
      {"LongerThanTheFrame", plain().udp(7, 9).ip_length(29), Reason::malformed_l3},
      {"NotIp", frame().eth(mac(1), gateway).ether_type(0x88b5).zeros(46), Reason::not_ip},
      // What follows the IP header is between the two stations.
      {"UdpLengthLies", plain().udp(7, 9).udp_length(9000)},
      {"TcpCut", plain().tcp(7, 9).truncate(14 + 20 + 8).ip_length(28)},
      {"WrongUdpChecksum", plain().udp(7, 9).l4_checksum(0x1234)},
  };
}
USWITCH_ROUTE_TABLE(Forward4, R4_1_Headers);

RouteRows R4_2_Padding() {
  return {
      {"ToSixty", plain().udp(7, 9).payload("x").pad(60)},
      {"Odd", plain().udp(7, 9).payload("xy").pad(61)},
      {"OfAFragment", plain().fragment(8, false).protocol(17).zeros(5).pad(60)},
  };
}
USWITCH_ROUTE_TABLE(Forward4, R4_2_Padding);

RouteRows R4_3_Ttl() {
  return {
      {"Two", plain().ttl(2).udp(7, 9)},
      {"Most", plain().ttl(255).udp(7, 9)},
      {"One", plain().ttl(1).udp(7, 9), Reason::ttl_exceeded, ttl_exceeded},
      {"Zero", plain().ttl(0).udp(7, 9), Reason::ttl_exceeded, ttl_exceeded},
  };
}
USWITCH_ROUTE_TABLE(Forward4, R4_3_Ttl);

RouteRows R4_7_Broadcasts() {
  return {
      {"ToAll", to("255.255.255.255"), Reason::ip_broadcast},
      {"OfItsOwnNetwork", to("10.0.0.255"), Reason::ip_broadcast},
      {"OfTheOtherNetwork", to("10.1.0.255"), Reason::ip_broadcast},
  };
}
USWITCH_ROUTE_TABLE(Forward4, R4_7_Broadcasts);

RouteRows R4_8_Scopes() {
  return {
      {"LocalMulticast", to("224.0.0.5"), Reason::multicast_not_routed},
      {"LocalMulticastTtl1", to("224.0.0.5").ttl(1), Reason::multicast_not_routed},
      {"Multicast", to("239.1.2.3"), Reason::multicast_not_routed},
      {"LinkLocalDestination", to("169.254.1.1"), Reason::link_local_scope},
      {"LinkLocalDestinationTtl1", to("169.254.1.1").ttl(1), Reason::link_local_scope},
      {"LinkLocalSource", from("169.254.1.1").udp(7, 9), Reason::link_local_scope},
      {"LinkLocalSourceTtl1", from("169.254.1.1").ttl(1).udp(7, 9), Reason::link_local_scope},
  };
}
USWITCH_ROUTE_TABLE(Forward4, R4_8_Scopes);

RouteRows R4_9_Martians() {
  RouteRows rows;
  const std::pair<const char*, const char*> sources[] = {
      {"FromThisNetwork", "0.0.0.0"}, {"FromNet0", "0.1.2.3"},       {"FromLoopback", "127.0.0.1"},
      {"FromMulticast", "224.0.0.1"}, {"FromClassE", "240.0.0.1"},   {"FromBroadcast", "255.255.255.255"},
      {"FromTheGateway", "10.0.0.1"}, {"FromItsOtherAddress", "10.1.0.1"}};
  for (const auto& [name, address] : sources)
    rows.push_back({name, from(address).udp(7, 9), Reason::martian_source});
  const std::pair<const char*, const char*> destinations[] = {
      {"ToNet0", "0.1.2.3"}, {"ToLoopback", "127.0.0.1"}, {"ToClassE", "240.0.0.1"},
      {"ToNobody", "0.0.0.0"}, {"ToAlmostAll", "255.255.255.254"}};
  for (const auto& [name, address] : destinations)
    rows.push_back({name, to(address), Reason::martian_destination});
  return rows;
}
USWITCH_ROUTE_TABLE(Forward4, R4_9_Martians);

RouteRows R4_12_Options() {
  return {
      {"NoOperations", with_options({1, 1, 1, 0})},
      {"Unknown", with_options({0x9e, 4, 1, 2})},
      {"RecordRoute", with_options({7, 7, 4, 0, 0, 0, 0})},
      {"BehindTheEndAnythingGoes", with_options({0, 131, 99, 99})},
      {"LooseRoute", with_options({131, 7, 4, 10, 9, 9, 9}), Reason::source_routed,
       source_route_failed},
      {"StrictRoute", with_options({1, 137, 7, 4, 10, 9, 9, 9}), Reason::source_routed,
       source_route_failed},
      {"LengthZero", with_options({7, 0, 0, 0}), Reason::bad_ip_option, bad_parameter},
      {"LengthOne", with_options({7, 1, 0, 0}), Reason::bad_ip_option, bad_parameter},
      {"BeyondTheHeader", with_options({1, 7, 4, 0}), Reason::bad_ip_option, bad_parameter},
      {"NoRoomForALength", with_options({1, 1, 1, 7}), Reason::bad_ip_option, bad_parameter},
  };
}
USWITCH_ROUTE_TABLE(Forward4, R4_12_Options);

class Routing4 : public Routed {};

TEST_F(Routing4, R4_12_PointerNamesTheWrongByte) {
  sw.send(a, with_options({1, 7, 4, 0}));
  EXPECT_EQ(icmp_rest(only(a)) >> 24, 22u);
  sw.send(a, with_options({1, 1, 1, 7}));
  EXPECT_EQ(icmp_rest(only(a)) >> 24, 23u);
}

// RFC 1624's own numbers: id and protocol chosen so that TTL 0x55 protocol 0x55 becomes 0x5455.
TEST_F(Routing4, R4_4_ChecksumIsRightForEveryIdAndTtl) {
  for (unsigned id = 0; id < 0x10000; id += 257) {
    for (const uint8_t ttl : {2, 64, 255}) {
      sw.send(a, to_b().ip_id(static_cast<uint16_t>(id)).ttl(ttl));
      const std::vector<Bytes> out = sw.received(b);
      ASSERT_EQ(out.size(), 1u);
      ASSERT_EQ(frame_fault(out[0]), "") << id;
    }
  }
}

// The id that makes the checksum of the forwarded header FFFF by eqn 3 must not become 0000.
TEST_F(Routing4, TR3_ChecksumNeverBecomesTheOtherZero) {
  for (unsigned id = 0; id < 0x10000; ++id) {
    const FrameBuilder f = to_b().ip_id(static_cast<uint16_t>(id));
    const Bytes expected = passed_on(f, b_net, mac(2));
    const uint16_t sum = load_be16(&expected[24]);
    if (sum > 1 && sum < 0xfffe) continue;
    sw.send(a, f);
    EXPECT_EQ(frame_fault(only(b)), "");
  }
}

TEST_F(Routing4, R4_5_LongestPrefixWins) {
  const NetworkId nets[] = {sw.add_network("zero"), sw.add_network("eight"), sw.add_network("host")};
  const char* gateways[] = {"10.2.0.2", "10.3.0.2", "10.4.0.2"};
  const char* own[] = {"10.2.0.1/24", "10.3.0.1/24", "10.4.0.1/24"};
  const char* routes[] = {"0.0.0.0/0", "99.0.0.0/24", "99.0.0.7/32"};
  std::vector<PortId> ports;
  for (unsigned i = 0; i < 3; ++i) {
    ports.push_back(sw.add_port(nets[i]));
    sw.add_router(nets[i], {own[i]});
    sw.add_station(ports[i], gateways[i], mac(10 + i));
    sw.add_route(routes[i], nets[i], gateways[i]);
  }
  const std::pair<const char*, unsigned> cases[] = {
      {"99.0.0.7", 2}, {"99.0.0.8", 1}, {"99.0.1.7", 0}, {"8.8.8.8", 0}};
  for (const auto& [destination, i] : cases) {
    const FrameBuilder f = to(destination);
    sw.send(a, f);
    EXPECT_THAT(sw.received(ports[i]), ElementsAre(passed_on(f, nets[i], mac(10 + i))));
    EXPECT_EQ(sw.receivers(), Ports{});
  }
}

struct KindRow {
  const char* to;
  RouteKind kind;
  Reason reason;
  std::optional<Told> told;
};

TEST_F(Routing4, R4_5_IC_5_RoutesThatLeadNowhere) {
  const KindRow rows[] = {
      {"99.1.0.0/16", RouteKind::blackhole, Reason::route_blackhole, std::nullopt},
      {"99.2.0.0/16", RouteKind::unreachable, Reason::route_unreachable, Told{3, 1}},
      {"99.3.0.0/16", RouteKind::prohibit, Reason::route_prohibited, Told{3, 13}},
      {"fd99:1::/32", RouteKind::blackhole, Reason::route_blackhole, std::nullopt},
      {"fd99:2::/32", RouteKind::unreachable, Reason::route_unreachable, Told{1, 0}},
      {"fd99:3::/32", RouteKind::prohibit, Reason::route_prohibited, Told{1, 1}},
  };
  for (const KindRow& row : rows) {
    SCOPED_TRACE(row.to);
    sw.add_route(row.to, row.kind);
    const IpAddress to = IpPrefix::parse(row.to)->address;
    sw.send(a, to.is_v4() ? from_a().ipv4(a4, to).udp(7, 9) : from_a().ipv6(a6, to).udp(7, 9));
    EXPECT_EQ(sw.drops(row.reason), 1u);
    const auto out = sw.received(a);
    ASSERT_EQ(out.size(), row.told ? 1u : 0u);
    if (row.told) {
      EXPECT_EQ(told_by(out[0]), *row.told);
    }
  }
}

TEST_F(Routing4, R4_5_NoRoute) {
  sw.send(a, to("99.9.9.9"));
  EXPECT_EQ(told_by(only(a)), (Told{3, 0}));
  EXPECT_EQ(sw.drops(Reason::no_route), 1u);
}

TEST_F(Routing4, R4_6_LinkLayerBroadcastIsNotForwarded) {
  for (const Mac group : {Mac(broadcast_mac), Mac("01:00:5e:00:00:01")}) {
    sw.send(a, frame().eth(mac(1), group).ipv4(a4, b4).udp(7, 9));
    EXPECT_EQ(sw.receivers(), Ports{});
  }
  EXPECT_EQ(sw.drops(Reason::no_egress), 2u);
}

TEST_F(Routing4, R4_7_PointToPointPrefixHasNoBroadcast) {
  const NetworkId net = sw.add_network("link");
  const PortId c = sw.add_port(net);
  sw.add_router(net, {"10.9.0.0/31"});
  sw.add_station(c, "10.9.0.1", mac(3));
  const FrameBuilder f = to("10.9.0.1");
  sw.send(a, f);
  EXPECT_THAT(sw.received(c), ElementsAre(passed_on(f, net, mac(3))));
}

struct PathRow {
  ReversePath mode;
  const char* source;
  Reason reason;
};

TEST_F(Routing4, R4_10_ReversePath) {
  sw.add_route("99.0.0.0/8", b_net, b4);  // the way back leads elsewhere
  sw.add_route("98.0.0.0/8", RouteKind::blackhole);
  sw.add_route("97.0.0.0/8", a_net, a4);
  const PathRow rows[] = {
      {ReversePath::off, "99.0.0.1", Reason::none},
      {ReversePath::off, "8.8.8.8", Reason::none},
      {ReversePath::loose, "99.0.0.1", Reason::none},
      {ReversePath::loose, "8.8.8.8", Reason::reverse_path},
      {ReversePath::loose, "98.0.0.1", Reason::reverse_path},
      {ReversePath::strict, "99.0.0.1", Reason::reverse_path},
      {ReversePath::strict, "97.0.0.1", Reason::none},
      {ReversePath::strict, "10.0.0.77", Reason::none},
      {ReversePath::strict, "10.1.0.77", Reason::reverse_path},
  };
  for (const PathRow& row : rows) {
    SCOPED_TRACE(row.source);
    sw.interface(a_net).reverse_path = row.mode;
    sw.send(a, from(row.source).udp(7, 9));
    EXPECT_EQ(sw.received(b).size(), row.reason == Reason::none ? 1u : 0u);
    EXPECT_EQ(sw.received(a).size(), 0u);
    EXPECT_EQ(sw.drops(Reason::reverse_path), row.reason == Reason::none ? 0u : 1u);
  }
}

TEST_F(Routing4, R4_14_OneFlowStaysInOrderThroughOneBatch) {
  std::vector<FrameBuilder> sent;
  std::vector<Bytes> expected;
  for (uint8_t i = 0; i < 200; ++i) {
    // Some of them take the slow path.
    sent.push_back(i % 7 == 0 ? to_b().ttl(1) : to_b().payload(std::vector<uint8_t>{i}));
    if (i % 7 != 0) expected.push_back(passed_on(sent.back(), b_net, mac(2)));
  }
  sw.send_batch(a, sent);
  EXPECT_EQ(sw.received(b), expected);
}

// The station moved behind the gateway's other side, say: still forwarded, and no redirect.
TEST_F(Routing4, IC_8_BackIntoTheNetworkItCameFrom) {
  const PortId c = sw.add_port(a_net);
  sw.add_station(c, "10.0.0.3", mac(3));
  sw.add_route("99.0.0.0/8", a_net, "10.0.0.3");
  const FrameBuilder f = to("99.0.0.1");
  sw.send(a, f);
  EXPECT_THAT(sw.received(c), ElementsAre(passed_on(f, a_net, mac(3))));
  sw.send(a, to("10.0.0.2"));  // even out by the port it came in by
  EXPECT_EQ(sw.receivers(), Ports{a});
}

TEST_F(Routing4, R4_14_StationNotLearnedIsReachedByAFlood) {
  const PortId c = sw.add_port(b_net);
  sw.neighbours().add_permanent(b_net, Ip("10.1.0.3"), mac(3));
  sw.send(a, to("10.1.0.3"));
  EXPECT_EQ(sw.receivers(), (Ports{b, c}));
}

TEST_F(Routing4, BR_12_FrameThatPosesAsTheGatewayIsDropped) {
  sw.send(a, frame().eth(gateway_mac(a_net), gateway_mac(a_net)).ipv4(a4, b4).udp(7, 9));
  sw.send(a, frame().eth(gateway_mac(a_net), broadcast_mac).arp_request(mac(1), a4, gw4));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::router_mac_source), 2u);
}

TEST_F(Routing4, BR_13_TheGatewaysMacIsOneOnItsOwnNetworkOnly) {
  sw.send(a, frame().eth(mac(1), gateway_mac(b_net)).ipv4(a4, b4).udp(7, 9));
  EXPECT_EQ(sw.receivers(), Ports{});  // unknown unicast in a network of one port
  EXPECT_EQ(sw.drops(Reason::no_egress), 1u);
}

TEST_F(Routing4, BR_13_WithoutARouterTheNetworkIsNotRouted) {
  const NetworkId net = sw.add_network("plain");
  const PortId c = sw.add_port(net), d = sw.add_port(net);
  sw.send(c, frame().eth(mac(5), gateway_mac(a_net)).ipv4("10.0.0.9", b4).udp(7, 9));
  EXPECT_EQ(sw.receivers(), Ports{d});
  sw.send(c, frame().eth(mac(5), broadcast_mac).arp_request(mac(5), "10.0.0.9", gw4));
  EXPECT_EQ(sw.receivers(), Ports{d});
}

TEST_F(Routing4, BR_13_BroadcastReachesRouterAndStations) {
  const PortId c = sw.add_port(a_net);
  const FrameBuilder request = frame().eth(mac(1), broadcast_mac).arp_request(mac(1), a4, gw4);
  sw.send(a, request);
  EXPECT_THAT(sw.received(c), ElementsAre(request.bytes()));
  EXPECT_EQ(sw.received(a).size(), 1u);
}

}  // namespace
}  // namespace uswitch::test
