// Which networks and ports the router lets talk to each other: Routing::joined, the host's port and
// the host's routes, isolated ports.
#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

class RoutedIsolation : public Routed {
 protected:
  bool passes(PortId from, const FrameBuilder& f, PortId to) {
    sw.send(from, f);
    const bool arrived = !sw.received(to).empty();
    const auto told = sw.received(from);
    EXPECT_EQ(told.size(), arrived ? 0u : 1u);
    if (!arrived && told.size() == 1) {
      EXPECT_EQ(told_by(told[0]), (is_v6(told[0]) ? Told{1, 1} : Told{3, 13}));
      EXPECT_EQ(sw.drops(Reason::network_isolated), 1u);
    }
    sw.advance(seconds(10));  // for the limit of errors
    return arrived;
  }
  bool a_to_b() { return passes(a, to_b(), b) && passes(a, to_b6(), b); }
  FrameBuilder from_b() const { return frame().eth(mac(2), gateway_mac(b_net)); }
  bool b_to_a() {
    return passes(b, from_b().ipv4(b4, a4).udp(9, 7), a) &&
           passes(b, from_b().ipv6(b6, a6).udp(9, 7), a);
  }
};

struct JoinRow {
  bool a_isolated, a_outside, b_isolated, b_outside, joined;
};

TEST_F(RoutedIsolation, NetworksByIsolatedAndOutsideBothWays) {
  const JoinRow rows[] = {
      {false, false, false, false, true}, {true, false, false, false, false},
      {false, false, true, false, false}, {true, false, true, false, false},
      {true, false, false, true, true},   {false, true, true, false, true},
      {true, true, true, true, true},     {true, true, true, false, false},
      {false, true, false, true, true},   {true, true, false, false, false},
  };
  for (const JoinRow& row : rows) {
    SCOPED_TRACE(testing::Message()
                 << row.a_isolated << row.a_outside << row.b_isolated << row.b_outside);
    sw.interface(a_net).isolated = row.a_isolated;
    sw.interface(a_net).outside = row.a_outside;
    sw.interface(b_net).isolated = row.b_isolated;
    sw.interface(b_net).outside = row.b_outside;
    EXPECT_EQ(a_to_b(), row.joined);
    EXPECT_EQ(b_to_a(), row.joined);
  }
}

TEST_F(RoutedIsolation, WithinAnIsolatedNetworkTheRouterStillHelps) {
  sw.interface(a_net).isolated = true;
  const PortId c = sw.add_port(a_net);
  sw.add_station(c, "10.0.0.3", mac(3));
  sw.send(a, from_a().ipv4(a4, "10.0.0.3").udp(1, 2));
  EXPECT_EQ(sw.receivers(), Ports{c});
}

TEST_F(RoutedIsolation, TheGatewayItselfIsReached) {
  sw.interface(a_net).isolated = true;
  sw.send(a, from_a().ipv4(a4, gw4).echo_request(1, 1));
  EXPECT_EQ(told_by(only(a)), (Told{0, 0}));
}

TEST_F(RoutedIsolation, ErrorsFindTheirWayAcross) {
  sw.interface(a_net).isolated = true;
  sw.add_route("99.0.0.0/8", b_net, b4);
  sw.interface(b_net).outside = true;
  sw.send(a, from_a().ipv4(a4, "99.1.1.1").ttl(1).udp(1, 2));
  EXPECT_EQ(told_by(only(a)), (Told{11, 0}));
}

TEST_F(RoutedIsolation, TheHostIsKeptFromNobody) {
  sw.interface(a_net).isolated = true;
  ASSERT_FALSE(a_to_b());
  sw.routing().host_port = b;
  EXPECT_TRUE(b_to_a());
  ASSERT_FALSE(a_to_b()) << "b is a network beside the host";
  RouteTarget host;
  host.kind = RouteKind::forward;
  host.origin = RouteOrigin::host;
  host.count = 1;
  host.hops[0] = {b_net, true, {}};
  for (const char* address : {"10.1.0.2/32", "fd00:b::2/128"})
    sw.routing().routes->set(*IpPrefix::parse(address), host);
  EXPECT_TRUE(a_to_b());
}

