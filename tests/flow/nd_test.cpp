// What the router does with neighbour discovery that it hears: STANDARDS ND-1, ND-2, ND-5, ND-6,
// ND-9, ND-10.
#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

const Ip asker = "fd00:a::7", gateway6 = "fd00:a::1";
const Ip gateway_node = "ff02::1:ff00:1", all_nodes = "ff02::1";
const MacAddress gateway = TestSwitch::router_mac(0);
const Mac gateway_node_mac = "33:33:ff:00:00:01", all_nodes_mac = "33:33:00:00:00:01";

FrameBuilder solicitation(const Ip& source = asker) {
  return frame().eth(mac(7), gateway_node_mac).ipv6(source, gateway_node);
}
FrameBuilder advertisement(const Ip& destination = TestSwitch::router_link_local(0)) {
  return frame().eth(mac(7), gateway).ipv6(asker, destination);
}

class Discovery : public Routed {
 protected:
  using State = NeighbourState;
  struct Known {
    MacAddress mac;
    State state;
    bool operator==(const Known&) const = default;
  };
  std::optional<Known> known(const Ip& address = asker) {
    const auto entry = sw.neighbours().entry(sw.neighbours().key(a_net, address), sw.now());
    if (!entry) return std::nullopt;
    return Known{entry->mac, entry->state};
  }
  // From station n about its address, with these of S and O.
  void advertise(unsigned n, bool solicited, bool override_, bool with_option = true) {
    const uint32_t flags = (solicited ? 0x40000000u : 0) | (override_ ? 0x20000000u : 0);
    std::optional<Mac> link;
    if (with_option) link = mac(n);
    sw.send(a, frame()
                   .eth(mac(n), gateway)
                   .ipv6(asker, gw_local)
                   .neighbor_advertisement(asker, link, flags));
  }
  void ask_for_asker() {
    sw.send(b, frame().eth(mac(2), gateway_mac(b_net)).ipv6(b6, asker).udp(1, 2));
    ASSERT_EQ(known()->state, State::incomplete);
  }
  Bytes claim(const Ip& address, const Mac& to, const Ip& to_address, uint32_t flags) {
    return from_router(a_net, to)
        .ipv6(address, to_address)
        .neighbor_advertisement(address, Mac(gateway), flags)
        .bytes();
  }
};

struct Invalid {
  const char* name;
  FrameBuilder frame;
};

