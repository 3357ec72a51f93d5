// ICMP errors of the router on their way: STANDARDS IC-1..IC-6, I6-1, I6-2, TR-18. What they look
// like in detail: tests/unit/router/icmp_error_test.cpp.
#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

class Errors : public Routed {
 protected:
  // Packets with nothing wrong but their TTL.
  FrameBuilder expired(const Ip& source = "10.0.0.2") const {
    return from_a().ipv4(source, b4).ttl(1);
  }
  FrameBuilder expired6(const Ip& source = "fd00:a::2") const {
    return from_a().ipv6(source, b6).ttl(1);
  }
  // Drops it, whatever the reason, and says nothing.
  void expect_silence(const char* what, const FrameBuilder& f) {
    sw.advance(seconds(1));
    const uint64_t before = sw.total_drops();
    sw.send(a, f);
    EXPECT_EQ(sw.receivers(), Ports{}) << what;
    EXPECT_EQ(sw.total_drops(), before + 1) << what;
  }
  bool speaks(const FrameBuilder& f) {
    sw.send(a, f);
    return !sw.receivers().empty();
  }
};

TEST_F(Errors, IC_1_NeverAbout) {
  for (const uint8_t type : {3, 4, 5, 11, 12, 42})
    expect_silence("an ICMP error", expired().icmp(type, 0).zeros(28));
  expect_silence("a later fragment", expired().fragment(8, true).protocol(17).zeros(16));
  expect_silence("one that is broken", expired().udp(1, 2).ip_checksum(1));
  expect_silence("a broadcast", from_a().ipv4(a4, "10.1.0.255").ttl(1).udp(1, 2));
  expect_silence("a multicast", from_a().ipv4(a4, "239.1.1.1").ttl(1).udp(1, 2));
  expect_silence("a group of the link layer",
                 frame().eth(mac(1), broadcast_mac).ipv4(a4, b4).ttl(1).udp(1, 2));
  for (const char* source : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"})
    expect_silence(source, expired(source).udp(1, 2));
  const uint8_t source_route[] = {131, 3, 4, 0};
  expect_silence("a broadcast with options",
                 from_a().ipv4(a4, "10.1.0.255").ip_options(source_route).udp(1, 2));
  sw.add_route("99.0.0.0/8", RouteKind::blackhole);
  expect_silence("what is to be silent", from_a().ipv4(a4, "99.1.1.1").udp(1, 2));
}

TEST_F(Errors, I6_2_NeverAbout) {
  for (const uint8_t type : {1, 2, 3, 4, 100, 137})
    expect_silence("an ICMPv6 error or redirect", expired6().icmp(type, 0).zeros(48));
  expect_silence("a multicast", from_a().ipv6(a6, "ff05::1").ttl(1).udp(1, 2));
  expect_silence("a group of the link layer",
                 frame().eth(mac(1), "33:33:00:00:00:01").ipv6(a6, b6).ttl(1).udp(1, 2));
  for (const char* source : {"::", "::1", "ff02::1"})
    expect_silence(source, expired6(source).udp(1, 2));
}

TEST_F(Errors, IC_1_QueriesDoGetThem) {
  for (const uint8_t type : {0, 8, 13, 14, 15, 17}) {
    sw.advance(seconds(1));
    sw.send(a, expired().icmp(type, 0));
    EXPECT_EQ(told_by(only(a)), (Told{11, 0})) << unsigned{type};
  }
  sw.send(a, expired().fragment(0, true).udp(1, 2).zeros(8));
  EXPECT_EQ(told_by(only(a)), (Told{11, 0}));
  sw.send(a, expired6().echo_request(1, 1));
  EXPECT_EQ(told_by(only(a)), (Told{3, 0}));
}

TEST_F(Errors, IC_2_QuotesThePacketAsItCame) {
  const FrameBuilder f = expired().tos(0x08).ip_id(7).udp(1, 2).pattern(100).pad(300);
  sw.send(a, f);
  Bytes original = l3_of(f.bytes());
  original.resize(128);  // no padding
  EXPECT_EQ(quote_of(only(a)), original);
  sw.send(a, expired6().udp(1, 2).pattern(100));
  EXPECT_EQ(quote_of(only(a)), l3_of(expired6().udp(1, 2).pattern(100).bytes()));
}

TEST_F(Errors, IC_2_I6_2_AsMuchAsFits) {
  sw.send(a, expired().udp(1, 2).pattern(1400));
  EXPECT_EQ(only(a).size(), 14u + 576);
  sw.send(a, expired6().udp(1, 2).pattern(1400));
  EXPECT_EQ(only(a).size(), 14u + 1280);
}

TEST_F(Errors, IC_2_OfASuperSegmentTheFirstSegment) {
  sw.send(a, expired().ip_id(5).tcp(1, 2).seq(9).pattern(5000).gso(1000));
  const Bytes quote = quote_of(only(a));
  const Bytes first = l3_of(expired().ip_id(5).tcp(1, 2).seq(9).pattern(1000).bytes());
  EXPECT_EQ(quote, Bytes(first.begin(), first.begin() + 548));
}

TEST_F(Errors, IC_3_SourceIsOfTheInterfaceItLeavesBy) {
  sw.send(a, expired().udp(1, 2));
  EXPECT_EQ(load_be32(&only(a)[26]), gw4.v4());
  // Back to a source that is behind the other network.
  sw.add_route("99.0.0.0/8", b_net, b4);
  sw.send(a, from_a().ipv4("99.0.0.1", b4).ttl(1).udp(1, 2));
  const Bytes out = only(b);
  EXPECT_EQ(load_be32(&out[26]), Ip("10.1.0.1").v4());
  EXPECT_EQ(Mac(MacAddress::load(out.data() + 6)), gateway_mac(b_net));
}

TEST_F(Errors, IC_3_PrecedenceIsInternetworkControl) {
  sw.send(a, expired().tos(0x2f).udp(1, 2));
  EXPECT_EQ(only(a)[15], 0xcc);
}

TEST_F(Errors, I6_4_SourceIsTheAddressAskedOrOneOfTheInterface) {
  sw.send(a, from_a().ipv6(a6, "fd00:b::1").udp(1, 2));
  EXPECT_EQ(IpAddress::load6(&only(a)[22]), IpAddress(Ip("fd00:b::1")));
  sw.send(a, from_a().ipv6(a6, gw_local).udp(1, 2));
  EXPECT_EQ(IpAddress::load6(&only(a)[22]), IpAddress(gw_local));
  sw.send(a, expired6().udp(1, 2));
  EXPECT_EQ(IpAddress::load6(&only(a)[22]), IpAddress(gw6));
  sw.send(a, from_a().ipv6(a_local, b6).udp(1, 2));
  const Bytes out = only(a);
  EXPECT_EQ(told_by(out), (Told{1, 2}));
  EXPECT_EQ(IpAddress::load6(&out[22]), IpAddress(gw_local));
}

TEST_F(Errors, IC_4_SixAtOnceThenOneASecondAndDestination) {
  int answered = 0;
  for (int i = 0; i < 20; ++i) answered += speaks(expired().udp(1, 2));
  EXPECT_EQ(answered, 6);
  EXPECT_EQ(sw.drops(Reason::ttl_exceeded), 20u);
  sw.advance(milliseconds(999));
  EXPECT_FALSE(speaks(expired().udp(1, 2)));
  sw.advance(milliseconds(1));
  EXPECT_TRUE(speaks(expired().udp(1, 2)));
  EXPECT_FALSE(speaks(expired().udp(1, 2)));
  sw.add_station(a, "10.0.0.3", mac(1));
  EXPECT_TRUE(speaks(expired("10.0.0.3").udp(1, 2))) << "others have their own";
}

TEST_F(Errors, I6_2_LimitOfIcmp6) {
  int answered = 0;
  for (int i = 0; i < 20; ++i) answered += speaks(expired6().udp(1, 2));
  EXPECT_EQ(answered, 6);
  sw.advance(milliseconds(100));
  EXPECT_TRUE(speaks(expired6().udp(1, 2)));
  EXPECT_FALSE(speaks(expired6().udp(1, 2)));
}

TEST_F(Errors, IC_4_EchoRepliesAreNotLimited) {
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(speaks(from_a().ipv4(a4, gw4).echo_request(1, static_cast<uint16_t>(i))));
}

TEST_F(Errors, TR_18_AScanOfDeadPortsIsAnsweredAFewTimes) {
  int errors = 0, resets = 0;
  for (uint16_t port = 1; port < 100; ++port) {
    errors += speaks(from_a().ipv4(a4, gw4).udp(1, port));
    resets += speaks(from_a().ipv4(a4, gw4).tcp(1, port).flags("S"));
  }
  EXPECT_EQ(errors, 6);
  EXPECT_EQ(resets, 50);
}

TEST_F(Errors, IC_4_WhatIsNotAnsweredDoesNotCount) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(speaks(from_a().ipv4(a4, gw4).tcp(1, 2).flags("R")));
    EXPECT_FALSE(speaks(expired().icmp(3, 1).zeros(28)));
  }
  EXPECT_TRUE(speaks(from_a().ipv4(a4, gw4).tcp(1, 2)));
}

