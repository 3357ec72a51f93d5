// Packets to stations that have to be asked for first: STANDARDS ARP-10..12, ND-3, ND-4, ND-5.
// Every test for both families.
#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

enum class Protocol { arp, nd };

class Neighbour : public Routed, public testing::WithParamInterface<Protocol> {
 protected:
  bool v4 = GetParam() == Protocol::arp;
  Told unreachable = v4 ? Told{3, 1} : Told{1, 3};

  Ip target(unsigned n = 9) const {
    return Ip((v4 ? "10.1.0." + std::to_string(n) : "fd00:b::" + std::to_string(n)).c_str());
  }
  FrameBuilder to(const Ip& destination) const {
    return (v4 ? from_a().ipv4(a4, destination) : from_a().ipv6(a6, destination)).udp(7, 9);
  }
  FrameBuilder numbered(uint8_t n) const { return to(target()).payload(std::vector<uint8_t>{n}); }
  Bytes question(const Ip& asked) const {
    const MacAddress own = gateway_mac(b_net);
    if (v4) return from_router(b_net, broadcast_mac).arp_request(own, "10.1.0.1", asked).bytes();
    MacAddress group{{0x33, 0x33, 0xff, asked.bytes[13], asked.bytes[14], asked.bytes[15]}};
    IpAddress node = *IpAddress::parse("ff02::1:ff00:0");
    std::copy(asked.bytes.begin() + 13, asked.bytes.end(), node.bytes.begin() + 13);
    return from_router(b_net, group)
        .ipv6(TestSwitch::router_link_local(b_net), node)
        .neighbor_solicitation(asked, Mac(own))
        .bytes();
  }
  Bytes question_to(unsigned station, const Ip& asked) const {
    const MacAddress own = gateway_mac(b_net);
    if (v4) {
      return from_router(b_net, mac(station)).arp(1, own, "10.1.0.1", mac(station), asked).bytes();
    }
    return from_router(b_net, mac(station))
        .ipv6(TestSwitch::router_link_local(b_net), asked)
        .neighbor_solicitation(asked, Mac(own))
        .bytes();
  }
  FrameBuilder reply(unsigned station, const Ip& address) const {
    if (v4) return arp_reply_of(station, address, b_net, "10.1.0.1");
    return frame()
        .eth(mac(station), gateway_mac(b_net))
        .ipv6(address, TestSwitch::router_link_local(b_net))
        .neighbor_advertisement(address, Mac(mac(station)));
  }
  NeighbourState state(const Ip& address) {
    return sw.neighbours().entry(sw.neighbours().key(b_net, address), sw.now()).value().state;
  }
};

INSTANTIATE_TEST_SUITE_P(Family, Neighbour, testing::Values(Protocol::arp, Protocol::nd),
                         [](const auto& kind) {
                           return kind.param == Protocol::arp ? "Arp" : "Nd";
                         });

TEST_P(Neighbour, ARP_10_ND_3_AsksOnceAndSendsInOrderWhenAnswered) {
  sw.send_batch(a, {numbered(1), numbered(2)});
  EXPECT_THAT(sw.received(b), ElementsAre(question(target())));
  sw.send(a, numbered(3));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.held(), 3u);
  sw.send(b, reply(9, target()));
  EXPECT_THAT(sw.received(b), ElementsAre(passed_on(numbered(1), b_net, mac(9)),
                                          passed_on(numbered(2), b_net, mac(9)),
                                          passed_on(numbered(3), b_net, mac(9))));
  EXPECT_EQ(sw.held(), 0u);
  sw.send(a, numbered(4));
  EXPECT_THAT(sw.received(b), ElementsAre(passed_on(numbered(4), b_net, mac(9))));
  EXPECT_EQ(state(target()), NeighbourState::reachable);
}

