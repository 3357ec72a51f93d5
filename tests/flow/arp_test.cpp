// What the router does with ARP that it hears: STANDARDS ARP-1..8, ARP-13.
#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

const MacAddress gateway = TestSwitch::router_mac(0);
const Ip gateway4 = "10.0.0.1", asker = "10.0.0.7", other = "10.0.0.8";

class Arp : public Routed {
 protected:
  std::optional<MacAddress> known(const Ip& address) {
    const auto entry = sw.neighbours().entry(sw.neighbours().key(a_net, address), sw.now());
    if (!entry) return std::nullopt;
    return entry->mac;
  }
  void teach(const Ip& address, unsigned station) {
    sw.send(a,
            frame().eth(mac(station), broadcast_mac).arp_request(mac(station), address, gateway4));
    sw.receivers();
    ASSERT_EQ(known(address), mac(station));
  }
  static FrameBuilder request(const Ip& from, const Ip& target) {
    return frame().eth(mac(7), broadcast_mac).arp_request(mac(7), from, target);
  }
};

struct ArpRow {
  const char* name;
  FrameBuilder arp;
  Reason reason;
};

// ARP-1, ARP-7: dropped, nothing learned, nothing answered; whether it comes as a broadcast or not.
TEST_F(Arp, ARP_1_ARP_7_WhatIsNotBelieved) {
  const FrameBuilder good = request(asker, gateway4);
  const ArpRow rows[] = {
      {"hardware type", FrameBuilder(good).set(14, {0, 6}), Reason::malformed_l3},
      {"protocol type", FrameBuilder(good).set(16, {0x86, 0xdd}), Reason::malformed_l3},
      {"hardware length", FrameBuilder(good).set(18, {8}), Reason::malformed_l3},
      {"protocol length", FrameBuilder(good).set(19, {16}), Reason::malformed_l3},
      {"operation 0", FrameBuilder(good).set(20, {0, 0}), Reason::malformed_l3},
      {"operation 3", FrameBuilder(good).set(20, {0, 3}), Reason::malformed_l3},
      {"cut", FrameBuilder(good).truncate(41), Reason::malformed_l3},
      {"group sender", FrameBuilder(good).set(22, {0x03}), Reason::arp_invalid},
      {"broadcast sender", FrameBuilder(good).set(22, {255, 255, 255, 255, 255, 255}),
       Reason::arp_invalid},
      {"zero sender", FrameBuilder(good).set(22, {0, 0, 0, 0, 0, 0}), Reason::arp_invalid},
  };
  for (const ArpRow& row : rows) {
    SCOPED_TRACE(row.name);
    sw.drops(row.reason);
    sw.send(a, FrameBuilder(row.arp).set(0, {2, 0, 0, 0, 0xff, 0}));  // to the gateway alone
    EXPECT_EQ(sw.receivers(), Ports{});
    EXPECT_EQ(sw.drops(row.reason), 1u);
    sw.send(a, row.arp);
    EXPECT_EQ(sw.receivers(), Ports{});
    EXPECT_EQ(known(asker), std::nullopt);
  }
}

TEST_F(Arp, ARP_2_RequestForMeAddsAndUpdates) {
  sw.send(a, request(asker, gateway4));
  EXPECT_EQ(known(asker), mac(7));
  teach(asker, 8);
}

TEST_F(Arp, ARP_2_RequestForSomebodyElseUpdatesButNeverAdds) {
  sw.send(a, request(asker, other));
  EXPECT_EQ(known(asker), std::nullopt);
  teach(asker, 5);
  sw.send(a, request(asker, other));
  EXPECT_EQ(known(asker), mac(7));
}