// The same, whether they go to all or to the router alone; nothing is learned or answered.
TEST_F(Discovery, ND_1_WhatIsNotBelieved) {
  const FrameBuilder na = advertisement().neighbor_advertisement(asker, Mac(mac(7)));
  const Invalid rows[] = {
      {"hop limit 254", solicitation().neighbor_solicitation(gateway6, Mac(mac(7))).ttl(254)},
      {"checksum", solicitation().neighbor_solicitation(gateway6, Mac(mac(7))).l4_checksum(1)},
      {"code", solicitation().neighbor_solicitation(gateway6, Mac(mac(7))).set(55, {1})},
      {"option of length 0",
       solicitation().neighbor_solicitation(gateway6, Mac(mac(7))).set(79, {0})},
      {"option past the end",
       solicitation().neighbor_solicitation(gateway6, Mac(mac(7))).set(79, {2})},
      {"NS too short", solicitation().ttl(255).icmp(135, 0).zeros(15)},
      {"NS for a group", solicitation().neighbor_solicitation(all_nodes, Mac(mac(7)))},
      {"NS from a group", solicitation("ff02::7").neighbor_solicitation(gateway6, Mac(mac(7)))},
      {"NS with a group's MAC",
       solicitation().neighbor_solicitation(gateway6, Mac("33:33:00:00:00:07"))},
      {"NS with no MAC", solicitation().neighbor_solicitation(gateway6, Mac("00:00:00:00:00:00"))},
      {"DAD with an option", solicitation("::").neighbor_solicitation(gateway6, Mac(mac(7)))},
      {"DAD to all nodes",
       frame().eth(mac(7), all_nodes_mac).ipv6("::", all_nodes).neighbor_solicitation(gateway6)},
      {"NS in a fragment",
       solicitation().fragment_header(0, false).neighbor_solicitation(gateway6, Mac(mac(7)))},
      {"NA hop limit", FrameBuilder(na).ttl(64)},
      {"NA too short", advertisement().ttl(255).icmp(136, 0).zeros(15)},
      {"NA for a group", advertisement().neighbor_advertisement(all_nodes, Mac(mac(7)))},
      {"NA solicited, to all", frame()
                                   .eth(mac(7), all_nodes_mac)
                                   .ipv6(asker, all_nodes)
                                   .neighbor_advertisement(asker, Mac(mac(7)), 0x60000000)},
      {"NA with a group's MAC",
       advertisement().neighbor_advertisement(asker, Mac("33:33:00:00:00:07"))},
      {"RS too short", frame()
                           .eth(mac(7), gateway)
                           .ipv6(asker, gw_local)
                           .ttl(255)
                           .icmp(133, 0)
                           .truncate(61)
                           .ip_length(7)},
      {"RS from nobody with an option", frame()
                                            .eth(mac(7), "33:33:00:00:00:02")
                                            .ipv6("::", "ff02::2")
                                            .router_solicitation(Mac(mac(7)))},
      {"RA too short",
       frame().eth(mac(7), all_nodes_mac).ipv6(a_local, all_nodes).ttl(255).icmp(134, 0).zeros(7)},
      {"redirect too short",
       frame().eth(mac(7), gateway).ipv6(asker, gw_local).ttl(255).icmp(137, 0).zeros(31)},
  };
  for (const Invalid& row : rows) {
    SCOPED_TRACE(row.name);
    sw.send(a, row.frame);
    EXPECT_EQ(sw.receivers(), Ports{});
    EXPECT_EQ(sw.drops(Reason::nd_invalid) + sw.drops(Reason::malformed_l4), 1u);
    EXPECT_EQ(known(), std::nullopt);
  }
}

// RFC 6980 5: also when the fragments were put together.
TEST_F(Discovery, ND_1_FragmentsOfItAreNotBelievedWhole) {
  const Bytes whole = frame()
                          .eth(mac(7), gateway)
                          .ipv6(asker, gw6)
                          .neighbor_solicitation(gateway6, Mac(mac(7)))
                          .bytes();
  const std::span<const uint8_t> message = std::span(whole).subspan(54);
  const auto piece = [&](uint16_t offset, bool more, std::span<const uint8_t> part) {
    return frame()
        .eth(mac(7), gateway)
        .ipv6(asker, gw6)
        .ttl(255)
        .fragment_header(offset, more)
        .protocol(58)
        .payload(part);
  };
  sw.send(a, piece(0, true, message.first(24)));
  sw.send(a, piece(24, false, message.subspan(24)));
  sw.send(a, piece(0, false, message));
  EXPECT_EQ(sw.drops(Reason::nd_invalid), 2u);
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(known(), std::nullopt);
}

TEST_F(Discovery, ND_2_SolicitationIsAnsweredToTheAsker) {
  for (const Ip& own : {gateway6, gw_local}) {
    IpAddress node = *IpAddress::parse("ff02::1:ff00:0");
    std::copy(own.bytes.begin() + 13, own.bytes.end(), node.bytes.begin() + 13);
    const Mac group = MacAddress{{0x33, 0x33, 0xff, own.bytes[13], own.bytes[14], own.bytes[15]}};
    sw.send(a,
            frame().eth(mac(7), group).ipv6(asker, node).neighbor_solicitation(own, Mac(mac(7))));
    EXPECT_THAT(sw.received(a), ElementsAre(claim(own, mac(7), asker, 0xe0000000)));
    EXPECT_EQ(known(), (Known{mac(7), State::stale}));
  }
}

