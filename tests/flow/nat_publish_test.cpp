// Published ports: clients outside reach a server inside under the router's address.
#include "tests/flow/natted.h"

namespace uswitch::test {
namespace {

class Published : public Natted {
 protected:
  Published() {
    for (Family f : families) {
      sw.publish(outside, own(f), 8080, tcp6, alice.at(f), 80);
      sw.publish(outside, own(f), 5353, udp17, alice.at(f), 53);
    }
  }
  Publish entry(Family f, uint16_t first, uint16_t last) const {
    Publish p;
    p.on = outside;
    p.first_port = first;
    p.last_port = last;
    p.to = alice.at(f);
    p.to_port = 9000;
    return p;
  }
};

TEST_F(Published, ServerSeesTheClientAndAnswersAsTheRouter) {
  for (Family f : families) {
    send(web, from(web, own(f)).tcp(5000, 8080).flags("S").seq(1));
    expect(alice, to(alice, web.at(f)).tcp(5000, 80).flags("S").seq(1));
    send(alice, from(alice, web.at(f)).tcp(80, 5000).flags("SA").seq(7).ack(2));
    expect(web, to(web, own(f)).tcp(8080, 5000).flags("SA").seq(7).ack(2));
    send(web, from(web, own(f)).udp(5000, 5353).payload("query"));
    expect(alice, to(alice, web.at(f)).udp(5000, 53).payload("query"));
    send(alice, from(alice, web.at(f)).udp(53, 5000).payload("answer"));
    expect(web, to(web, own(f)).udp(5353, 5000).payload("answer"));
  }
}

TEST_F(Published, OnlyItsOwnPortAndProtocol) {
  for (Family f : families) {
    for (const FrameBuilder& other :
         {from(web, own(f)).udp(5000, 8080), from(web, own(f)).tcp(5000, 5353).flags("S"),
          from(web, own(f)).tcp(5000, 8081).flags("S"), from(web, own(f)).udp(5000, 53),
          from(web, alice.at(f)).tcp(5000, 80).flags("S")}) {
      send(web, other);
      expect_drop(Reason::unsolicited);
    }
  }
}

TEST_F(Published, RangesKeepTheDistance) {
  for (Family f : families) {
    ASSERT_TRUE(sw.nat().policy.add_publish(own(f), udp17, entry(f, 7000, 7010)));
    for (uint16_t i : {0, 5, 10}) {
      send(web, from(web, own(f)).udp(5000, static_cast<uint16_t>(7000 + i)));
      expect(alice, to(alice, web.at(f)).udp(5000, static_cast<uint16_t>(9000 + i)));
      send(alice, from(alice, web.at(f)).udp(static_cast<uint16_t>(9000 + i), 5000));
      expect(web, to(web, own(f)).udp(static_cast<uint16_t>(7000 + i), 5000));
    }
    for (uint16_t port : {6999, 7011}) {
      send(web, from(web, own(f)).udp(5000, port));
      expect_drop(Reason::unsolicited);
    }
  }
}

TEST_F(Published, OnlyAllowedClients) {
  for (Family f : families) {
    Publish p = entry(f, 7000, 7000);
    p.allow = {*IpPrefix::parse("198.51.100.9/32"), *IpPrefix::parse("2001:db8::9/128")};
    ASSERT_TRUE(sw.nat().policy.add_publish(own(f), udp17, p));
    send(web, from(web, own(f)).udp(5000, 7000));
    expect(alice, to(alice, web.at(f)).udp(5000, 9000));
    send(dns, from(dns, own(f)).udp(5000, 7000));
    expect_drop(Reason::client_refused);
    send(bob, from(bob, own(f)).udp(5000, 7000));
    expect_drop(Reason::client_refused);
  }
}

TEST_F(Published, P1_ReservedPortsAreNotGivenOut) {
  const ExternalId id = sw.nat().ports->add_external(own4);
  sw.nat().ports->reserve(id, tcp6, 8080);
  send(bob, from(bob, web.v4).tcp(8080, 80).flags("S"));
  EXPECT_NE(source_port(only(web)), 8080);
}

// The server speaks first: whom it speaks to, and everybody else, reaches it at the published port.
TEST_F(Published, U1_CT8_ServersSpeakFromTheirPublishedPort) {
  for (Family f : families) {
    send(alice, from(alice, web.at(f)).udp(53, 9999).payload("first"));
    expect(web, to(web, own(f)).udp(5353, 9999).payload("first"));
    for (const Host* client : {&web, &dns}) {
      for (uint16_t port : {9999, 5000}) {
        send(*client, from(*client, own(f)).udp(port, 5353).payload("query"));
        expect(alice, to(alice, client->at(f)).udp(port, 53).payload("query"));
        send(alice, from(alice, client->at(f)).udp(53, port).payload("answer"));
        expect(*client, to(*client, own(f)).udp(5353, port).payload("answer"));
      }
    }
    send(alice, from(alice, web.at(f)).tcp(80, 9999).flags("S").seq(1));
    expect(web, to(web, own(f)).tcp(8080, 9999).flags("S").seq(1));
    send(web, from(web, own(f)).tcp(9999, 8080).flags("SA").seq(7).ack(2));
    expect(alice, to(alice, web.at(f)).tcp(9999, 80).flags("SA").seq(7).ack(2));
  }
  EXPECT_EQ(sw.nat().ports->size(), 0u);
}

TEST_F(Published, CT8_TR9_ARestartIsSurvivedWhicheverSideSpeaksFirst) {
  for (Family f : families) {
    send(web, from(web, own(f)).tcp(5000, 8080).flags("S").seq(1));
    (void)only(alice);
    forget();
    send(alice, from(alice, web.at(f)).tcp(80, 5000).flags("PA").seq(7).ack(2).payload("more"));
    expect(web, to(web, own(f)).tcp(8080, 5000).flags("PA").seq(7).ack(2).payload("more"));
    send(web, from(web, own(f)).tcp(5000, 8080).flags("A").seq(2).ack(11));
    expect(alice, to(alice, web.at(f)).tcp(5000, 80).flags("A").seq(2).ack(11));
  }
  EXPECT_EQ(sw.total_drops(), 0u);
}

TEST_F(Published, U1_TheirOtherFlowsAreMasqueradedAsAnybodys) {
  sw.publish(lab, "10.1.0.1", 6000, udp17, alice.v4, 60);
  for (const FrameBuilder& other :
       {from(alice, web.v4).udp(54, 9999), from(alice, web.v4).udp(80, 9999),
        from(alice, web.v4).udp(60, 9999)}) {
    send(alice, other);
    const uint16_t inner = source_port(other.bytes());
    expect(web, to(web, own4).udp(inner, 9999));
  }
  send(anna, from(anna, web.v4).udp(53, 9999));
  expect(web, to(web, own4).udp(53, 9999));
  send(alice, from(alice, web.v4).tcp(53, 9999).flags("S"));
  expect(web, to(web, own4).tcp(53, 9999).flags("S"));
}

TEST_F(Published, U1_RangesKeepTheDistanceOfWhatTheServerSendsToo) {
  for (Family f : families) {
    ASSERT_TRUE(sw.nat().policy.add_publish(own(f), udp17, entry(f, 7000, 7010)));
    ASSERT_TRUE(sw.nat().policy.add_publish(own(f), tcp6, entry(f, 7500, 7500)));
    for (uint16_t i : {0, 5, 10}) {
      send(alice, from(alice, web.at(f)).udp(static_cast<uint16_t>(9000 + i), 9999));
      expect(web, to(web, own(f)).udp(static_cast<uint16_t>(7000 + i), 9999));
    }
    for (uint16_t port : {8999, 9011}) {
      send(alice, from(alice, web.at(f)).udp(port, 9999));
      expect(web, to(web, own(f)).udp(port, 9999));
    }
  }
}

// `allow` is about who may ask, not about whom the server asks.
TEST_F(Published, U1_ServersSpeakToWhomTheyLike) {
  Publish p = entry(Family::v4, 7000, 7000);
  p.allow = {*IpPrefix::parse("198.51.100.9/32")};
  ASSERT_TRUE(sw.nat().policy.add_publish(own4, udp17, p));
  send(alice, from(alice, dns.v4).udp(9000, 5000));
  expect(dns, to(dns, own4).udp(7000, 5000));
  send(dns, from(dns, own4).udp(5000, 7000));
  expect(alice, to(alice, dns.v4).udp(5000, 9000));
  send(dns, from(dns, own4).udp(5001, 7000));
  expect_drop(Reason::client_refused);
}

TEST_F(Published, U1_U2_OfSeveralAddressesThatOfTheServersOtherFlows) {
  masquerade_behind({"198.51.100.50", "198.51.100.51", "198.51.100.52"}, {"2001:db8::50"});
  send(alice, from(alice, web.v4).udp(4000, 9999));
  const IpAddress others = source_of(only(web));
  for (const char* address :
       {"198.51.100.1", "198.51.100.50", "198.51.100.51", "198.51.100.52", "2001:db8::1"}) {
    const Ip at(address);
    sw.publish(outside, at, 5353, udp17, alice.at(at.family()), 53);
  }
  send(alice, from(alice, web.v4).udp(53, 9999));
  expect(web, to(web, others).udp(5353, 9999));
  send(alice, from(alice, web.v6).udp(53, 9999));
  expect(web, to(web, own6).udp(5353, 9999));  // the first, for its pool's is not published
}

TEST_F(Published, U1_WhoIsNotMasqueradedSpeaksAsItself) {
  sw.nat().policy = {};
  sw.publish(outside, own4, 5353, udp17, alice.v4, 53);
  send(alice, from(alice, web.v4).udp(53, 9999));
  expect(web, to(web, alice.v4).udp(53, 9999));
}

TEST_F(Published, U1_WhatAnotherFlowHasTheAnswersOfIsRefused) {
  send(bob, from(bob, web.v4).udp(5353, 9999));  // its port is not reserved here
  expect(web, to(web, own4).udp(5353, 9999));
  send(alice, from(alice, web.v4).udp(53, 9999));
  EXPECT_EQ(told_by(only(alice)), (Told{3, 13}));
  expect_drop(Reason::nat_ports_exhausted);
  send(alice, from(alice, web.v4).udp(53, 9998));
  expect(web, to(web, own4).udp(5353, 9998));
}

TEST_F(Published, U1_U9_NeighboursKnowTheServerByItsPublishedPort) {
  for (Family f : families) {
    send(anna, from(anna, web.at(f)).udp(4000, 9999));
    (void)only(web);
    send(alice, from(alice, own(f)).udp(53, 4000));
    expect(anna, to(anna, own(f)).udp(5353, 4000));
    send(anna, from(anna, own(f)).udp(4000, 5353));
    expect(alice, to(alice, own(f)).udp(4000, 53));
  }
}

// A flow ends with the entry that it owes its port to.
TEST_F(Published, ServersOwnFlowsBelongToTheEntry) {
  send(alice, from(alice, web.v4).udp(53, 9999));
  send(alice, from(alice, web.v4).udp(54, 9999));
  std::vector<uint16_t> tags;
  sw.nat().connections->scan(0, 1024, sw.now(), [&](const ConnectionInfo& c) {
    tags.push_back(c.tag);
    return ConnectionTable::Visit::keep;
  });
  EXPECT_THAT(tags, testing::UnorderedElementsAre(5353, 0));
}

TEST_F(Published, HP2_ALoopbackSourceGetsNowhere) {
  const FrameBuilder link = frame().eth(mac(web.station), TestSwitch::router_mac(outside));
  send(web, FrameBuilder(link).ipv4("127.0.0.1", own4).tcp(5000, 8080).flags("S"));
  expect_drop(Reason::martian_source);
}

TEST_F(Published, TR12_ClientsWithOneAddressAndPortOfDifferentServersAreKeptApart) {
  ASSERT_TRUE(sw.nat().policy.add_publish(own4, udp17, entry(Family::v4, 7000, 7000)));
  for (uint16_t port : {7000, 5353}) send(web, from(web, own4).udp(5000, port));
  EXPECT_EQ(sw.received(alice.port).size(), 2u);
  send(alice, from(alice, web.v4).udp(9000, 5000));
  expect(web, to(web, own4).udp(7000, 5000));
  send(alice, from(alice, web.v4).udp(53, 5000));
  expect(web, to(web, own4).udp(5353, 5000));
}

// Errors by the router itself are about the packet that the sender knows, whatever it has become.
TEST_F(Published, I4_I5_TheRoutersErrorsQuoteWhatTheSenderSent) {
  sw.interface(office).mtu = sw.interface(outside).mtu = 1280;
  struct Row {
    const Host& sender;
    FrameBuilder frame;
    Told told4, told6;
  };
  for (Family f : families) {
    const Told ttl = f == Family::v4 ? Told{11, 0} : Told{3, 0};
    const Told big = f == Family::v4 ? Told{3, 4} : Told{2, 0};
    const auto df = [&](FrameBuilder ip) { return f == Family::v4 ? ip.dont_fragment() : ip; };
    const Row rows[] = {
        {web, from(web, own(f)).ttl(1).udp(5000, 5353), ttl, {}},
        {web, df(from(web, own(f))).udp(5000, 5353).pattern(1300), big, {}},
        {alice, from(alice, web.at(f)).ttl(1).udp(4000, 53), ttl, {}},
        {alice, df(from(alice, web.at(f))).udp(4000, 53).pattern(1300), big, {}},
        {alice, from(alice, own(f)).ttl(1).udp(4000, 5353), ttl, {}},
    };
    for (const Row& row : rows) {
      for (int again = 0; again < 2; ++again) {  // the first packet of its flow, and a further one
        sw.advance(seconds(10));                 // for the limit of errors
        send(row.sender, row.frame);
        const Bytes told = only(row.sender);
        ASSERT_FALSE(told.empty());
        EXPECT_EQ(told_by(told), row.told4);
        Bytes sent = l3_of(row.frame.bytes());
        const Bytes quote = quote_of(told);
        sent.resize(std::min(sent.size(), quote.size()));
        EXPECT_EQ(quote, sent);
        EXPECT_EQ(sw.receivers(), Ports{});
      }
    }
  }
}

TEST_F(Published, I4_I5_SoDoErrorsAboutPacketsThatWaitedForANeighbour) {
  for (Family f : families) {
    const Ip gone = f == Family::v4 ? Ip("10.0.0.77") : Ip("fd00:a::77");
    const Ip nobody = f == Family::v4 ? Ip("198.51.100.77") : Ip("2001:db8::77");
    sw.publish(outside, own(f), 7777, udp17, gone, 77);
    const FrameBuilder to_server = from(web, own(f)).udp(5000, 7777).payload("query");
    const FrameBuilder to_nobody = from(alice, nobody).udp(4000, 53).payload("query");
    send(web, to_server);
    send(alice, to_nobody);
    (void)sw.receivers();  // the questions
    sw.pass_time(seconds(5));
    const auto quotes = [&](const Host& h, const FrameBuilder& about) {
      Bytes sent = l3_of(about.bytes());
      const Told host = f == Family::v4 ? Told{3, 1} : Told{1, 3};
      size_t found = 0;
      for (const Bytes& frame : sw.received(h.port)) {
        if (frame.size() < 62 || frame[12] == 8 ? frame[13] != 0 : frame[20] != icmp58) continue;
        if (!(told_by(frame) == host)) continue;
        EXPECT_EQ(frame_fault(frame), "");
        Bytes quote = quote_of(frame);
        // It was passed on already: one hop less.
        --sent[f == Family::v4 ? 8 : 7];
        if (f == Family::v4) sent[10] = quote[10], sent[11] = quote[11];
        EXPECT_EQ(quote, sent);
        ++found;
      }
      return found;
    };
    EXPECT_EQ(quotes(web, to_server), 1u);
    EXPECT_EQ(quotes(alice, to_nobody), 1u);
  }
}

}  // namespace
}  // namespace uswitch::test
