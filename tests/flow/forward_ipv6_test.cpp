// IPv6 packets between networks: STANDARDS section 7.
#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

class Forward6 : public RouteTableTest {};

TEST_P(Forward6, Row) {
  sw.add_route("::/0", b_net, b6);
  expect(GetParam());
}

const MacAddress gateway = TestSwitch::router_mac(0);
constexpr Told hop_limit_exceeded{3, 0}, beyond_scope{1, 2};

FrameBuilder from(const Ip& source) {
  return frame().eth(mac(1), gateway).ipv6(source, "fd00:b::2");
}
FrameBuilder to(const Ip& destination) {
  return frame().eth(mac(1), gateway).ipv6("fd00:a::2", destination).udp(7, 9);
}
FrameBuilder plain() {
  return from("fd00:a::2");
}

RouteRows R6_1_Headers() {
  return {
      {"Sound", plain().udp(7, 9).payload("hello")},
      {"NoNextHeader", plain()},
      {"HopLimit2", plain().ttl(2).udp(7, 9)},
      {"HopLimit1", plain().ttl(1).udp(7, 9), Reason::ttl_exceeded, hop_limit_exceeded},
      {"HopLimit0", plain().ttl(0).udp(7, 9), Reason::ttl_exceeded, hop_limit_exceeded},
      {"PayloadBeyondTheFrame", plain().udp(7, 9).ip_length(9), Reason::malformed_l3},
      {"Version4", plain().ip_version(4).udp(7, 9), Reason::malformed_l3},
      {"CutInTheHeader", plain().udp(7, 9).truncate(14 + 39), Reason::malformed_l3},
      {"Padded", plain().udp(7, 9).pad(100)},
  };
}
USWITCH_ROUTE_TABLE(Forward6, R6_1_Headers);

RouteRows R6_2_Addresses() {
  const auto from_local = [] { return from("fe80::ff:fe00:1"); };
  return {
      {"FromNobody", from("::").udp(7, 9), Reason::martian_source},
      {"FromLoopback", from("::1").udp(7, 9), Reason::martian_source},
      {"FromMulticast", from("ff05::1").udp(7, 9), Reason::martian_source},
      {"FromTheGateway", from("fd00:a::1").udp(7, 9), Reason::martian_source},
      {"FromTheGatewaysLinkLocal", from(TestSwitch::router_link_local(0)).udp(7, 9),
       Reason::martian_source},
      {"ToNobody", to("::"), Reason::martian_destination},
      {"ToLoopback", to("::1"), Reason::martian_destination},
      {"FromLinkLocal", from_local().udp(7, 9), Reason::link_local_scope, beyond_scope},
      {"FromLinkLocalHopLimit1", from_local().ttl(1).udp(7, 9), Reason::link_local_scope,
       beyond_scope},
      {"ToLinkLocal", to("fe80::9"), Reason::link_local_scope},
      {"ToTheGatewaysOtherLinkLocal", to(TestSwitch::router_link_local(1)),
       Reason::link_local_scope},
      {"ToNodeLocalMulticast", to("ff01::1"), Reason::multicast_not_routed},
      {"ToLinkLocalMulticast", to("ff02::5"), Reason::multicast_not_routed},
      {"ToSiteMulticast", to("ff05::5"), Reason::multicast_not_routed},
  };
}
USWITCH_ROUTE_TABLE(Forward6, R6_2_Addresses);

FrameBuilder chain(unsigned headers) {
  FrameBuilder f = plain();
  for (unsigned i = 0; i < headers; ++i) f.extension(60);
  return f.udp(7, 9);
}