TEST_F(Errors, IC_5_NoSourceQuenchWhateverHappens) {
  sw.port(b).refuse(Reason::egress_full);
  sw.send(a, to_b());
  EXPECT_EQ(sw.receivers(), Ports{});
  EXPECT_EQ(sw.drops(Reason::egress_full), 1u);
}

TEST_F(Errors, IC_6_ReassemblyTimeoutOnlyIfTheFirstCame) {
  const auto piece = [&](uint16_t offset, uint16_t id) {
    return from_a().ipv4(a4, gw4).ip_id(id).fragment(offset, true).protocol(1).zeros(32);
  };
  sw.send(a, piece(0, 1));
  sw.send(a, piece(32, 2));
  sw.send(a, from_a().ipv6(a6, gw6).fragment_header(0, true).echo_request(1, 1).zeros(8));
  EXPECT_EQ(sw.held(), 3u);
  sw.pass_time(milliseconds(29800));
  EXPECT_EQ(sw.receivers(), Ports{});
  sw.pass_time(milliseconds(200));
  EXPECT_EQ(told_by(only(a)), (Told{11, 1}));
  EXPECT_EQ(sw.drops(Reason::reassembly_timeout), 2u);
  sw.pass_time(seconds(30));
  EXPECT_EQ(told_by(only(a)), (Told{3, 1}));
  EXPECT_EQ(sw.drops(Reason::reassembly_timeout), 1u);
  EXPECT_EQ(sw.held(), 0u);
}

}  // namespace
}  // namespace uswitch::test
