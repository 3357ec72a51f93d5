// The guard at the link layer, in IPv4 and in ARP, and where it applies.
#include "tests/flow/guard_table.h"

namespace uswitch::test {
namespace {

class Guard4 : public Guarded, public testing::WithParamInterface<GuardRow> {};

TEST_P(Guard4, Row) {
  expect(GetParam());
}

const MacAddress broadcast = MacAddress::from_u64(0xffffffffffff);

FrameBuilder v4(const Ip& source = own4) {
  return eth().ipv4(source, "10.0.0.2");
}

GuardRows Link() {
  return {
      {"OwnMac", v4().udp(1, 2)},
      {"ForeignMac", frame().eth(mac(9), mac(2)).ipv4(own4, "10.0.0.2").udp(1, 2),
       Reason::guard_mac},
      {"ForeignMacOfNoIp", frame().eth(mac(9), mac(2)).ether_type(0x88b5).zeros(46),
       Reason::guard_mac},
      {"GroupMac", frame().eth("03:00:00:00:00:01", mac(2)).arp_request(mac(1), own4, other4),
       Reason::guard_mac},
      {"OtherProtocol", eth().ether_type(0x88b5).zeros(46)},
      {"LlcFrame", eth().ether_type(46).zeros(46)},
      {"PriorityTagBeforeASecondTag", eth().vlan(0).vlan(5).ipv4(other4, own4).udp(1, 2),
       Reason::vlan_not_member},
      {"ServiceTag", eth().vlan(5, 0, 0x88a8).ipv4(own4, other4).udp(1, 2),
       Reason::vlan_not_member},
      {"ForeignSourceBehindTwoPriorityTags", eth().vlan(0).vlan(0).ipv4(other4, own4).udp(1, 2),
       Reason::vlan_not_member},
  };
}
USWITCH_GUARD_TABLE(Guard4, Link);

// The tag is gone by the time the guard looks: rows that compare bytes stand apart.
TEST_F(Guarded, VL1_ForeignSourceBehindAPriorityTag) {
  sw.send(endpoint, eth().vlan(0, 5).ipv4(other4, own4).udp(1, 2));
  EXPECT_EQ(sw.drops(Reason::guard_ip), 1u);
  sw.send(endpoint, eth().vlan(0, 5).ipv4(own4, other4).udp(1, 2));
  EXPECT_EQ(sw.receivers(), std::vector<PortId>{b});
}

TEST_F(Guarded, AP2_TagBehindTheOneTheKernelTookOut) {
  sw.send(endpoint,
          MemoryPort::Frame{eth().vlan(5).ipv4(own4, other4).udp(1, 2).bytes(), {}, true, 0});
  EXPECT_EQ(sw.drops(Reason::vlan_not_member), 1u);
}

GuardRows Ip4() {
  return {
      {"Udp", v4().udp(1, 2)},
      {"Tcp", v4().tcp(1, 2)},
      {"Echo", v4().echo_request(1, 1)},
      {"Multicast", frame().eth(mac(1), "01:00:5e:00:00:fb").ipv4(own4, "224.0.0.251").udp(1, 2)},
      {"FirstFragment", v4().fragment(0, true).udp(1, 2).udp_length(3000).zeros(64)},
      {"LaterFragment", v4().fragment(1480, false).protocol(17).zeros(64)},
      {"SuperSegment", v4().tcp(1, 2).pattern(3000).gso(1000)},
      {"ForeignSource", v4(other4).udp(1, 2), Reason::guard_ip},
      {"ForeignSourceInTcp", v4(other4).tcp(1, 2), Reason::guard_ip},
      {"ForeignSourceInALaterFragment", v4(other4).fragment(1480, false).protocol(17).zeros(64),
       Reason::guard_ip},
      {"ForeignSourceBehindOptions", v4(other4).ip_options(Bytes{1, 1, 1, 0}).udp(1, 2),
       Reason::guard_ip},
      {"BroadcastSource", v4("255.255.255.255").udp(1, 2), Reason::guard_ip},
      {"LoopbackSource", v4("127.0.0.1").udp(1, 2), Reason::guard_ip},
      {"NoSource", v4(none4).udp(1, 2), Reason::guard_ip},
      {"R4_1_LengthBeyondTheFrame", v4().udp(1, 2).ip_length(900), Reason::malformed_l3},
      {"R4_1_HeaderTooShort", v4().udp(1, 2).ihl(4), Reason::malformed_l3},
      {"R4_1_WrongVersion", v4().udp(1, 2).ip_version(6), Reason::malformed_l3},
      {"TR16_UdpLengthBeyondThePacket", v4().udp(1, 2).udp_length(100), Reason::malformed_l4},
      {"FR6_TinyFirstFragment", v4().fragment(0, true).protocol(17).zeros(4), Reason::malformed_l4},
  };
}
USWITCH_GUARD_TABLE(Guard4, Ip4);

GuardRows Dhcp4() {
  const auto whole = frame().eth(mac(1), broadcast);
  const auto from = [&](const Ip& source) {
    return FrameBuilder(whole).ipv4(source, "255.255.255.255");
  };
  return {
      {"Discover", from(none4).udp(68, 67).zeros(240)},
      {"Renew", v4().udp(68, 67).zeros(240)},
      {"Offer", from(own4).udp(67, 68).zeros(240), Reason::guard_dhcp},
      {"OfferWithoutASource", from(none4).udp(67, 68).zeros(240), Reason::guard_dhcp},
      {"OfferFromAnotherPort", from(own4).udp(6767, 68).zeros(240), Reason::guard_dhcp},
      {"ServerPortToAnotherPort", v4().udp(67, 1000).zeros(240), Reason::guard_dhcp},
      {"OfferInFragments", from(own4).fragment(0, true).udp(67, 68).udp_length(600).zeros(240),
       Reason::guard_dhcp},
      {"OfferBehindOptions", from(own4).ip_options(Bytes{1, 1, 1, 0}).udp(67, 68).zeros(240),
       Reason::guard_dhcp},
      {"DiscoverFromAForeignSource", from(other4).udp(68, 67).zeros(240), Reason::guard_ip},
      {"LaterFragmentOfADiscover", from(none4).fragment(576, false).protocol(17).zeros(64),
       Reason::guard_ip},
  };
}
USWITCH_GUARD_TABLE(Guard4, Dhcp4);

GuardRows Arp() {
  const auto to_all = [] { return frame().eth(mac(1), broadcast); };
  return {
      {"Request", to_all().arp_request(mac(1), own4, "10.0.0.2")},
      {"Reply", eth().arp_reply(mac(1), own4, mac(2), "10.0.0.2")},
      {"ARP9_ProbeOfItsOwn", to_all().arp_request(mac(1), none4, own4)},
      {"ARP6_AnnouncementOfItsOwn", to_all().arp_request(mac(1), own4, own4)},
      {"ARP6_AnnouncementAsReply", to_all().arp_reply(mac(1), own4, broadcast, own4)},
      {"RequestForeignIp", to_all().arp_request(mac(1), other4, "10.0.0.2"), Reason::guard_arp},
      {"ReplyForeignIp", eth().arp_reply(mac(1), other4, mac(2), "10.0.0.2"), Reason::guard_arp},
      {"RequestForeignMac", to_all().arp_request(mac(9), own4, "10.0.0.2"), Reason::guard_arp},
      {"ReplyForeignMac", eth().arp_reply(mac(9), own4, mac(2), "10.0.0.2"), Reason::guard_arp},
      {"AnnouncementOfAForeignIp", to_all().arp_request(mac(1), other4, other4), Reason::guard_arp},
      {"ProbeOfAForeignIp", to_all().arp_request(mac(1), none4, other4), Reason::guard_arp},
      {"ProbeWithAForeignMac", to_all().arp_request(mac(9), none4, own4), Reason::guard_arp},
      {"ARP1_OtherHardware", to_all().arp_request(mac(1), own4, other4).set(14, {0, 6}),
       Reason::malformed_l3},
      {"ARP1_Reverse", to_all().arp(3, mac(1), own4, mac(1), own4), Reason::malformed_l3},
      {"ARP1_CutOff", to_all().arp_request(mac(1), own4, other4).truncate(41),
       Reason::malformed_l3},
  };
}
USWITCH_GUARD_TABLE(Guard4, Arp);

// The endpoint is judged alone: what others send to it passes.
TEST_F(Guarded, FramesToTheEndpointAreNotJudged) {
  sw.send(b, frame().eth(mac(9), mac(1)).ipv6("fe80::9", link_local).router_advertisement(mac(9)));
  EXPECT_EQ(sw.receivers(), std::vector<PortId>{endpoint});
}

// A tagged member is held to its addresses in each network.
TEST_F(Guarded, GuardHoldsInTaggedNetworks) {
  const NetworkId other = sw.add_network("other");
  const PortId trunk = sw.add_port(net, {{10, other}}), c = sw.add_port(other);
  sw.settings(trunk).guard = std::make_shared<Guard>(mac(1), std::vector<IpAddress>{own4});
  sw.send(trunk, eth().vlan(10).ipv4(other4, own4).udp(1, 2));
  EXPECT_EQ(sw.drops(Reason::guard_ip), 1u);
  sw.send(trunk, eth().vlan(10).vlan(10).ipv4(own4, other4).udp(1, 2));
  EXPECT_EQ(sw.drops(Reason::vlan_not_member), 1u);
  sw.send(trunk, eth().vlan(10).ipv4(own4, other4).udp(1, 2));
  EXPECT_EQ(sw.receivers(), std::vector<PortId>{c});
}

}  // namespace
}  // namespace uswitch::test