RouteRows R6_3_Extensions() {
  return {
      {"HopByHop", plain().extension(0).udp(7, 9)},
      {"Routing", plain().extension(43).udp(7, 9)},
      {"Authentication", plain().extension(51).udp(7, 9)},
      {"Eight", chain(8)},
      {"MoreThanAnybodyFollows", chain(12)},
      {"UnknownOne", plain().protocol(253).zeros(16)},
      {"Encrypted", plain().protocol(50).zeros(16)},
      {"BeyondThePacket", plain().extension(60).set(55, {9}), Reason::malformed_l3},
      {"FragmentFirst", plain().fragment_header(0, true).udp(7, 9).zeros(8)},
      {"FragmentLater", plain().fragment_header(16, false).protocol(17).zeros(8)},
      {"FragmentAtomic", plain().fragment_header(0, false).udp(7, 9)},
  };
}
USWITCH_ROUTE_TABLE(Forward6, R6_3_Extensions);

RouteRows R6_4_ChecksumsAreNotARoutersToJudge() {
  return {{"UdpWithout", plain().udp(7, 9).l4_checksum(0)},
          {"UdpWrong", plain().udp(7, 9).l4_checksum(0x1234)},
          {"Icmp6Wrong", plain().echo_request(1, 1).l4_checksum(0x1234)}};
}
USWITCH_ROUTE_TABLE(Forward6, R6_4_ChecksumsAreNotARoutersToJudge);

class Routing6 : public Routed {};

TEST_F(Routing6, R6_4_UdpChecksumIsMandatoryAtTheRouterItself) {
  const FrameBuilder f = from_a().ipv6(a6, gw6).udp(7, 9);
  sw.send(a, FrameBuilder(f).l4_checksum(0));
  EXPECT_EQ(sw.drops(Reason::bad_l4_checksum), 1u);
  EXPECT_EQ(sw.receivers(), Ports{});
  sw.send(a, f);
  EXPECT_EQ(told_by(only(a)), (Told{1, 4}));
}

// The answer's own, too, or frame_fault in only() would tell.
TEST_F(Routing6, R6_4_ChecksumIncludesThePseudoHeader) {
  const FrameBuilder f = from_a().ipv6(a6, gw6).echo_request(7, 1).payload("data");
  sw.send(a, f);
  EXPECT_EQ(only(a),
            from_router(a_net, mac(1)).ipv6(gw6, a6).echo_reply(7, 1).payload("data").bytes());
  const Bytes bytes = f.bytes();
  const uint16_t without = static_cast<uint16_t>(
      ~naive_sum(std::span(bytes).subspan(58), naive_sum(std::span(bytes).subspan(54, 2))));
  sw.send(a, FrameBuilder(f).l4_checksum(without));
  EXPECT_EQ(sw.drops(Reason::bad_l4_checksum), 1u);
}

TEST_F(Routing6, R6_2_MappedAddressesAreOnNoWire) {
  Bytes f = to_b6().bytes();
  const uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2};
  Bytes source = f, destination = f;
  std::copy_n(mapped, 16, &source[22]);
  std::copy_n(mapped, 16, &destination[38]);
  sw.send(a, MemoryPort::Frame{source, {}, false, 0});
  sw.send(a, MemoryPort::Frame{destination, {}, false, 0});
  EXPECT_EQ(sw.drops(Reason::martian_source), 1u);
  EXPECT_EQ(sw.drops(Reason::martian_destination), 1u);
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(Routing6, I6_1_NoRoute) {
  sw.send(a, to("2001:db8::1"));
  EXPECT_EQ(told_by(only(a)), (Told{1, 0}));
  EXPECT_EQ(sw.drops(Reason::no_route), 1u);
}

TEST_F(Routing6, R4_10_ReversePathSparesLinkLocalSources) {
  sw.interface(a_net).reverse_path = ReversePath::strict;
  sw.send(a, from_a().ipv6(a_local, gw6).echo_request(1, 1));
  EXPECT_EQ(only(a)[54], 129);
  sw.send(a, from_a().ipv6("fd00:b::77", b6).udp(7, 9));
  EXPECT_EQ(sw.drops(Reason::reverse_path), 1u);
}

}  // namespace
}  // namespace uswitch::test
