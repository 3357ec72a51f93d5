// From inside to an external address of the own side: published ports (HP-1) and the mappings of
// neighbours (U-9, T-8).
#include "tests/flow/natted.h"

namespace uswitch::test {
namespace {

class Hairpin : public Natted {
 protected:
  void publish(const Host& server) {
    for (Family f : families) {
      sw.publish(outside, own(f), 8080, tcp6, server.at(f), 80);
      sw.publish(outside, own(f), 5353, udp17, server.at(f), 53);
    }
  }
  // The client reaches the published server, which knows it by this address; and the way back.
  void expect_round_trip(const Host& client, const Host& server, Family f, const Ip& known_as) {
    send(client, from(client, own(f)).tcp(5000, 8080).flags("S").seq(1));
    expect(server, to(server, known_as).tcp(5000, 80).flags("S").seq(1));
    send(server, from(server, known_as).tcp(80, 5000).flags("SA").seq(7).ack(2));
    expect(client, to(client, own(f)).tcp(8080, 5000).flags("SA").seq(7).ack(2));
    send(client, from(client, own(f)).udp(5000, 5353).payload("odd"));
    expect(server, to(server, known_as).udp(5000, 53).payload("odd"));
    send(server, from(server, known_as).udp(53, 5000).payload("answer"));
    expect(client, to(client, own(f)).udp(5353, 5000).payload("answer"));
    EXPECT_EQ(sw.total_drops(), 0u);
  }
};

TEST_F(Hairpin, HP1_TR12_FromTheSameNetworkTheClientIsKnownAsOutside) {
  publish(alice);
  for (Family f : families) expect_round_trip(anna, alice, f, own(f));
}

TEST_F(Hairpin, HP1_TR12_FromTheServerItself) {
  publish(alice);
  for (Family f : families) expect_round_trip(alice, alice, f, own(f));
}

TEST_F(Hairpin, HP1_FromAnotherNetwork) {
  publish(alice);
  for (Family f : families) expect_round_trip(bob, alice, f, own(f));
}

TEST_F(Hairpin, HP1_WhoIsNotMasqueradedIsKnownAsTheGateway) {
  sw.nat().policy = {};
  publish(alice);
  expect_round_trip(anna, alice, Family::v4, "10.0.0.1");
  expect_round_trip(anna, alice, Family::v6, "fd00:a::1");
}

TEST_F(Hairpin, HP1_FromAnotherNetworkWhoIsNotMasqueradedIsKnownByItsAddress) {
  sw.nat().policy = {};
  publish(alice);
  for (Family f : families) expect_round_trip(bob, alice, f, bob.at(f));
}

TEST_F(Hairpin, HP1_ServerOfAnotherNetworkThanThePublishedAddress) {
  publish(bob);
  for (Family f : families) expect_round_trip(bob, bob, f, own(f));
}

// Also outside, a server answers its neighbours directly unless they are known as the router.
TEST_F(Hairpin, HP1_TR12_OnANetworkThatCountsAsOutside) {
  publish(web);
  for (Family f : families) {
    for (const Host* client : {&dns, &web, &alice}) {
      expect_round_trip(*client, web, f, own(f));
      forget();  // the port 5000 is free again
    }
  }
}

// Filtering is for the outside: a neighbour reaches a mapping in all modes.
TEST_F(Hairpin, U9_T8_NeighboursReachEachOthersMappings) {
  uint16_t port = 4000;
  for (Filtering mode : {Filtering::endpoint_independent, Filtering::address_dependent,
                         Filtering::address_and_port_dependent}) {
    sw.nat().filtering = mode;
    for (Family f : families) {
      for (const Host* client : {&anna, &bob, &alice}) {  // U-9: also A = B
        SCOPED_TRACE(testing::Message() << port << ' ' << client->station);
        open_udp(f, ++port);
        send(*client, from(*client, own(f)).udp(5000, port).payload("x"));
        expect(alice, to(alice, own(f)).udp(5000, port).payload("x"));
        send(alice, from(alice, own(f)).udp(port, 5000).payload("y"));
        expect(*client, to(*client, own(f)).udp(port, 5000).payload("y"));
        forget();  // the port 5000 is free again
      }
    }
  }
}

TEST_F(Hairpin, T8_NeighboursTcpToo) {
  send(alice, from(alice, web.v4).tcp(4000, 80).flags("S").seq(1));
  (void)only(web);
  send(anna, from(anna, own4).tcp(5000, 4000).flags("S").seq(1));
  expect(alice, to(alice, own4).tcp(5000, 4000).flags("S").seq(1));
  send(alice, from(alice, own4).tcp(4000, 5000).flags("SA").seq(7).ack(2));
  expect(anna, to(anna, own4).tcp(4000, 5000).flags("SA").seq(7).ack(2));
}

TEST_F(Hairpin, I7_ErrorsAboutHairpinnedPacketsPass) {
  publish(alice);
  for (Family f : families) {
    const Told told = f == Family::v4 ? Told{3, 3} : Told{1, 4};
    send(anna, from(anna, own(f)).udp(5000, 5353).payload("query"));
    const FrameBuilder arrived = to(alice, own(f)).udp(5000, 53).payload("query");
    expect(alice, arrived);
    send(alice, error(from(alice, own(f)), told, arrived));
    expect(anna, error(to(anna, own(f)), told,
                       from(anna, own(f)).ttl(63).udp(5000, 5353).payload("query")));
  }
}

// The router answers them, whoever's mapping has the id: hosts of some kinds use one for all.
TEST_F(Hairpin, R4_11_PingsToTheRouterAreNotForNeighbours) {
  for (Family f : families) {
    send(alice, from(alice, web.at(f)).echo_request(1, 1));
    (void)only(web);
    for (const Host* asker : {&anna, &alice}) {
      send(*asker, from(*asker, own(f)).echo_request(1, 1));
      expect(*asker, to(*asker, own(f)).ttl(64).echo_reply(1, 1));
    }
  }
}

// To publish a port is to permit it: nothing keeps its flows apart, whatever it does to others.
class HairpinApart : public Hairpin {
 protected:
  // `policy: closed`, and everything inside isolated.
  HairpinApart() {
    for (const Host* h : {&alice, &anna, &bob}) {
      sw.interface(h->network).isolated = true;
      sw.settings(h->port).isolated = true;
    }
    publish(alice);
  }
};

TEST_F(HairpinApart, HP1_TR19_PublishedPortsAreReachedFromWithin) {
  for (const Host* client : {&anna, &bob, &alice}) {
    for (Family f : families) expect_round_trip(*client, alice, f, own(f));
    forget();  // the port 5000 is free again
  }
}

TEST_F(HairpinApart, HP1_TR19_SoTheyAreByWhoIsNotMasqueraded) {
  sw.nat().policy = {};
  publish(alice);
  for (Family f : families) {
    expect_round_trip(bob, alice, f, bob.at(f));
    expect_round_trip(anna, alice, f, f == Family::v4 ? Ip("10.0.0.1") : Ip("fd00:a::1"));
  }
}

TEST_F(HairpinApart, TR19_NothingElseIs) {
  for (Family f : families) {
    send(bob, from(bob, own(f)).udp(5000, 5353));
    (void)only(alice);
    // Neither the server itself, nor the client by a port that is not published.
    send(bob, from(bob, alice.at(f)).udp(5000, 53));
    EXPECT_TRUE(sw.received(alice.port).empty());
    EXPECT_EQ(sw.drops(Reason::network_isolated), 1u);
    (void)sw.receivers();
    send(alice, from(alice, bob.at(f)).udp(53, 5000));
    EXPECT_TRUE(sw.received(bob.port).empty());
    EXPECT_EQ(sw.drops(Reason::network_isolated), 1u);
    (void)sw.receivers();
    send(anna, from(anna, alice.at(f)).udp(5000, 53));
    expect_drop(Reason::isolated);
    sw.advance(seconds(10));  // for the limit of errors
  }
}

TEST_F(HairpinApart, I7_TR19_ErrorsComeBack) {
  for (Family f : families) {
    const Told told = f == Family::v4 ? Told{3, 3} : Told{1, 4};
    for (const Host* client : {&anna, &bob}) {
      send(*client, from(*client, own(f)).udp(5000, 5353).payload("query"));
      const Bytes got = only(alice);
      ASSERT_FALSE(got.empty());
      const FrameBuilder back = to(alice, own(f)).udp(source_port(got), 53).payload("query");
      send(alice, error(from(alice, own(f)), told, back));
      expect(*client, error(to(*client, own(f)), told,
                            from(*client, own(f)).ttl(63).udp(5000, 5353).payload("query")));
      forget();  // the port 5000 is free again
    }
  }
}

TEST_F(HairpinApart, TR19_AlsoAfterWaitingForTheServersMac) {
  sw.publish(outside, own4, 7777, udp17, "10.0.0.77", 77);
  const FrameBuilder query = from(anna, own4).udp(5000, 7777).payload("query");
  send(anna, query);
  (void)sw.receivers();  // the question
  const MacAddress gateway = TestSwitch::router_mac(office);
  send(alice, frame().eth(mac(7), gateway).arp_reply(mac(7), "10.0.0.77", gateway, "10.0.0.1"));
  EXPECT_EQ(sw.receivers(), Ports{alice.port});
}

TEST_F(HairpinApart, TR19_FR1_AndInPieces) {
  sw.interface(office).mtu = 600;
  send(anna, from(anna, own4).udp(5000, 5353).zeros(1000));
  EXPECT_EQ(sw.receivers(), (Ports{alice.port, alice.port}));
  send(anna, from(anna, own4).udp(5000, 5353).zeros(3000).gso(1000));
  EXPECT_EQ(sw.receivers(), Ports(6, alice.port));
  EXPECT_EQ(sw.total_drops(), 0u);
}

TEST_F(Hairpin, NobodysPortIsTheRoutersOwn) {
  send(anna, from(anna, own4).udp(5000, 4000));
  EXPECT_EQ(told_by(only(anna)), (Told{3, 3}));
  EXPECT_EQ(sw.drops(Reason::no_listener), 1u);
}

}  // namespace
}  // namespace uswitch::test