TEST_P(Neighbour, ARP_10_ND_4_ThreeQuestionsOneSecondApartThenAnErrorToEachSource) {
  const Ip second = v4 ? Ip("10.0.0.3") : Ip("fd00:a::3");
  sw.add_station(a, second, mac(3));
  const FrameBuilder from_second =
      (v4 ? from_a().ipv4(second, target()) : from_a().ipv6(second, target())).udp(1, 2);
  sw.send(a, numbered(1));
  sw.send(a, from_second);
  for (int asked = 0; asked < 3; ++asked) {
    EXPECT_THAT(sw.received(b), ElementsAre(question(target()))) << asked;
    sw.send(a, numbered(2));
    sw.pass_time(milliseconds(800));
    EXPECT_THAT(sw.received(b), IsEmpty()) << "more than one a second";
    EXPECT_THAT(sw.received(a), IsEmpty());
    sw.pass_time(milliseconds(200));
  }
  const std::vector<Bytes> told = sw.received(a);
  ASSERT_EQ(told.size(), 5u);
  for (const Bytes& f : told) {
    EXPECT_EQ(frame_fault(f), "");
    EXPECT_EQ(told_by(f), unreachable);
  }
  EXPECT_EQ(std::count_if(told.begin(), told.end(),
                          [](const Bytes& f) { return Mac(MacAddress::load(f.data())) == mac(3); }),
            1);
  EXPECT_EQ(sw.drops(Reason::neighbour_failed), 5u);
  EXPECT_EQ(sw.held(), 0u);
  EXPECT_THAT(sw.received(b), IsEmpty());
}

TEST_P(Neighbour, ARP_10_FailedForAShortTimeThenAskedForAgain) {
  sw.send(a, numbered(1));
  sw.pass_time(milliseconds(3200));
  sw.receivers();
  sw.send(a, numbered(2));
  EXPECT_EQ(told_by(only(a)), unreachable);
  EXPECT_THAT(sw.received(b), IsEmpty());
  sw.pass_time(seconds(3));
  sw.send(a, numbered(3));
  EXPECT_THAT(sw.received(b), ElementsAre(question(target())));
  EXPECT_THAT(sw.received(a), IsEmpty());
  sw.send(b, reply(9, target()));
  EXPECT_EQ(sw.receivers(), Ports{b});
}

TEST_P(Neighbour, ARP_10_TheNewestAreKept) {
  constexpr uint8_t sent = Parking::max_per_neighbour + 10;
  for (uint8_t i = 0; i < sent; ++i) sw.send(a, numbered(i));
  sw.receivers();
  EXPECT_EQ(sw.drops(Reason::neighbour_busy), 10u);
  sw.send(b, reply(9, target()));
  const std::vector<Bytes> out = sw.received(b);
  ASSERT_EQ(out.size(), Parking::max_per_neighbour);
  EXPECT_EQ(out.front(), passed_on(numbered(10), b_net, mac(9)));
  EXPECT_EQ(out.back(), passed_on(numbered(sent - 1), b_net, mac(9)));
}

TEST_P(Neighbour, TR_14_AScanCostsItsOwnQuestionsOnly) {
  for (unsigned i = 0; i < 300; ++i) {
    const std::string address = (v4 ? "10.77." : "fd00:77::") + std::to_string(i / 200) +
                                (v4 ? "." : ":") + std::to_string(i % 200 + 1);
    if (i == 0) sw.add_router(b_net, {v4 ? "10.77.255.1/16" : "fd00:77::ffff:1/64"});
    sw.send(a, to(Ip(address.c_str())));
  }
  EXPECT_EQ(sw.received(b).size(), 300u);
  sw.send(a, v4 ? to_b() : to_b6());
  EXPECT_EQ(sw.receivers(), Ports{b});
  sw.pass_time(seconds(4));
  EXPECT_EQ(sw.held(), 0u);
}

