// Where IPv4 packets go and how they arrive there: STANDARDS section 3, BR-12, BR-13, IC-8.
#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

const MacAddress gateway = TestSwitch::router_mac(0);

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
  const NetworkId nets[] = {sw.add_network("zero"), sw.add_network("eight"),
                            sw.add_network("host")};
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