// The host's address is on another network, but a station that has it for one of its own asks.
TEST_F(RoutedIsolation, TheRouterStandsForTheHostOnOtherNetworks) {
  RouteTarget host;
  host.kind = RouteKind::forward;
  host.origin = RouteOrigin::host;
  host.count = 1;
  host.hops[0] = {b_net, true, {}};
  for (const char* address : {"10.0.0.99/32", "fd00:a::99/128"})
    sw.routing().routes->set(*IpPrefix::parse(address), host);
  const MacAddress gateway = gateway_mac(a_net);
  sw.send(a, frame().eth(mac(1), broadcast_mac).arp_request(mac(1), a4, "10.0.0.99"));
  EXPECT_EQ(only(a),
            from_router(a_net, mac(1)).arp_reply(gateway, "10.0.0.99", mac(1), a4).bytes());
  const FrameBuilder ns = frame().eth(mac(1), "33:33:ff:00:00:99").ipv6(a6, "ff02::1:ff00:99");
  sw.send(a, FrameBuilder(ns).neighbor_solicitation("fd00:a::99", Mac(mac(1))));
  EXPECT_EQ(only(a), from_router(a_net, mac(1))
                         .ipv6(gw_local, a6)
                         .neighbor_advertisement("fd00:a::99", Mac(gateway), 0xc0000000)
                         .bytes())
      << "a proxy does not override (ND-10)";
  // On the host's own network it answers itself; and to a look for duplicates nobody else does.
  sw.send(b, frame().eth(mac(2), broadcast_mac).arp_request(mac(2), b4, "10.0.0.99"));
  sw.send(a, frame()
                 .eth(mac(1), "33:33:ff:00:00:99")
                 .ipv6("::", "ff02::1:ff00:99")
                 .neighbor_solicitation("fd00:a::99"));
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(RoutedIsolation, IsolatedPortsOfOneNetworkMeetNotThroughTheRouterEither) {
  const PortId c = sw.add_port(a_net);
  sw.add_station(c, "10.0.0.3", mac(3));
  sw.settings(a).isolated = sw.settings(c).isolated = true;
  const FrameBuilder f = from_a().ipv4(a4, "10.0.0.3").udp(1, 2);
  sw.send(a, f);
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::isolated), 1u);
  sw.settings(c).isolated = false;
  sw.send(a, f);
  EXPECT_EQ(sw.receivers(), Ports{c});
}

TEST_F(RoutedIsolation, NorAfterWaitingForTheOthersMac) {
  const PortId c = sw.add_port(a_net);
  sw.settings(a).isolated = sw.settings(c).isolated = true;
  sw.send(a, from_a().ipv4(a4, "10.0.0.3").udp(1, 2));
  EXPECT_EQ(sw.receivers(), (Ports{a, c}));
  sw.send(c, arp_reply_of(3, "10.0.0.3", a_net, gw4));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::isolated), 1u);
}

TEST_F(RoutedIsolation, IsolatedPortsOfTwoNetworksMeet) {
  sw.settings(a).isolated = sw.settings(b).isolated = true;
  sw.send(a, to_b());
  EXPECT_EQ(sw.receivers(), Ports{b});
}

TEST_F(RoutedIsolation, AndThePiecesOfTheirPacketsToo) {
  sw.settings(a).isolated = sw.settings(b).isolated = true;
  sw.interface(b_net).mtu = 600;
  sw.send(a, to_b().zeros(1000));
  EXPECT_EQ(sw.receivers(), (Ports{b, b}));
}

TEST_F(RoutedIsolation, IsolatedPortsReachTheGatewayAndItsAnswersReachThem) {
  sw.settings(a).isolated = true;
  const PortId c = sw.add_port(a_net);
  sw.settings(c).isolated = true;
  sw.send(a, frame().eth(mac(1), broadcast_mac).arp_request(mac(1), a4, gw4));
  EXPECT_EQ(sw.receivers(), Ports{a});
  sw.send(a, from_a().ipv4(a4, gw4).echo_request(1, 1));
  EXPECT_EQ(sw.receivers(), Ports{a});
}

}  // namespace
}  // namespace uswitch::test
