// Several ways to one destination: STANDARDS section 6, FR-9.
#include <map>
#include <set>

#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

constexpr unsigned gateways = 4;

class Ecmp : public Routed {
 protected:
  std::vector<NetworkId> nets;
  std::vector<PortId> ports;

  Ecmp() {
    for (unsigned i = 0; i < gateways; ++i) {
      nets.push_back(sw.add_network("way" + std::to_string(i)));
      ports.push_back(sw.add_port(nets[i]));
      const std::string own4 = own(i, "1") + "/24",
                        own6 = "fd00:" + std::to_string(100 + i) + "::1/64";
      sw.add_router(nets[i], {own4.c_str(), own6.c_str()});
    }
    set_ways({0, 1, 2, 3});
  }
  static std::string own(unsigned i, const char* last) {
    return "10.10" + std::to_string(i) + ".0." + last;
  }
  static Ip gateway4(unsigned i) { return own(i, "2").c_str(); }
  static Ip gateway6(unsigned i) { return ("fd00:" + std::to_string(100 + i) + "::2").c_str(); }

  void set_ways(std::initializer_list<unsigned> ways) {
    RouteTarget four, six;
    four.kind = six.kind = RouteKind::forward;
    for (const unsigned i : ways) {
      four.hops[four.count++] = {nets[i], false, gateway4(i)};
      six.hops[six.count++] = {nets[i], false, gateway6(i)};
    }
    sw.routing().routes->set(*IpPrefix::parse("0.0.0.0/0"), four);
    sw.routing().routes->set(*IpPrefix::parse("::/0"), six);
  }
  void add_gateways() {
    for (unsigned i = 0; i < gateways; ++i) {
      sw.add_station(ports[i], gateway4(i), mac(100 + i));
      sw.add_station(ports[i], gateway6(i), mac(100 + i));
    }
  }
  FrameBuilder flow(unsigned n) const {
    const auto port = static_cast<uint16_t>(1000 + n);
    return n % 2 ? from_a().ipv6(a6, "2001:db8::1").udp(port, 443)
                 : from_a().ipv4(a4, "8.8.8.8").tcp(port, 443);
  }
  // Which way one packet went.
  unsigned way_of(const FrameBuilder& f) {
    sw.send(a, f);
    const Ports out = sw.receivers();
    EXPECT_EQ(out.size(), 1u);
    return out.size() == 1 ? out[0] - ports[0] : gateways;
  }
  std::vector<unsigned> ways(unsigned flows) {
    std::vector<unsigned> all;
    for (unsigned n = 0; n < flows; ++n) all.push_back(way_of(flow(n)));
    return all;
  }
};

TEST_F(Ecmp, EP_1_EachOfThousandFlowsHasOnePathAndAllPathsAreUsed) {
  add_gateways();
  const auto first = ways(1000);
  for (unsigned i = 0; i < gateways; ++i) {
    EXPECT_NEAR(std::count(first.begin(), first.end(), i), 250, 60) << i;
  }
  EXPECT_EQ(ways(1000), first);
}

TEST_F(Ecmp, EP_1_WhateverElseDiffersTheFlowIsTheSame) {
  add_gateways();
  for (uint16_t port = 1; port < 50; ++port) {
    const auto base = [&] { return from_a().ipv4(a4, "8.8.8.8"); };
    const unsigned way = way_of(base().tcp(port, 443));
    EXPECT_EQ(way_of(base().ttl(9).tos(4).ip_id(port).tcp(port, 443).seq(99).pattern(1000)), way);
    EXPECT_EQ(way_of(base().tcp(port, 443).pattern(30000).gso(1400)), way) << "GSO (TR-8)";
    const uint8_t option[] = {1, 1, 1, 0};
    EXPECT_EQ(way_of(from_a().ipv4(a4, "8.8.8.8").ip_options(option).tcp(port, 443)), way);
  }
}

