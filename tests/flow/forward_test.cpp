// Which IPv4 packets are passed on and which are not: the tables of STANDARDS section 3.
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
      {"FromThisNetwork", "0.0.0.0"}, {"FromNet0", "0.1.2.3"},
      {"FromLoopback", "127.0.0.1"},  {"FromMulticast", "224.0.0.1"},
      {"FromClassE", "240.0.0.1"},    {"FromBroadcast", "255.255.255.255"},
      {"FromTheGateway", "10.0.0.1"}, {"FromItsOtherAddress", "10.1.0.1"}};
  for (const auto& [name, address] : sources)
    rows.push_back({name, from(address).udp(7, 9), Reason::martian_source});
  const std::pair<const char*, const char*> destinations[] = {{"ToNet0", "0.1.2.3"},
                                                              {"ToLoopback", "127.0.0.1"},
                                                              {"ToClassE", "240.0.0.1"},
                                                              {"ToNobody", "0.0.0.0"},
                                                              {"ToAlmostAll", "255.255.255.254"}};
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

}  // namespace
}  // namespace uswitch::test