TEST_F(Discovery, ND_2_AlsoToAProbeForItAlone) {
  sw.send(a, frame().eth(mac(7), gateway).ipv6(asker, gw6).neighbor_solicitation(gateway6));
  EXPECT_THAT(sw.received(a), ElementsAre(claim(gateway6, mac(7), asker, 0xe0000000)));
  EXPECT_EQ(known(), std::nullopt) << "it did not say its MAC";
}

// RFC 4861 7.2.7: without override, for others have the address too; and no probe for a duplicate
// is answered, for it is nobody's alone.
TEST_F(Discovery, ND_2_SubnetRouterAnycastIsNoOneRoutersAlone) {
  const Ip anycast = "fd00:a::", node = "ff02::1:ff00:0";
  const Mac group = "33:33:ff:00:00:00";
  sw.send(a,
          frame().eth(mac(7), group).ipv6(asker, node).neighbor_solicitation(anycast, Mac(mac(7))));
  EXPECT_THAT(sw.received(a),
              ElementsAre(from_router(a_net, mac(7))
                              .ipv6(gw_local, asker)
                              .neighbor_advertisement(anycast, Mac(gateway), 0xc0000000)
                              .bytes()));
  sw.send(a, frame().eth(mac(7), group).ipv6("::", node).neighbor_solicitation(anycast));
  EXPECT_THAT(sw.received(a), IsEmpty());
}

TEST_F(Discovery, ND_2_ND_8_SearchForADuplicateIsAnsweredToAll) {
  const PortId c = sw.add_port(a_net);
  sw.send(a, solicitation("::").neighbor_solicitation(gateway6));
  EXPECT_THAT(sw.received(a), ElementsAre(claim(gateway6, all_nodes_mac, all_nodes, 0xa0000000)));
  EXPECT_EQ(sw.received(c).size(), 2u);
}

TEST_F(Discovery, ND_2_ND_10_SilentAboutOtherAddresses) {
  const PortId c = sw.add_port(a_net);
  for (const char* target : {"fd00:a::9", "fd00:b::1", "fd00:b::2", "fe80::1"}) {
    for (const Ip source : {asker, Ip("::")}) {
      const FrameBuilder ns = source == asker
                                  ? solicitation().neighbor_solicitation(target, Mac(mac(7)))
                                  : solicitation("::").neighbor_solicitation(target);
      sw.send(a, ns);
      EXPECT_THAT(sw.received(a), IsEmpty()) << target;
      EXPECT_THAT(sw.received(c), ElementsAre(ns.bytes())) << "a bridge passes it on";
    }
  }
  EXPECT_EQ(known(), std::nullopt) << "not its business (RFC 4861 7.2.3)";
}

TEST_F(Discovery, ND_5_ClaimsOfItsOwnAddressAreDefendedAgainstOnceInTenSeconds) {
  const auto claim_it = [&] {
    sw.send(a, frame()
                   .eth(mac(7), all_nodes_mac)
                   .ipv6(gateway6, all_nodes)
                   .neighbor_advertisement(gateway6, Mac(mac(7)), 0x20000000));
    sw.send(a, frame()
                   .eth(mac(7), all_nodes_mac)
                   .ipv6(asker, all_nodes)
                   .neighbor_advertisement(gateway6, Mac(mac(7)), 0x20000000));
  };
  claim_it();
  EXPECT_EQ(sw.drops(Reason::nd_conflict), 2u);
  EXPECT_THAT(sw.received(a), ElementsAre(claim(gateway6, all_nodes_mac, all_nodes, 0xa0000000)));
  sw.advance(seconds(9));
  claim_it();
  EXPECT_THAT(sw.received(a), IsEmpty());
  sw.advance(seconds(1));
  claim_it();
  EXPECT_EQ(sw.received(a).size(), 1u);
  EXPECT_EQ(known(gateway6), std::nullopt);
}