TEST_F(Ecmp, FR_9_AllFragmentsOfADatagramGoTogether) {
  add_gateways();
  std::set<unsigned> used;
  for (unsigned last = 1; last < 60; ++last) {
    const Ip to = ("8.8.8." + std::to_string(last)).c_str();
    const unsigned way = way_of(from_a().ipv4(a4, to).fragment(0, true).udp(1, 2).zeros(8));
    EXPECT_EQ(way_of(from_a().ipv4(a4, to).fragment(16, true).protocol(17).zeros(16)), way);
    EXPECT_EQ(way_of(from_a().ipv4(a4, to).fragment(32, false).protocol(17).pattern(16)), way);
    const Ip to6 = ("2001:db8::" + std::to_string(last)).c_str();
    const unsigned way6 =
        way_of(from_a().ipv6(a6, to6).fragment_header(0, true).udp(1, 2).zeros(8));
    EXPECT_EQ(way_of(from_a().ipv6(a6, to6).fragment_header(16, false).protocol(17).pattern(16)),
              way6);
    used.insert(way);
  }
  EXPECT_EQ(used.size(), gateways);
}

TEST_F(Ecmp, EP_1_AnotherDeviceSplitsOtherwise) {
  add_gateways();
  const auto here = ways(200);
  sw.routing().flow_seed = 12345;
  EXPECT_NE(ways(200), here);
}

TEST_F(Ecmp, EP_2_OnlyFlowsOfAPathThatGoesMove) {
  add_gateways();
  const auto before = ways(1000);
  set_ways({0, 1, 3});
  const auto after = ways(1000);
  for (size_t n = 0; n < before.size(); ++n) {
    if (before[n] == 2) {
      EXPECT_NE(after[n], 2u);
    } else {
      EXPECT_EQ(after[n], before[n]);
    }
  }
  set_ways({3, 2, 1, 0});
  EXPECT_EQ(ways(1000), before) << "and they come back; order does not matter";
}

TEST_F(Ecmp, EP_3_ErrorTakesThePathOfTheFlowItIsAbout) {
  add_gateways();
  for (uint16_t port = 1; port < 50; ++port) {
    const FrameBuilder answer = from_a().ipv4(a4, "8.8.8.8").udp(53, port);
    // The packet that 10.0.0.2 complains about came the other way.
    const Bytes quoted = frame().eth(mac(9), mac(9)).ipv4("8.8.8.8", a4).udp(port, 53).bytes();
    EXPECT_EQ(
        way_of(from_a().ipv4(a4, "8.8.8.8").icmp(3, 3).payload(std::span(quoted).subspan(14))),
        way_of(answer));
  }
}

// Unresolved at first: each gateway is asked once, and each flow's packets come by its path in
// order.
TEST_F(Ecmp, EP_1_ARP_10_ThroughGatewaysThatHaveToBeAskedFor) {
  constexpr unsigned flows = 100;
  std::vector<FrameBuilder> sent;
  for (uint16_t round = 0; round < 2; ++round) {
    for (unsigned n = 0; n < flows; n += 2) sent.push_back(flow(n).seq(round));
  }
  sw.send_batch(a, sent);
  for (unsigned i = 0; i < gateways; ++i) {
    const Bytes question = only(ports[i]);
    EXPECT_EQ(question, from_router(nets[i], broadcast_mac)
                            .arp_request(gateway_mac(nets[i]), own(i, "1").c_str(), gateway4(i))
                            .bytes());
  }
  EXPECT_EQ(sw.held(), sent.size());
  std::map<uint16_t, std::vector<std::pair<unsigned, uint32_t>>> arrived;  // by port: way, number
  for (unsigned i = 0; i < gateways; ++i) {
    sw.send(ports[i], arp_reply_of(100 + i, gateway4(i), nets[i], own(i, "1").c_str()));
    for (const Bytes& f : sw.received(ports[i]))
      arrived[load_be16(&f[34])].emplace_back(i, load_be32(&f[38]));
  }
  EXPECT_EQ(arrived.size(), flows / 2);
  for (const auto& [port, packets] : arrived) {
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[0].first, packets[1].first);
    EXPECT_EQ(packets[0].second, 0u);
    EXPECT_EQ(packets[1].second, 1u);
    EXPECT_EQ(way_of(flow(port - 1000u)), packets[0].first);
  }
}

}  // namespace
}  // namespace uswitch::test