TEST_P(Neighbour, ARP_11_ARP_12_ND_4_SilentNeighbourIsUsedThenAskedThenForgotten) {
  sw.send(a, numbered(1));
  sw.send(b, reply(9, target()));
  sw.receivers();
  sw.advance(seconds(46));  // 30 s times 1.5, and the sweep
  sw.send(a, numbered(2));
  EXPECT_THAT(sw.received(b), ElementsAre(passed_on(numbered(2), b_net, mac(9)))) << "stale: used";
  EXPECT_EQ(state(target()), NeighbourState::delay);
  sw.pass_time(milliseconds(4800));
  EXPECT_THAT(sw.received(b), IsEmpty());
  sw.pass_time(milliseconds(200));
  for (int probe = 0; probe < 3; ++probe) {
    EXPECT_THAT(sw.received(b), ElementsAre(question_to(9, target()))) << probe;
    sw.pass_time(seconds(1));
  }
  sw.send(a, numbered(3));
  EXPECT_THAT(sw.received(b), ElementsAre(question(target())));
  EXPECT_THAT(sw.received(a), IsEmpty());
}

TEST_P(Neighbour, ARP_11_ND_5_AnswerToTheProbeConfirms) {
  sw.send(a, numbered(1));
  sw.send(b, reply(9, target()));
  sw.advance(seconds(46));
  sw.send(a, numbered(2));
  sw.pass_time(seconds(5));
  sw.send(b, reply(9, target()));
  EXPECT_EQ(state(target()), NeighbourState::reachable);
  sw.receivers();
  sw.pass_time(seconds(10));
  EXPECT_EQ(sw.receivers(), Ports{});
}

// What the router itself has to say waits like any other packet.
TEST_P(Neighbour, ARP_10_OwnPacketsWaitToo) {
  const Ip stranger = v4 ? Ip("10.0.0.55") : Ip("fd00:a::55");
  const auto from_stranger = [&](const Ip& destination) {
    FrameBuilder f = frame().eth(mac(55), gateway_mac(a_net));
    return v4 ? f.ipv4(stranger, destination) : f.ipv6(stranger, destination);
  };
  sw.send(a, from_stranger(v4 ? gw4 : gw6).echo_request(7, 1).payload("data"));
  sw.send(a, from_stranger(v4 ? b4 : b6).ttl(1).udp(1, 2));
  EXPECT_EQ(sw.received(a).size(), 1u);  // who has the stranger's address
  EXPECT_EQ(sw.held(), 2u);
  const MacAddress gateway = gateway_mac(a_net);
  sw.send(a, v4 ? arp_reply_of(55, stranger, a_net, gw4)
                : frame()
                      .eth(mac(55), gateway)
                      .ipv6(stranger, gw_local)
                      .neighbor_advertisement(stranger, Mac(mac(55))));
  const std::vector<Bytes> out = sw.received(a);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(told_by(out[0]).type, v4 ? 0 : 129);
  EXPECT_EQ(told_by(out[1]), (v4 ? Told{11, 0} : Told{3, 0}));
  for (const Bytes& f : out) EXPECT_EQ(Mac(MacAddress::load(f.data())), mac(55));
  EXPECT_EQ(sw.held(), 0u);
}

TEST_P(Neighbour, TR_18_NobodyIsToldAboutTheRoutersOwnPackets) {
  const Ip stranger = v4 ? Ip("10.0.0.55") : Ip("fd00:a::55");
  FrameBuilder f = frame().eth(mac(55), gateway_mac(a_net));
  sw.send(a, (v4 ? f.ipv4(stranger, gw4) : f.ipv6(stranger, gw6)).echo_request(7, 1));
  sw.pass_time(milliseconds(3200));
  EXPECT_EQ(sw.received(a).size(), 3u);  // questions, and no more than that
  EXPECT_EQ(sw.drops(Reason::neighbour_failed), 1u);
}

TEST_P(Neighbour, ARP_10_GatewayOfARouteIsAskedForNotTheDestination) {
  const Ip gateway = target(33);
  sw.add_route(v4 ? "99.0.0.0/8" : "2001:db8::/32", b_net, gateway);
  const FrameBuilder f = to(v4 ? "99.1.2.3" : "2001:db8::1");
  sw.send(a, f);
  EXPECT_THAT(sw.received(b), ElementsAre(question(gateway)));
  sw.send(b, reply(33, gateway));
  EXPECT_THAT(sw.received(b), ElementsAre(passed_on(f, b_net, mac(33))));
}

}  // namespace
}  // namespace uswitch::test
