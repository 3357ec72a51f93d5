// The guard in IPv6: neighbour discovery, router advertisements and the places they hide in.
#include "tests/flow/guard_table.h"

namespace uswitch::test {
namespace {

class Guard6 : public Guarded, public testing::WithParamInterface<GuardRow> {};

TEST_P(Guard6, Row) {
  expect(GetParam());
}

const Ip all_nodes = "ff02::1", mapped4 = "::ffff:10.0.0.1";
constexpr uint8_t hop_by_hop = 0, routing = 43, destination_options = 60;

FrameBuilder v6(const Ip& source = own6, const Ip& destination = "fd00::2") {
  return eth().ipv6(source, destination);
}
FrameBuilder with_extensions(FrameBuilder f, int count) {
  for (int i = 0; i < count; ++i) f.extension(destination_options);
  return f;
}
// A link-layer address option beyond the one that FrameBuilder writes.
std::vector<uint8_t> link_option(uint8_t type, unsigned station) {
  std::vector<uint8_t> option{type, 1};
  const MacAddress link = mac(station);
  option.insert(option.end(), link.bytes.begin(), link.bytes.end());
  return option;
}

GuardRows Ip6() {
  return {
      {"Udp", v6().udp(1, 2)},
      {"FromTheLinkLocalAddress", v6(link_local).udp(1, 2)},
      {"Echo", v6().echo_request(1, 1)},
      {"BehindExtensions", v6().extension(hop_by_hop).extension(routing).udp(1, 2)},
      {"BehindEightExtensions", with_extensions(v6(), 8).udp(1, 2)},
      {"FirstFragment", v6().fragment_header(0, true).udp(1, 2).udp_length(3000).zeros(64)},
      {"LaterFragment", v6().fragment_header(1480, false).protocol(17).zeros(64)},
      {"FR7_AtomicFragment", v6().fragment_header(0, false).udp(1, 2)},
      {"NoNextHeader", v6()},
      {"Encrypted", v6().protocol(50).zeros(32)},
      {"ForeignSource", v6(other6).udp(1, 2), Reason::guard_ip},
      {"ForeignLinkLocal", v6("fe80::9").udp(1, 2), Reason::guard_ip},
      {"ForeignSourceBehindExtensions", v6(other6).extension(destination_options).tcp(1, 2),
       Reason::guard_ip},
      {"ForeignSourceInALaterFragment", v6(other6).fragment_header(8, false).zeros(64),
       Reason::guard_ip},
      {"OwnIp4AddressMapped", v6(mapped4).udp(1, 2), Reason::guard_ip},
      {"NoIp4AddressMapped", v6("::ffff:0.0.0.0").udp(1, 2), Reason::guard_ip},
      {"OwnIp4AddressMappedInSolicitation",
       v6(mapped4, all_nodes).neighbor_solicitation(own6, mac(1)), Reason::guard_ip},
      {"NoSource", v6(none6).udp(1, 2), Reason::guard_ip},
      {"NoSourceInEcho", v6(none6).echo_request(1, 1), Reason::guard_ip},
      {"NoSourceInALaterFragment", v6(none6).fragment_header(8, false).zeros(64), Reason::guard_ip},
      {"R6_1_LengthBeyondTheFrame", v6().udp(1, 2).ip_length(900), Reason::malformed_l3},
      {"R6_1_WrongVersion", v6().udp(1, 2).ip_version(4), Reason::malformed_l3},
      {"TR16_ExtensionBeyondThePacket", v6().extension(destination_options).set(55, {9}),
       Reason::malformed_l3},
      {"TR16_UdpLengthBeyondThePacket", v6().udp(1, 2).udp_length(100), Reason::malformed_l4},
      {"RFC7112_FirstFragmentWithoutItsHeaders",
       v6().fragment_header(0, true).extension(destination_options).truncate(14 + 40 + 8),
       Reason::malformed_l3},
      {"RFC7112_FirstFragmentWithHalfAHeader", v6().fragment_header(0, true).protocol(58).zeros(4),
       Reason::malformed_l4},
      {"R6_3_NineExtensions", with_extensions(v6(), 9).udp(1, 2), Reason::guard_hidden},
      {"R6_3_NineExtensionsInAFragment",
       with_extensions(v6().fragment_header(0, true), 8).udp(1, 2), Reason::guard_hidden},
  };
}
USWITCH_GUARD_TABLE(Guard6, Ip6);

GuardRows Neighbours() {
  const auto to_all = [](const Ip& source) { return v6(source, all_nodes); };
  constexpr uint8_t source_link = 1, target_link = 2;
  return {
      {"Solicitation", to_all(own6).neighbor_solicitation(other6, mac(1))},
      {"SolicitationFromLinkLocal", to_all(link_local).neighbor_solicitation(other6, mac(1))},
      {"SolicitationWithoutOption", v6().neighbor_solicitation(other6)},
      {"Advertisement", v6().neighbor_advertisement(own6, mac(1))},
      {"AdvertisementWithoutOption", v6().neighbor_advertisement(own6)},
      {"AdvertisementOfTheLinkLocal",
       to_all(link_local).neighbor_advertisement(link_local, mac(1))},
      {"ND8_DuplicateDetectionOfItsOwn", to_all(none6).neighbor_solicitation(own6)},
      {"ND8_DuplicateDetectionOfTheLinkLocal", to_all(none6).neighbor_solicitation(link_local)},
      {"RouterSolicitation", to_all(link_local).router_solicitation(mac(1))},
      {"RouterSolicitationWithoutASource", to_all(none6).router_solicitation()},
      {"AdvertisementOfAForeignAddress", v6().neighbor_advertisement(other6, mac(1)),
       Reason::guard_nd},
      {"AdvertisementOfAForeignMac", v6().neighbor_advertisement(own6, mac(9)), Reason::guard_nd},
      {"AdvertisementOfTheMappedAddress", v6().neighbor_advertisement(mapped4, mac(1)),
       Reason::guard_nd},
      {"SolicitationWithAForeignMac", v6().neighbor_solicitation(other6, mac(9)), Reason::guard_nd},
      {"RouterSolicitationWithAForeignMac", v6().router_solicitation(mac(9)), Reason::guard_nd},
      {"ForeignMacInASecondOption",
       v6().neighbor_solicitation(other6, mac(1)).payload(link_option(source_link, 9)),
       Reason::guard_nd},
      {"ForeignMacInAnOptionOfTheOtherKind",
       v6().neighbor_advertisement(own6).payload(link_option(source_link, 9)), Reason::guard_nd},
      {"ForeignMacBehindAnotherOption",
       v6().neighbor_advertisement(own6)
           .zeros(0)
           .payload(Bytes{14, 1, 1, 2, 3, 4, 5, 6})
           .payload(link_option(target_link, 9)),
       Reason::guard_nd},
      {"ND8_DuplicateDetectionOfAForeignAddress", to_all(none6).neighbor_solicitation(other6),
       Reason::guard_nd},
      {"RFC6980_SolicitationInAnAtomicFragment",
       v6().fragment_header(0, false).neighbor_solicitation(other6, mac(1)), Reason::guard_nd},
      {"RFC6980_AdvertisementInAFirstFragment",
       v6().fragment_header(0, true).neighbor_advertisement(own6, mac(1)), Reason::guard_nd},
      {"RFC6980_RouterSolicitationInFragments",
       v6(link_local).fragment_header(0, true).router_solicitation(mac(1)), Reason::guard_nd},
      {"ForeignAddressBehindExtensions",
       v6().extension(hop_by_hop).extension(destination_options).neighbor_advertisement(other6),
       Reason::guard_nd},
      {"ForeignSource", to_all(other6).neighbor_solicitation(own6, mac(1)), Reason::guard_ip},
      {"ND1_OptionOfLengthZero",
       v6().neighbor_solicitation(other6).payload(Bytes{1, 0, 0, 0, 0, 0, 0, 0}),
       Reason::malformed_l4},
      {"ND1_CutOff", v6().icmp(135, 0).zeros(8), Reason::malformed_l4},
  };
}
USWITCH_GUARD_TABLE(Guard6, Neighbours);

GuardRows Routers() {
  const auto to_all = [] { return v6(link_local, all_nodes); };
  return {
      {"Advertisement", to_all().router_advertisement(mac(1)), Reason::guard_ra},
      {"Redirect", v6(link_local).redirect(own6, other6), Reason::guard_ra},
      {"AdvertisementBehindAnExtension",
       to_all().extension(hop_by_hop).router_advertisement(mac(1)), Reason::guard_ra},
      {"AdvertisementBehindEightExtensions",
       with_extensions(to_all(), 8).router_advertisement(mac(1)), Reason::guard_ra},
      {"AdvertisementBehindNineExtensions",
       with_extensions(to_all(), 9).router_advertisement(mac(1)), Reason::guard_hidden},
      {"AdvertisementInAFirstFragment",
       to_all().fragment_header(0, true).router_advertisement(mac(1)), Reason::guard_ra},
      {"AdvertisementInAnAtomicFragment",
       to_all().fragment_header(0, false).router_advertisement(mac(1)), Reason::guard_ra},
      {"AdvertisementBehindExtensionsInAFragment",
       to_all().fragment_header(0, true).extension(destination_options).router_advertisement(),
       Reason::guard_ra},
      {"AdvertisementPushedIntoTheSecondFragment",
       to_all().fragment_header(0, true).extension(destination_options).protocol(58),
       Reason::malformed_l4},
      {"AdvertisementBehindAnAuthenticationHeader",
       to_all().extension(51, Bytes(10)).router_advertisement(), Reason::guard_ra},
      {"AdvertisementWithoutASource", v6(none6, all_nodes).router_advertisement(),
       Reason::guard_ip},
      {"AdvertisementFromAForeignSource", v6("fe80::9", all_nodes).router_advertisement(),
       Reason::guard_ip},
      {"RedirectInFragments", v6(link_local).fragment_header(0, true).redirect(own6, other6),
       Reason::guard_ra},
  };
}
USWITCH_GUARD_TABLE(Guard6, Routers);

GuardRows Listeners() {
  constexpr uint8_t query = 130, report = 131, done = 132, report2 = 143;
  const auto say = [](const Ip& source, uint8_t type) {
    return v6(source, "ff02::16").extension(hop_by_hop, Bytes{5, 2, 0, 0}).icmp(type, 0).zeros(20);
  };
  return {
      {"Report2FromLinkLocal", say(link_local, report2)},
      {"Report2WithoutASource", say(none6, report2)},
      {"ReportFromLinkLocal", say(link_local, report)},
      {"ReportWithoutASource", say(none6, report)},
      {"DoneFromLinkLocal", say(link_local, done)},
      {"ReportFromAForeignSource", say("fe80::9", report2), Reason::guard_ip},
      {"QueryWithoutASource", say(none6, query), Reason::guard_ip},
  };
}
USWITCH_GUARD_TABLE(Guard6, Listeners);

GuardRows Dhcp6() {
  const auto from = [](const Ip& source) { return v6(source, "ff02::1:2"); };
  return {
      {"Solicit", from(link_local).udp(546, 547).zeros(60)},
      {"Advertise", v6(link_local, "fe80::2").udp(547, 546).zeros(60), Reason::guard_dhcp},
      {"AdvertiseFromAnotherPort", v6(link_local, "fe80::2").udp(1000, 546).zeros(60),
       Reason::guard_dhcp},
      {"AdvertiseBehindExtensions",
       v6(link_local).extension(destination_options).udp(547, 546).zeros(60), Reason::guard_dhcp},
      {"AdvertiseInFragments",
       v6(link_local).fragment_header(0, true).udp(547, 546).udp_length(3000).zeros(64),
       Reason::guard_dhcp},
      {"AdvertiseBehindNineExtensions", with_extensions(v6(link_local), 9).udp(547, 546),
       Reason::guard_hidden},
      {"SolicitFromAForeignSource", from("fe80::9").udp(546, 547), Reason::guard_ip},
  };
}
USWITCH_GUARD_TABLE(Guard6, Dhcp6);

}  // namespace
}  // namespace uswitch::test
