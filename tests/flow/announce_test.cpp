// What the router says of itself: STANDARDS ARP-9, ND-7, ND-8.
#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

const Ip all_nodes = "ff02::1", nobody = "::";
const Mac all_nodes_mac = "33:33:00:00:00:01";

bool is_router_advertisement(const Bytes& f) {
  return is_v6(f) && f.at(54) == 134;
}

class Announce : public Routed {
 protected:
  const MacAddress own = gateway_mac(a_net);

  Bytes arp() const { return from_router(a_net, broadcast_mac).arp_request(own, gw4, gw4).bytes(); }
  Bytes claim(const Ip& address) const {
    return from_router(a_net, all_nodes_mac)
        .ipv6(address, all_nodes)
        .neighbor_advertisement(address, Mac(own), 0xa0000000)
        .bytes();
  }
  Bytes probe(const Ip& address) const {
    IpAddress node = *IpAddress::parse("ff02::1:ff00:0");
    std::copy(address.bytes.begin() + 13, address.bytes.end(), node.bytes.begin() + 13);
    const uint8_t nonce[] = {14, 1, 'u', 's', 'w', 'i', 't', 'c'};
    return from_router(a_net, MacAddress{{0x33, 0x33, 0xff, address.bytes[13], address.bytes[14],
                                          address.bytes[15]}})
        .ipv6(nobody, node)
        .neighbor_solicitation(address)
        .payload(nonce)
        .bytes();
  }
  // ND-7, every byte: 64 hops, no flags, half an hour; MAC, MTU and the prefix.
  Bytes advertisement(const Mac& to, const Ip& to_address, uint16_t lifetime = 1800,
                      uint16_t mtu = 1500) const {
    const auto hi = [](uint16_t v) { return static_cast<uint8_t>(v >> 8); };
    const auto lo = [](uint16_t v) { return static_cast<uint8_t>(v); };
    const uint8_t rest[] = {
        0,    0, 0, 0,    0,    0,    0,       0,  // reachable time, retransmission timer
        1,    1, 2, 0,    0,    0,    0xff,    0,  // source link-layer address
        5,    1, 0, 0,    0,    0,    hi(mtu), lo(mtu), 3, 4, 64,   0xc0, 0, 0x27,
        0x8d, 0, 0, 0x09, 0x3a, 0x80, 0,       0,       0, 0, 0xfd, 0,    0, 0x0a,
        0,    0, 0, 0,    0,    0,    0,       0,       0, 0, 0,    0};
    return from_router(a_net, to)
        .ipv6(gw_local, to_address)
        .ttl(255)
        .icmp(134, 0, 0x40000000u | lifetime)
        .payload(rest)
        .bytes();
  }
  // When router advertisements come, in seconds from now, for this long.
  std::vector<int64_t> advertisement_times(seconds time) {
    std::vector<int64_t> times;
    const Time begin = sw.now();
    while (sw.now() - begin < time) {
      sw.pass_time(seconds(1));
      for (const Bytes& f : sw.received(a)) {
        if (is_router_advertisement(f))
          times.push_back(std::chrono::duration_cast<seconds>(sw.now() - begin).count());
      }
    }
    return times;
  }
};

TEST_F(Announce, ARP_9_ND_8_TwiceTwoSecondsApartAfterALookForDuplicates) {
  sw.interface(a_net).advertise = false;
  sw.begin_announcements(a_net);
  sw.pass_time(milliseconds(200));
  EXPECT_THAT(sw.received(a),
              ElementsAre(arp(), probe(gw6), claim(gw6), probe(gw_local), claim(gw_local)));
  sw.pass_time(milliseconds(1800));
  EXPECT_THAT(sw.received(a), IsEmpty());
  sw.pass_time(milliseconds(200));
  EXPECT_THAT(sw.received(a), ElementsAre(arp(), claim(gw6), claim(gw_local)));
  sw.pass_time(seconds(30));
  EXPECT_THAT(sw.received(a), IsEmpty());
  EXPECT_THAT(sw.received(b), IsEmpty());
}

TEST_F(Announce, ARP_9_ReachesEveryPortAndNamesTheMacToTheBridges) {
  const PortId c = sw.add_port(a_net);
  const PortId trunk = sw.add_port(no_network, {{10, a_net}});
  sw.begin_announcements(a_net);
  sw.pass_time(milliseconds(200));
  const auto first = sw.received(a);
  EXPECT_EQ(sw.received(c), first);
  const auto tagged = sw.received(trunk);
  ASSERT_EQ(tagged.size(), first.size());
  EXPECT_EQ(load_be16(&tagged[0][12]), 0x8100);
}

