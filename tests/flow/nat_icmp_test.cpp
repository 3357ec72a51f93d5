// ICMP errors about translated flows (RFC 5508, RFC 4787 REQ-12, RFC 5382 REQ-9, CT-11).
#include "tests/flow/natted.h"

namespace uswitch::test {
namespace {

struct ErrorRow {
  Family family;
  Told told;
};
const ErrorRow errors[] = {
    {Family::v4, {3, 0}},  {Family::v4, {3, 1}},  {Family::v4, {3, 3}},  {Family::v4, {3, 4}},
    {Family::v4, {3, 13}}, {Family::v4, {11, 0}}, {Family::v4, {11, 1}}, {Family::v4, {12, 0}},
    {Family::v6, {1, 0}},  {Family::v6, {1, 4}},  {Family::v6, {2, 0}},  {Family::v6, {3, 0}},
    {Family::v6, {4, 1}},
};

// A flow from alice to web, as both see its packets.
struct FlowRow {
  const char* name;
  FrameBuilder (*packet)(FrameBuilder ip);
};
const FlowRow flows[] = {
    {"udp", [](FrameBuilder ip) { return ip.udp(4000, 53).payload("query"); }},
    {"tcp", [](FrameBuilder ip) { return ip.tcp(4000, 80).flags("S").seq(1); }},
    {"echo", [](FrameBuilder ip) { return ip.echo_request(7, 1).payload("ping"); }},
    {"gre", [](FrameBuilder ip) { return ip.protocol(47).payload("opaque bytes"); }},
};

class NatIcmp : public Natted {
 protected:
  static Told unreachable(Family f) { return f == Family::v4 ? Told{3, 3} : Told{1, 4}; }
  // The packet as it came to web, and as alice sent it, but for the hop.
  FrameBuilder outer(const FlowRow& flow, Family f) const { return flow.packet(to(web, own(f))); }
  FrameBuilder inner(const FlowRow& flow, Family f) const {
    return flow.packet(from(alice, web.at(f)).ttl(63));
  }
  void begin(const FlowRow& flow, Family f) {
    send(alice, flow.packet(from(alice, web.at(f))));
    expect(web, outer(flow, f));
  }
};

TEST_F(NatIcmp, I4_I12_T9_TR4_ErrorsFromOutsideAreAboutThePacketThatWasSent) {
  for (const FlowRow& flow : flows) {
    for (const ErrorRow& e : errors) {
      SCOPED_TRACE(testing::Message() << flow.name << ' ' << testing::PrintToString(e.told));
      begin(flow, e.family);
      const uint32_t rest = e.told == Told{3, 4} || e.told.type == 2 ? 1400 : 0;
      // From the server and from a router on the way (U-12a).
      for (const Host* sender : {&web, &dns}) {
        for (size_t quoted : {size_t{1000}, size_t{e.family == Family::v4 ? 28u : 48u}}) {
          send(*sender,
               error(from(*sender, own(e.family)), e.told, outer(flow, e.family), quoted, rest));
          expect(alice, error(to(alice, sender->at(e.family)), e.told, inner(flow, e.family),
                              quoted, rest));
        }
      }
    }
  }
}

TEST_F(NatIcmp, I4_TR4_TheQuotedPortsAreTheInnerOnes) {
  send(anna, from(anna, web.v4).udp(4000, 53));
  (void)only(web);
  send(alice, from(alice, web.v4).udp(4000, 53).payload("query"));
  const uint16_t external = source_port(only(web));
  ASSERT_NE(external, 4000);
  send(web, error(from(web, own4), {3, 3}, to(web, own4).udp(external, 53).payload("query")));
  expect(alice, error(to(alice, web.v4), {3, 3},
                      inner({"", [](FrameBuilder ip) { return ip.udp(4000, 53).payload("query"); }},
                            Family::v4)));
}

TEST_F(NatIcmp, I4_WithoutAFlowTheyAreDropped) {
  for (const FlowRow& flow : flows) {
    for (const ErrorRow& e : errors) {
      for (const Ip& to_whom : {own(e.family), alice.at(e.family)}) {
        send(web, error(from(web, to_whom), e.told, flow.packet(to(web, to_whom))));
        expect_drop(Reason::icmp_unrelated);
      }
    }
  }
}

TEST_F(NatIcmp, I3_DamagedErrorsAreDropped) {
  const FlowRow& flow = flows[0];
  begin(flow, Family::v4);
  begin(flow, Family::v6);
  const FrameBuilder damaged[] = {
      error(from(web, own4), {3, 3}, outer(flow, Family::v4)).l4_checksum(0x1234),  // I-3
      error(from(web, own6), {1, 4}, outer(flow, Family::v6)).l4_checksum(0x1234),
      error(from(web, own4), {3, 3}, outer(flow, Family::v4).ip_checksum(0x1234)),  // I-3a
      error(from(web, own4), {3, 3}, outer(flow, Family::v4), 27),
      error(from(web, own6), {1, 4}, outer(flow, Family::v6), 47),
      error(from(web, own4), {3, 3}, flow.packet(to(web, alice.v4, web.v4))),  // CT-11
      error(from(web, own4), {3, 3}, error(to(web, own4), {3, 3}, outer(flow, Family::v4))),
  };
  for (size_t i = 0; i < std::size(damaged); ++i) {
    SCOPED_TRACE(i);
    send(web, damaged[i]);
    expect_drop(Reason::icmp_unrelated);
  }
}

TEST_F(NatIcmp, I3b_I3c_I3d_WhatTheQuoteMayHave) {
  const uint8_t nop[] = {1, 1, 1, 1};
  const auto with_options = [&](FrameBuilder link, const Ip& source) {
    return link.ipv4(source, web.v4).ip_options(nop).ttl(63).udp(4000, 53).payload("query");
  };
  begin(flows[0], Family::v4);
  send(web, error(from(web, own4), {3, 3}, with_options(frame().eth(mac(1), mac(2)), own4)));
  expect(alice,
         error(to(alice, web.v4), {3, 3}, with_options(frame().eth(mac(1), mac(2)), alice.v4)));

  // I-3c: a quoted checksum that was wrong is so still, by as much. No checksum stays none.
  send(web, error(from(web, own4), {3, 3}, outer(flows[0], Family::v4).l4_checksum(0)));
  expect(alice, error(to(alice, web.v4), {3, 3}, inner(flows[0], Family::v4).l4_checksum(0)));

  // I-3d: the quote is padded to 128 bytes, an extension follows (RFC 4884).
  const auto extended = [&](FrameBuilder head, const FrameBuilder& about) {
    Bytes quote = l3_of(about.bytes());
    quote.resize(128);
    return head.icmp(11, 0, 32 << 16).payload(quote).payload("\x20\x01 extension");
  };
  send(web, extended(from(web, own4), outer(flows[0], Family::v4)));
  expect(alice, extended(to(alice, web.v4), inner(flows[0], Family::v4)));
}

TEST_F(NatIcmp, I5_ErrorsFromInsideComeFromThePublishedAddress) {
  for (Family f : families) {
    sw.publish(outside, own(f), 5353, udp17, alice.at(f), 53);
    send(web, from(web, own(f)).udp(5000, 5353).payload("query"));
    const FrameBuilder arrived = to(alice, web.at(f)).udp(5000, 53).payload("query");
    expect(alice, arrived);
    // From the server itself and from a router before it, whose address nobody knows.
    for (const Host* sender : {&alice, &anna}) {
      send(*sender, error(from(*sender, web.at(f)), unreachable(f), arrived));
      expect(web, error(to(web, own(f)), unreachable(f),
                        from(web, own(f)).ttl(63).udp(5000, 5353).payload("query")));
    }
  }
}

TEST_F(NatIcmp, I5_ErrorsFromInsideAboutAnswers) {
  for (Family f : families) {
    open_udp(f);
    EXPECT_TRUE(web_reaches_alice(f));
    send(alice, error(from(alice, web.at(f)), unreachable(f),
                      to(alice, web.at(f)).udp(53, 4000).payload("answer")));
    expect(web, error(to(web, own(f)), unreachable(f),
                      from(web, own(f)).ttl(63).udp(53, 4000).payload("answer")));
  }
}

TEST_F(NatIcmp, U12_T10_I6_ErrorsNeitherEndAFlowNorKeepItAlive) {
  for (Family f : families) {
    open_udp(f);
    sw.advance(seconds(299));
    for (const ErrorRow& e : errors) {
      if (e.family != f) continue;
      send(web, error(from(web, own(f)), e.told, to(web, own(f)).udp(4000, 53)));
    }
    (void)sw.received(alice.port);
    EXPECT_TRUE(web_reaches_alice(f)) << "not ended";
    sw.advance(seconds(299));
    send(web, error(from(web, own(f)), unreachable(f), to(web, own(f)).udp(4000, 53)));
    EXPECT_EQ(sw.receivers(), Ports{alice.port});
    sw.advance(seconds(2));
    EXPECT_FALSE(web_reaches_alice(f)) << "not kept alive";
  }
}

// I-9: what the route says is told or not as it says, masqueraded or not.
TEST_F(NatIcmp, I9_PolicyMaySilenceIt) {
  sw.add_route("192.0.2.0/24", RouteKind::blackhole);
  sw.add_route("192.0.3.0/24", RouteKind::prohibit);
  send(alice, from(alice, "192.0.2.7").udp(4000, 53));
  expect_drop(Reason::route_blackhole);
  send(alice, from(alice, "192.0.3.7").udp(4000, 53));
  EXPECT_EQ(told_by(only(alice)), (Told{3, 13}));
}

TEST_F(NatIcmp, CT11_ErrorsAndAnswersBeginNothing) {
  send(alice, from(alice, web.v4).echo_reply(7, 1));
  send(alice, error(from(alice, web.v4), {3, 3}, to(alice, web.v4).udp(53, 4000)));
  send(web, from(web, own4).echo_reply(7, 1));
  EXPECT_EQ(sw.nat().connections->size(), 0u);
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(NatIcmp, I10_CT11_TimestampsAreQueriesAndNotTheEchoOfTheirId) {
  send(alice, from(alice, web.v4).icmp(13, 0, 7 << 16).zeros(12));
  expect(web, to(web, own4).icmp(13, 0, 7 << 16).zeros(12));
  send(web, from(web, own4).icmp(14, 0, 7 << 16).zeros(12));
  expect(alice, to(alice, web.v4).icmp(14, 0, 7 << 16).zeros(12));
  send(web, from(web, own4).echo_reply(7, 1));
  expect_drop(Reason::icmp_unhandled);
}

TEST_F(NatIcmp, ErrorsBetweenInnerNetworksAreNotJudged) {
  const FrameBuilder about = to(bob, alice.v4).udp(4000, 53);
  send(bob, error(from(bob, alice.v4), {3, 3}, about, 20).l4_checksum(0x1234));
  expect(alice, error(to(alice, bob.v4), {3, 3}, about, 20).l4_checksum(0x1234));
}

TEST_F(NatIcmp, TR1_PartialChecksumsOfEchoes) {
  for (Family f : families) {
    if (f == Family::v4) continue;  // ICMP has no pseudo-header to leave
    send(alice, from(alice, web.at(f)).echo_request(7, 1).payload("ping").partial_checksum());
    expect(web, to(web, own(f)).echo_request(7, 1).payload("ping").partial_checksum());
  }
}

}  // namespace
}  // namespace uswitch::test
