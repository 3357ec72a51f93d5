// What may come in from outside, and how long (RFC 4787 4.3, 5; RFC 5382 5; RFC 5508 4).
#include "tests/flow/natted.h"

namespace uswitch::test {
namespace {

using Filter = Natted;

TEST_F(Filter, U8_UnsolicitedIsDroppedSilently) {
  open_udp(Family::v4);
  open_udp(Family::v6);
  for (Family f : families) {
    const FrameBuilder to_own = from(web, own(f)), to_alice = from(web, alice.at(f));
    const FrameBuilder strangers[] = {
        FrameBuilder(to_own).udp(53, 4001),
        FrameBuilder(to_own).udp(54, 4000),
        from(dns, own(f)).udp(53, 4000),
        FrameBuilder(to_own).tcp(53, 4000).flags("S"),
        FrameBuilder(to_own).tcp(53, 4000).flags("R"),
        FrameBuilder(to_own).protocol(47).payload("gre"),
        FrameBuilder(to_alice).udp(53, 4000),
        FrameBuilder(to_alice).tcp(53, 4000).flags("S"),
        FrameBuilder(to_alice).echo_request(1, 1),
        FrameBuilder(to_alice).echo_reply(1, 1),
        FrameBuilder(to_alice).protocol(47).payload("gre"),
        FrameBuilder(to_alice).udp(53, 4000).udp_length(7),
    };
    for (size_t i = 0; i < std::size(strangers); ++i) {
      SCOPED_TRACE(i);
      send(web, strangers[i]);
      expect_drop(Reason::unsolicited);
    }
  }
}

TEST_F(Filter, TheRouterItselfAnswersPingsFromOutside) {
  for (Family f : families) {
    send(web, from(web, own(f)).echo_request(1, 1));
    expect(web, to(web, own(f)).ttl(64).echo_reply(1, 1));
  }
}

struct FilterRow {
  Filtering filtering;
  bool other_port, other_host;  // may answer too
};

TEST_F(Filter, U8_T3_TheThreeModes) {
  const FilterRow rows[] = {{Filtering::endpoint_independent, true, true},
                            {Filtering::address_dependent, true, false},
                            {Filtering::address_and_port_dependent, false, false}};
  uint16_t port = 4000;
  for (const FilterRow& row : rows) {
    sw.nat().filtering = row.filtering;
    for (Family f : families) {
      open_udp(f, ++port);
      EXPECT_TRUE(web_reaches_alice(f, port));
      send(web, from(web, own(f)).udp(54, port));
      EXPECT_EQ(sw.receivers(), row.other_port ? Ports{alice.port} : Ports{});
      send(dns, from(dns, own(f)).udp(53, port));
      EXPECT_EQ(sw.receivers(), row.other_host ? Ports{alice.port} : Ports{});
      send(dns, from(dns, own(f)).udp(53, static_cast<uint16_t>(port + 100)));
      EXPECT_EQ(sw.receivers(), Ports{}) << "nobody's mapping";
    }
  }
}

TEST_F(Filter, U8_TheModesHoldForTcpToo) {
  sw.nat().filtering = Filtering::endpoint_independent;
  send(alice, from(alice, web.v4).tcp(4000, 80).flags("S"));
  (void)only(web);
  send(dns, from(dns, own4).tcp(90, 4000).flags("S").seq(5));
  expect(alice, to(alice, dns.v4).tcp(90, 4000).flags("S").seq(5));
  send(alice, from(alice, dns.v4).tcp(4000, 90).flags("SA").seq(9).ack(6));
  expect(dns, to(dns, own4).tcp(4000, 90).flags("SA").seq(9).ack(6));
  send(dns, from(dns, own4).udp(90, 4000));
  expect_drop(Reason::unsolicited);  // N-7
}

TEST_F(Filter, U8_AnswersToAStrangerComeFromTheMapping) {
  sw.nat().filtering = Filtering::endpoint_independent;
  open_udp(Family::v4);
  send(dns, from(dns, own4).udp(99, 4000));
  expect(alice, to(alice, dns.v4).udp(99, 4000));
  send(alice, from(alice, dns.v4).udp(4000, 99));
  expect(dns, to(dns, own4).udp(4000, 99));
}

TEST_F(Filter, N8_TR13_ScansDoNotKeepAMappingAlive) {
  sw.nat().filtering = Filtering::endpoint_independent;
  open_udp(Family::v4);
  send(alice, from(alice, web.v4).tcp(4000, 80).flags("S").seq(1));
  (void)sw.received(web.port);
  for (uint16_t i = 0; i < 30; ++i) {
    sw.advance(seconds(250));                  // 7500 in all: the longest timeout, of TCP, is 7440
    send(dns, from(dns, own4).udp(99, 4000));  // always the same one
    send(dns, from(dns, own4).udp(static_cast<uint16_t>(1000 + i), 4000));  // always others
    send(dns, from(dns, own4).tcp(99, 4000).flags("S").seq(1));
    send(dns, from(dns, own4).tcp(static_cast<uint16_t>(1000 + i), 4000).flags("S").seq(1));
    if (i == 0) {
      EXPECT_EQ(sw.received(alice.port).size(), 4u);
    }
  }
  (void)sw.received(alice.port);
  (void)sw.drops(Reason::unsolicited);
  send(dns, from(dns, own4).udp(99, 4000));
  expect_drop(Reason::unsolicited);
  send(dns, from(dns, own4).tcp(99, 4000).flags("S").seq(1));
  expect_drop(Reason::unsolicited);
  sw.nat().connections->sweep(sw.now(), 1u << 20);
  EXPECT_EQ(sw.nat().ports->size(), 0u);
}

// N-4: what alice's stack answers to a stranger on its own does not keep the way open to others.
TEST_F(Filter, N4_RefusalsDoNotKeepAMappingAlive) {
  sw.nat().filtering = Filtering::endpoint_independent;
  open_udp(Family::v4);
  send(alice, from(alice, web.v4).tcp(4000, 80).flags("S").seq(1));
  (void)sw.received(web.port);
  for (uint16_t i = 0; i < 31; ++i) {
    const auto port = static_cast<uint16_t>(1000 + i);
    sw.advance(seconds(240));
    send(dns, from(dns, own4).tcp(port, 4000).flags("S").seq(5));
    send(alice, from(alice, dns.v4).tcp(4000, port).flags("RA").ack(6));
    EXPECT_EQ(sw.receivers(), (Ports{alice.port, dns.port}));
    send(dns, from(dns, own4).udp(port, 4000));
    send(alice, error(from(alice, dns.v4), {3, 3}, to(alice, dns.v4).udp(port, 4000)));
    EXPECT_EQ(sw.receivers(), i == 0 ? (Ports{alice.port, dns.port}) : Ports{});
  }
  (void)sw.drops(Reason::unsolicited);
  sw.advance(seconds(10));  // 7450 in all: the longest timeout, of TCP, is 7440
  send(dns, from(dns, own4).tcp(99, 4000).flags("S").seq(1));
  expect_drop(Reason::unsolicited);
}

TEST_F(Filter, U5_U8_ALeaveEndsWithTheTalkThatGaveIt) {
  sw.nat().filtering = Filtering::address_dependent;
  open_udp(Family::v4);
  sw.advance(seconds(200));
  send(alice, from(alice, dns.v4).udp(4000, 53));  // the mapping goes on
  (void)sw.receivers();
  sw.advance(seconds(101));
  send(web, from(web, own4).udp(54, 4000));
  expect_drop(Reason::unsolicited);
  send(dns, from(dns, own4).udp(54, 4000));
  EXPECT_EQ(sw.receivers(), Ports{alice.port});
}

// The leave outlives a mapping of TCP; the next one of the same inner end has one of its own.
TEST_F(Filter, U8_AnInnerEndThatGetsAnotherExternalPortGivesLeaveForThat) {
  for (Filtering mode : {Filtering::endpoint_independent, Filtering::address_dependent}) {
    forget();
    sw.nat().filtering = mode;
    send(alice, from(alice, web.v4).tcp(4000, 80).flags("S").seq(1));
    EXPECT_EQ(source_port(only(web)), 4000u);
    sw.advance(seconds(241));
    sw.nat().connections->sweep(sw.now(), 1u << 20);
    send(anna, from(anna, dns.v4).tcp(4000, 80).flags("S").seq(1));
    EXPECT_EQ(source_port(only(dns)), 4000u);
    send(alice, from(alice, web.v4).tcp(4000, 80).flags("S").seq(1));
    const uint16_t external = source_port(only(web));
    EXPECT_NE(external, 4000u);
    send(web, from(web, own4).tcp(81, external).flags("S").seq(1));
    expect(alice, to(alice, web.v4).tcp(81, 4000).flags("S").seq(1));
  }
}

// Published ports need nobody's leave: no room is wasted on one.
TEST_F(Filter, U8_AnswersFromPublishedPortsOpenNothing) {
  for (Filtering mode : {Filtering::endpoint_independent, Filtering::address_dependent}) {
    forget();
    sw.nat().filtering = mode;
    sw.publish(outside, own4, 5353, udp17, alice.v4, 53);
    send(web, from(web, own4).udp(5000, 5353));
    send(alice, from(alice, web.v4).udp(53, 5000));
    EXPECT_EQ(sw.receivers(), (Ports{alice.port, web.port}));
    EXPECT_EQ(sw.nat().connections->size(), 1u);
  }
}

TEST_F(Filter, WhatPassesFromOutsideToOutsideIsNotJudged) {
  for (Family f : families) {
    const Told told = f == Family::v4 ? Told{3, 3} : Told{1, 4};
    send(web, from(web, dns.at(f)).udp(4000, 53));
    expect(dns, to(dns, web.at(f)).udp(4000, 53));
    send(web, from(web, dns.at(f)).tcp(4000, 53).flags("SA"));
    expect(dns, to(dns, web.at(f)).tcp(4000, 53).flags("SA"));
    send(web, error(from(web, dns.at(f)), told, to(web, dns.at(f)).udp(53, 4000)));
    expect(dns, error(to(dns, web.at(f)), told, to(web, dns.at(f)).udp(53, 4000)));
  }
  EXPECT_EQ(sw.nat().connections->size(), 0u);
}

// T-4: nobody is told at once, for alice may be about to open the same connection.
TEST_F(Filter, T4_ASynFromOutsideIsForgottenWhenTheSameIsOpenedFromInside) {
  send(web, from(web, own4).tcp(80, 4000).flags("S").seq(500));
  expect_drop(Reason::unsolicited);
  send(alice, from(alice, web.v4).tcp(4000, 80).flags("S").seq(100));
  expect(web, to(web, own4).tcp(4000, 80).flags("S").seq(100));
  send(web, from(web, own4).tcp(80, 4000).flags("S").seq(500));  // sent again: T-2
  expect(alice, to(alice, web.v4).tcp(80, 4000).flags("S").seq(500));
}

TEST_F(Filter, U6_WhatGoesOutKeepsTheMappingAndItsLeaveAlive) {
  for (Filtering mode : {Filtering::endpoint_independent, Filtering::address_dependent}) {
    sw.nat().filtering = mode;
    for (int i = 0; i < 10; ++i) {
      send(alice, from(alice, web.v4).udp(4000, 53));
      sw.advance(seconds(290));
    }
    (void)sw.received(web.port);
    send(web, from(web, own4).udp(54, 4000));
    EXPECT_EQ(sw.receivers(), Ports{alice.port});
    sw.advance(seconds(3600));
  }
}

struct TimeoutRow {
  const char* name;
  seconds timeout;
  FrameBuilder (*request)(FrameBuilder);
  FrameBuilder (*answer)(FrameBuilder);
  Reason late;
};

TEST_F(Filter, NG8_U5_U5a_T5_I2_AnswersAreTakenUntilTheTimeoutAndNoLonger) {
  const TimeoutRow rows[] = {
      {"udp", seconds(300), [](FrameBuilder ip) { return ip.udp(4000, 53); },
       [](FrameBuilder ip) { return ip.udp(53, 4000); }, Reason::unsolicited},
      {"tcp opening", seconds(240), [](FrameBuilder ip) { return ip.tcp(4000, 80).flags("S"); },
       [](FrameBuilder ip) { return ip.tcp(80, 4000).flags("A"); }, Reason::unsolicited},
      {"echo", seconds(60), [](FrameBuilder ip) { return ip.echo_request(7, 1); },
       [](FrameBuilder ip) { return ip.echo_reply(7, 1); }, Reason::icmp_unhandled},
      {"gre", seconds(600), [](FrameBuilder ip) { return ip.protocol(47).payload("x"); },
       [](FrameBuilder ip) { return ip.protocol(47).payload("x"); }, Reason::unsolicited},
  };
  for (const TimeoutRow& row : rows) {
    SCOPED_TRACE(row.name);
    for (Family f : families) {
      send(alice, row.request(from(alice, web.at(f))));
      EXPECT_EQ(sw.receivers(), Ports{web.port});
      sw.advance(row.timeout - seconds(1));
      send(web, row.answer(from(web, own(f))));
      EXPECT_EQ(sw.receivers(), Ports{alice.port});
      sw.advance(row.timeout + seconds(1));
      send(web, row.answer(from(web, own(f))));
      expect_drop(row.late);
      send(alice, row.request(from(alice, web.at(f))));
      EXPECT_EQ(sw.receivers(), Ports{web.port}) << "from inside a new one begins";
    }
  }
}

TEST_F(Filter, U5_TimeoutsAreConfigured) {
  sw.nat().timeouts.udp = seconds(20);
  open_udp(Family::v4);
  sw.advance(seconds(21));
  EXPECT_FALSE(web_reaches_alice(Family::v4));
}

// A private source shows outside as nothing, rather than as itself.
TEST_F(Filter, TR9_NoInnerSourceLeaksUntranslated) {
  const FrameBuilder untranslatable[] = {
      from(alice, web.v4).icmp(5, 1).payload("no flow"),
      from(alice, web.v4).echo_reply(1, 1),
      from(alice, web.v4).icmp(40, 0),
      error(from(alice, web.v4), {3, 3}, to(alice, web.v4).udp(53, 4000)),
      from(alice, web.v4).udp(4000, 53).udp_length(7),
      from(alice, web.v4).tcp(4000, 53).data_offset(2),
      from(alice, web.v6).icmp(140, 0),
      from(alice, web.v6).udp(4000, 53).udp_length(7),
      error(from(alice, web.v6), {1, 4}, to(alice, web.v6).udp(53, 4000)),
      from(alice, web.v6).extension(43, std::initializer_list<uint8_t>{0, 1}).udp(4000, 53),
  };
  for (size_t i = 0; i < std::size(untranslatable); ++i) {
    SCOPED_TRACE(i);
    send(alice, untranslatable[i]);
    expect_drop(Reason::untranslatable);
  }
  send(alice, from(alice, web.v4).tcp(4000, 80).flags("SF"));
  expect_drop(Reason::tcp_out_of_state);
}

}  // namespace
}  // namespace uswitch::test