TEST_F(Arp, ARP_2_ReplyForMeAddsAndUpdates) {
  sw.send(a, arp_reply_of(7, asker, a_net, gateway4));
  EXPECT_EQ(known(asker), mac(7));
  sw.send(a, arp_reply_of(8, asker, a_net, gateway4));
  EXPECT_EQ(known(asker), mac(8));
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(Arp, ARP_2_WhatPassesBetweenStationsIsNotHeard) {
  sw.add_port(a_net);
  sw.send(a, frame().eth(mac(7), mac(99)).arp_reply(mac(7), asker, mac(99), other));
  sw.send(a, frame().eth(mac(7), mac(99)).arp_request(mac(7), asker, gateway4));
  EXPECT_EQ(known(asker), std::nullopt);
  EXPECT_EQ(sw.received(a).size(), 0u);
}

TEST_F(Arp, ARP_3_ReplyGoesToTheSenderAlone) {
  const PortId c = sw.add_port(a_net);
  sw.send(a, request(asker, gateway4));
  EXPECT_THAT(
      sw.received(a),
      ElementsAre(from_router(a_net, mac(7)).arp_reply(gateway, gateway4, mac(7), asker).bytes()));
  EXPECT_EQ(sw.received(c).size(), 1u);  // the request
}

TEST_F(Arp, ARP_3_AlsoToARequestForItAlone) {
  sw.send(a, frame().eth(mac(7), gateway).arp_request(mac(7), asker, gateway4));
  EXPECT_EQ(sw.receivers(), Ports{a});
  EXPECT_EQ(known(asker), mac(7));
}

TEST_F(Arp, ARP_3_OnTheVlanItCameFrom) {
  const PortId trunk = sw.add_port(no_network, {{10, a_net}, {20, b_net}});
  sw.send(trunk,
          frame().eth(mac(7), broadcast_mac).vlan(10, 5).arp_request(mac(7), asker, gateway4));
  EXPECT_THAT(
      sw.received(trunk),
      ElementsAre(
          from_router(a_net, mac(7)).vlan(10).arp_reply(gateway, gateway4, mac(7), asker).bytes()));
}

TEST_F(Arp, ARP_4_SilentAboutOtherAddresses) {
  for (const char* target :
       {"10.0.0.8", "10.1.0.1", "10.1.0.2", "10.0.0.0", "10.0.0.255", "0.0.0.0"}) {
    sw.send(a, request(asker, target));
    EXPECT_EQ(sw.receivers(), Ports{}) << target;
  }
}

TEST_F(Arp, ARP_5_ProbeIsAnsweredAndNobodyLearned) {
  sw.send(a, request("0.0.0.0", gateway4));
  EXPECT_THAT(
      sw.received(a),
      ElementsAre(
          from_router(a_net, mac(7)).arp_reply(gateway, gateway4, mac(7), "0.0.0.0").bytes()));
  EXPECT_EQ(known("0.0.0.0"), std::nullopt);
}

TEST_F(Arp, ARP_6_AnnouncementUpdatesNeverAddsIsFloodedAndNotAnswered) {
  const PortId c = sw.add_port(a_net);
  for (const uint16_t operation : {1, 2}) {
    const FrameBuilder announcement =
        frame().eth(mac(7), broadcast_mac).arp(operation, mac(7), asker, MacAddress{}, asker);
    sw.neighbours().remove(a_net, asker);
    sw.send(a, announcement);
    EXPECT_EQ(known(asker), std::nullopt);
    EXPECT_THAT(sw.received(c), ElementsAre(announcement.bytes()));
    EXPECT_THAT(sw.received(a), IsEmpty());
    teach(asker, 5);
    sw.send(a, announcement);
    EXPECT_EQ(known(asker), mac(7));
    sw.receivers();
  }
}

TEST_F(Arp, ARP_7_AddressesThatAreNoStations) {
  for (const char* sender : {"224.0.0.1", "255.255.255.255", "127.0.0.1"}) {
    sw.send(a, request(sender, gateway4));
    EXPECT_EQ(known(sender), std::nullopt) << sender;
  }
}

TEST_F(Arp, ARP_8_DefendsItsAddressOnceInTenSeconds) {
  const FrameBuilder claims[] = {
      frame().eth(mac(7), broadcast_mac).arp_request(mac(7), gateway4, gateway4),
      frame().eth(mac(7), broadcast_mac).arp_request(mac(7), gateway4, asker),
      frame().eth(mac(7), gateway).arp_reply(mac(7), gateway4, gateway, gateway4)};
  const Bytes defence =
      from_router(a_net, broadcast_mac).arp_request(gateway, gateway4, gateway4).bytes();
  for (const FrameBuilder& claim : claims) {
    sw.send(a, claim);
    EXPECT_THAT(sw.received(a), ElementsAre(defence));
    sw.advance(seconds(10) - milliseconds(1));
    sw.send(a, claim);
    EXPECT_THAT(sw.received(a), IsEmpty());
    sw.advance(milliseconds(1));
  }
  EXPECT_EQ(sw.drops(Reason::arp_conflict), 6u);
  EXPECT_EQ(known(gateway4), std::nullopt);
}

TEST_F(Arp, ARP_8_EachNetworkIsDefendedByItself) {
  sw.send(a, frame().eth(mac(7), broadcast_mac).arp_request(mac(7), gateway4, gateway4));
  EXPECT_EQ(sw.receivers(), Ports{a});
  sw.send(b, frame().eth(mac(8), broadcast_mac).arp_request(mac(8), "10.1.0.1", "10.1.0.1"));
  EXPECT_EQ(sw.receivers(), Ports{b});
}

TEST_F(Arp, ARP_13_ThePayloadsMacIsTheNeighboursAndTheFramesIsTheBridges) {
  const PortId c = sw.add_port(a_net);
  sw.send(c, frame().eth(mac(70), broadcast_mac).arp_request(mac(71), asker, gateway4));
  EXPECT_EQ(known(asker), mac(71));
  sw.receivers();
  sw.send(a, frame().eth(mac(1), mac(70)).ether_type(0x88b5).zeros(46));
  EXPECT_EQ(sw.receivers(), Ports{c});
}

}  // namespace
}  // namespace uswitch::test