TEST_F(Discovery, ND_5_SolicitationInItsNameIsNotLearnedFrom) {
  sw.send(a, solicitation(gateway6).neighbor_solicitation(gateway6, Mac(mac(7))));
  EXPECT_EQ(sw.drops(Reason::nd_conflict), 1u);
  EXPECT_EQ(known(gateway6), std::nullopt);
}

TEST_F(Discovery, ND_5_Incomplete) {
  ask_for_asker();
  advertise(7, true, true, false);
  EXPECT_EQ(known()->state, State::incomplete) << "without the option there is nothing to learn";
  advertise(7, true, false);
  EXPECT_EQ(known(), (Known{mac(7), State::reachable}));
  EXPECT_EQ(sw.held(), 0u);
}

TEST_F(Discovery, ND_5_IncompleteUnsolicited) {
  ask_for_asker();
  advertise(7, false, false);
  const auto entry = known();
  EXPECT_EQ(entry->mac, mac(7));
  EXPECT_NE(entry->state, State::reachable);
}

struct Step {
  const char* name;
  unsigned from;
  bool solicited, override_;
  MacAddress mac;
  NeighbourState state;
};

TEST_F(Discovery, ND_5_WhatAdvertisementsDoToWhatIsKnown) {
  const Step steps[] = {
      {"same, unsolicited: kept", 7, false, false, mac(7), State::reachable},
      {"other, no override: doubted", 8, true, false, mac(7), State::stale},
      {"doubted twice", 8, false, false, mac(7), State::stale},
      {"same, solicited: confirmed", 7, true, false, mac(7), State::reachable},
      {"other, override: taken, not trusted", 8, false, true, mac(8), State::stale},
      {"other, override, solicited: taken", 9, true, true, mac(9), State::reachable},
  };
  ask_for_asker();
  advertise(7, true, true);
  for (const Step& step : steps) {
    SCOPED_TRACE(step.name);
    advertise(step.from, step.solicited, step.override_);
    EXPECT_EQ(known(), (Known{step.mac, step.state}));
  }
}

TEST_F(Discovery, ND_6_SourceOptionMakesChangesOrKeeps) {
  const auto solicit = [&](unsigned n) {
    sw.send(
        a,
        frame().eth(mac(n), gateway).ipv6(asker, gw6).neighbor_solicitation(gateway6, Mac(mac(n))));
  };
  solicit(7);
  EXPECT_EQ(known(), (Known{mac(7), State::stale}));
  advertise(7, true, true);
  solicit(7);
  EXPECT_EQ(known(), (Known{mac(7), State::reachable}));
  solicit(8);
  EXPECT_EQ(known(), (Known{mac(8), State::stale}));
}

TEST_F(Discovery, ND_6_RouterSolicitationToo) {
  sw.send(a, frame()
                 .eth(mac(7), "33:33:00:00:00:02")
                 .ipv6(asker, "ff02::2")
                 .router_solicitation(Mac(mac(7))));
  EXPECT_EQ(known(), (Known{mac(7), State::stale}));
}

TEST_F(Discovery, ND_6_UnsolicitedAdvertisementMakesAnEntry) {
  sw.send(a, frame()
                 .eth(mac(7), all_nodes_mac)
                 .ipv6(asker, all_nodes)
                 .neighbor_advertisement(asker, Mac(mac(7)), 0x20000000));
  EXPECT_EQ(known(), (Known{mac(7), State::stale}));
}

TEST_F(Discovery, ND_9_RedirectsAndForeignAdvertisementsChangeNothing) {
  sw.send(a, frame().eth(mac(7), gateway).ipv6(a_local, gw_local).redirect("fe80::7", b6));
  sw.send(a, frame()
                 .eth(mac(7), all_nodes_mac)
                 .ipv6("fe80::7", all_nodes)
                 .router_advertisement(Mac(mac(7))));
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.total_drops(), 0u);
  EXPECT_EQ(known("fe80::7"), std::nullopt);
  sw.send(a, to_b6());
  EXPECT_EQ(sw.receivers(), Ports{b});
}

}  // namespace
}  // namespace uswitch::test