TEST_F(Announce, ARP_9_ANetworkOfIpv4OnlySaysNothingInIpv6) {
  const NetworkId net = sw.add_network("old");
  const PortId c = sw.add_port(net);
  sw.add_router(net, {"10.9.0.1/24"});
  sw.begin_announcements(net);
  sw.pass_time(seconds(60));
  const std::vector<Bytes> out = sw.received(c);
  EXPECT_EQ(out.size(), 2u);
  for (const Bytes& f : out) EXPECT_EQ(load_be16(&f[12]), 0x0806);
}

TEST_F(Announce, ND_7_ContentsByteByByte) {
  sw.interface(a_net).mtu = 1400;
  sw.begin_announcements(a_net);
  sw.pass_time(milliseconds(200));
  const auto out = sw.received(a);
  const auto found = std::find_if(out.begin(), out.end(), is_router_advertisement);
  ASSERT_NE(found, out.end());
  EXPECT_EQ(*found, advertisement(all_nodes_mac, all_nodes, 1800, 1400));
}

TEST_F(Announce, ND_7_OnlyPrefixesOf64BitsAreForAutoconfiguration) {
  const NetworkId net = sw.add_network("narrow");
  const PortId c = sw.add_port(net);
  sw.add_router(net, {"fd00:c::1/112", "10.9.0.1/24"});
  sw.begin_announcements(net);
  sw.pass_time(milliseconds(200));
  const auto out = sw.received(c);
  const auto found = std::find_if(out.begin(), out.end(), is_router_advertisement);
  ASSERT_NE(found, out.end());
  ASSERT_EQ(found->size(), 54u + 16 + 8 + 8 + 32) << "one prefix";
  EXPECT_EQ(found->at(54 + 32 + 2), 112);
  EXPECT_EQ(found->at(54 + 32 + 3), 0x80);
}

TEST_F(Announce, ND_7_ThreeSoonThenAtRandomWithinTheInterval) {
  sw.begin_announcements(a_net);
  const std::vector<int64_t> times = advertisement_times(seconds(7200));
  ASSERT_GE(times.size(), 3u + 11);
  for (size_t i = 1; i < times.size(); ++i) {
    const int64_t gap = times[i] - times[i - 1];
    if (i < 3) {
      EXPECT_LE(gap, 17);
      EXPECT_GE(gap, 3);
    } else {
      EXPECT_GE(gap, 197);
      EXPECT_LE(gap, 601);
    }
  }
  EXPECT_NE(times[1] - times[0], times[2] - times[1]) << "at random";
  EXPECT_NE(times[4] - times[3], times[5] - times[4]) << "at random";
}

TEST_F(Announce, ND_7_SolicitationIsAnsweredAtOnceAndAlone) {
  const PortId c = sw.add_port(a_net);
  const Mac all_routers = "33:33:00:00:00:02";
  const FrameBuilder from_one = frame().eth(mac(7), all_routers).ipv6("fe80::7", "ff02::2");
  sw.send(a, FrameBuilder(from_one).router_solicitation(Mac(mac(7))));
  EXPECT_THAT(sw.received(a), ElementsAre(advertisement(mac(7), "fe80::7")));
  EXPECT_EQ(sw.received(c).size(), 1u);  // the question
  // One without an address is told by its MAC (RFC 6085).
  sw.send(a, frame().eth(mac(7), all_routers).ipv6(nobody, "ff02::2").router_solicitation());
  EXPECT_THAT(sw.received(a), ElementsAre(advertisement(mac(7), all_nodes)));
  EXPECT_EQ(sw.received(c).size(), 1u);
}

TEST_F(Announce, ND_7_SilentWhenItIsNotToAdvertise) {
  sw.interface(a_net).advertise = false;
  sw.begin_announcements(a_net);
  EXPECT_THAT(advertisement_times(seconds(60)), IsEmpty());
  sw.send(a, frame()
                 .eth(mac(7), "33:33:00:00:00:02")
                 .ipv6("fe80::7", "ff02::2")
                 .router_solicitation(Mac(mac(7))));
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(Announce, ND_7_TakesItselfBackAtTheEnd) {
  sw.begin_announcements(a_net);
  sw.pass_time(seconds(1));
  sw.receivers();
  const std::vector<OwnFrame> last = sw.farewell();
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].network, a_net);
  EXPECT_EQ(last[0].bytes, advertisement(all_nodes_mac, all_nodes, 0));
}

}  // namespace
}  // namespace uswitch::test
