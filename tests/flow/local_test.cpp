// Packets to the router's own addresses: STANDARDS R4-3, R4-11, R4-12, R4-13, I6-3, I6-4, PM-3.
#include "tests/flow/routed.h"

namespace uswitch::test {
namespace {

class Local : public Routed {
 protected:
  FrameBuilder to_gw() const { return from_a().ipv4(a4, gw4); }
  FrameBuilder to_gw6() const { return from_a().ipv6(a6, gw6); }
  FrameBuilder answer() const { return from_router(a_net, mac(1)).ipv4(gw4, a4); }
  FrameBuilder answer6() const { return from_router(a_net, mac(1)).ipv6(gw6, a6); }
  void expect_silent_drop(const FrameBuilder& f, Reason reason) {
    sw.send(a, f);
    EXPECT_EQ(sw.receivers(), Ports{});
    EXPECT_EQ(sw.drops(reason), 1u);
  }
};

TEST_F(Local, R4_11_EchoIsAnsweredUnchangedFromTheAddressPinged) {
  for (const size_t size : {0u, 1u, 2u, 55u, 1452u}) {
    sw.send(a, to_gw().ip_id(77).echo_request(7, 1).pattern(size));
    EXPECT_EQ(only(a), answer().ip_id(77).echo_reply(7, 1).pattern(size).bytes());
    sw.send(a, to_gw6().echo_request(7, 1).pattern(size));
    EXPECT_EQ(only(a), answer6().echo_reply(7, 1).pattern(size).bytes());
  }
}

TEST_F(Local, R4_11_I6_4_AtAnyOfItsAddresses) {
  for (const Ip& own : {Ip("10.1.0.1"), gw4}) {
    sw.send(a, from_a().ipv4(a4, own).echo_request(7, 1));
    EXPECT_EQ(only(a), from_router(a_net, mac(1)).ipv4(own, a4).echo_reply(7, 1).bytes());
  }
  for (const Ip& own : {Ip("fd00:b::1"), gw6, gw_local}) {
    sw.send(a, from_a().ipv6(a6, own).echo_request(7, 1));
    EXPECT_EQ(only(a), from_router(a_net, mac(1)).ipv6(own, a6).echo_reply(7, 1).bytes());
  }
  sw.send(a, from_a().ipv6(a_local, gw_local).echo_request(7, 1));
  EXPECT_EQ(only(a), from_router(a_net, mac(1)).ipv6(gw_local, a_local).echo_reply(7, 1).bytes());
}

// RFC 4291 2.6.1: any router of the network answers, as a station of its own (RFC 4443 4.2).
TEST_F(Local, R6_SubnetRouterAnycastIsAnsweredFromAUnicastAddress) {
  for (const Ip& anycast : {Ip("fd00:a::"), Ip("fd00:b::")}) {
    sw.send(a, from_a().ipv6(a6, anycast).echo_request(7, 1).pattern(9));
    EXPECT_EQ(only(a), answer6().echo_reply(7, 1).pattern(9).bytes());
    sw.send(a, from_a().ipv6(a6, anycast).udp(1, 2));
    const Bytes error = only(a);
    EXPECT_EQ(told_by(error), (Told{1, 4}));
    EXPECT_EQ(Bytes(error.begin() + 22, error.begin() + 38),
              Bytes(gw6.bytes.begin(), gw6.bytes.end()));
  }
}

TEST_F(Local, R6_LongPrefixesHaveNoAnycastAddress) {
  RouterInterface own;
  own.addresses = {*IpPrefix::parse("fd00:b::1/126")};
  EXPECT_TRUE(own.is_anycast(Ip("fd00:b::")));
  own.addresses = {*IpPrefix::parse("fd00:b::1/127")};
  EXPECT_FALSE(own.is_anycast(Ip("fd00:b::")));
}

TEST_F(Local, R4_3_AnyTtlWillDo) {
  for (const uint8_t ttl : {0, 1, 255}) {
    sw.send(a, to_gw().ttl(ttl).echo_request(7, 1));
    EXPECT_EQ(only(a), answer().echo_reply(7, 1).bytes());
    sw.send(a, to_gw6().ttl(ttl).echo_request(7, 1));
    EXPECT_EQ(only(a), answer6().echo_reply(7, 1).bytes());
  }
}

TEST_F(Local, R4_11_EchoToManyIsNotAnswered) {
  const Mac group4 = "01:00:5e:00:00:01", group6 = "33:33:00:00:00:01";
  sw.send(a, frame().eth(mac(1), broadcast_mac).ipv4(a4, "10.0.0.255").echo_request(7, 1));
  sw.send(a, frame().eth(mac(1), broadcast_mac).ipv4(a4, "255.255.255.255").echo_request(7, 1));
  sw.send(a, frame().eth(mac(1), group4).ipv4(a4, "224.0.0.1").echo_request(7, 1));
  sw.send(a, frame().eth(mac(1), group6).ipv6(a6, "ff02::1").echo_request(7, 1));
  sw.send(a, frame().eth(mac(1), broadcast_mac).ipv4(a4, gw4).echo_request(7, 1));
  sw.send(a, from_a().ipv4(a4, "10.0.0.255").echo_request(7, 1));
  sw.send(a, from_a().ipv4(a4, "224.0.0.1").echo_request(7, 1));
  sw.send(a, from_a().ipv6(a6, "ff02::1").echo_request(7, 1));
  EXPECT_EQ(sw.receivers(), Ports{});
}

// The broadcast address of a network must not be made to speak (R4-11, TR-18).
TEST_F(Local, TR_18_EchoFromABroadcastAddressIsNotAnswered) {
  sw.send(a, from_a().ipv4("10.0.0.255", gw4).echo_request(7, 1));
  sw.send(a, from_a().ipv4("10.1.0.255", gw4).echo_request(7, 1));
  EXPECT_EQ(sw.receivers(), Ports{});
}

TEST_F(Local, R4_11_LeftUndoneChecksumIsCompleted) {
  sw.send(a, to_gw().echo_request(7, 1).payload("data").partial_checksum());
  EXPECT_EQ(only(a), answer().echo_reply(7, 1).payload("data").bytes());
  sw.send(a, to_gw6().echo_request(7, 1).payload("data").partial_checksum());
  EXPECT_EQ(only(a), answer6().echo_reply(7, 1).payload("data").bytes());
}

TEST_F(Local, R4_12_OptionsOfAPacketToItselfAreJudgedToo) {
  const uint8_t source_route[] = {131, 7, 4, 10, 1, 0, 2}, broken[] = {7, 1, 0, 0},
                record[] = {7, 7, 4, 0, 0, 0, 0};
  sw.send(a, to_gw().ip_options(source_route).echo_request(7, 1));
  EXPECT_EQ(told_by(only(a)), (Told{3, 5}));
  sw.send(a, to_gw().ip_options(broken).echo_request(7, 1));
  EXPECT_EQ(told_by(only(a)), (Told{12, 0}));
  sw.send(a, to_gw().ip_options(record).echo_request(7, 1));
  EXPECT_EQ(told_by(only(a)), (Told{0, 0}));
}

TEST_F(Local, R4_13_UdpWithoutListener) {
  const FrameBuilder f = to_gw().udp(1000, 53).payload("who");
  sw.send(a, f);
  const Bytes out = only(a);
  EXPECT_EQ(told_by(out), (Told{3, 3}));
  EXPECT_EQ(quote_of(out), l3_of(f.bytes()));
  sw.send(a, to_gw6().udp(1000, 53).payload("who"));
  EXPECT_EQ(told_by(only(a)), (Told{1, 4}));
  EXPECT_EQ(sw.drops(Reason::no_listener), 2u);
}

TEST_F(Local, R4_13_UdpShorterThanTheIpPayload) {
  const FrameBuilder honest = to_gw().udp(1, 2).payload("who");
  Bytes f = honest.bytes();
  f.insert(f.end(), {1, 2, 3});
  f[17] = static_cast<uint8_t>(f[17] + 3);
  f[25] = static_cast<uint8_t>(f[25] - 3);
  sw.send(a, MemoryPort::Frame{f, {}, false, 0});
  EXPECT_EQ(told_by(only(a)), (Told{3, 3}));
}

TEST_F(Local, R4_13_Ipv4UdpMayDoWithoutChecksum) {
  sw.send(a, to_gw().udp(1, 2).payload("who").l4_checksum(0));
  EXPECT_EQ(told_by(only(a)), (Told{3, 3}));
}

TEST_F(Local, R4_13_TcpIsReset) {
  sw.send(a, to_gw().tcp(1000, 80).flags("S").seq(99).payload("xy"));
  EXPECT_EQ(only(a),
            answer().dont_fragment().tcp(80, 1000).flags("RA").seq(0).ack(102).window(0).bytes());
  sw.send(a, to_gw().tcp(1000, 80).flags("A").seq(99).ack(7));
  EXPECT_EQ(only(a),
            answer().dont_fragment().tcp(80, 1000).flags("R").seq(7).ack(0).window(0).bytes());
  sw.send(a, to_gw6().tcp(1000, 80).flags("SF").seq(99));
  EXPECT_EQ(only(a), answer6().tcp(80, 1000).flags("RA").seq(0).ack(101).window(0).bytes());
  EXPECT_EQ(sw.drops(Reason::no_listener), 3u);
  expect_silent_drop(to_gw().tcp(1000, 80).flags("R"), Reason::no_listener);
}

TEST_F(Local, R4_13_UnknownProtocol) {
  sw.send(a, to_gw().protocol(253).zeros(8));
  EXPECT_EQ(told_by(only(a)), (Told{3, 2}));
  sw.send(a, to_gw().protocol(58).zeros(8));  // ICMPv6 is none of IPv4's
  EXPECT_EQ(told_by(only(a)), (Told{3, 2}));
  EXPECT_EQ(sw.drops(Reason::no_protocol), 2u);
}

struct Unknown6 {
  FrameBuilder frame;
  uint32_t pointer;
};

TEST_F(Local, I6_1_UnknownNextHeaderIsPointedAt) {
  const Unknown6 rows[] = {
      {to_gw6().protocol(253).zeros(8), 6},
      {to_gw6().protocol(1).zeros(8), 6},  // ICMP is none of IPv6's
      {to_gw6().extension(60).protocol(253).zeros(8), 40},
      {to_gw6().extension(0).extension(60).protocol(253).zeros(8), 48},
      {to_gw6().extension(51, std::vector<uint8_t>(14)).extension(60).protocol(253).zeros(8), 56},
      {to_gw6().extension(60, std::vector<uint8_t>(14)).protocol(253).zeros(8), 40},
  };
  for (const Unknown6& row : rows) {
    sw.advance(seconds(1));
    sw.send(a, row.frame);
    const Bytes out = only(a);
    EXPECT_EQ(told_by(out), (Told{4, 1}));
    EXPECT_EQ(icmp_rest(out), row.pointer);
  }
}

// RFC 8200 4.2: the two highest bits of its type say what to do with an option that is not known.
TEST_F(Local, I6_1_UnknownOptionsAreDroppedAsTheyAsk) {
  const auto with = [&](uint8_t header, uint8_t type) {
    return to_gw6().extension(header, Bytes{type, 4, 0, 0, 0, 0}).echo_request(7, 1);
  };
  for (const uint8_t header : {0, 60}) {
    for (const uint8_t type : {0x9e, 0xde}) {
      sw.advance(seconds(1));
      sw.send(a, with(header, type));
      const Bytes out = only(a);
      EXPECT_EQ(told_by(out), (Told{4, 2}));
      EXPECT_EQ(icmp_rest(out), 42u);
      EXPECT_EQ(sw.drops(Reason::bad_ip_option), 1u);
    }
    expect_silent_drop(with(header, 0x5e), Reason::bad_ip_option);
    sw.send(a, with(header, 0x1e));
    EXPECT_EQ(only(a), answer6().echo_reply(7, 1).bytes());
  }
}

TEST_F(Local, I6_1_TR16_OptionsThatLieAboutTheirLength) {
  expect_silent_drop(to_gw6().extension(60, Bytes{1, 5, 0, 0, 0, 0}).echo_request(7, 1),
                     Reason::bad_ip_option);
  expect_silent_drop(to_gw6().extension(60, Bytes{1, 3, 0, 0, 0, 1}).echo_request(7, 1),
                     Reason::bad_ip_option);
}

// RFC 8200 4.4: it names a type that is not spoken here, and this is not the end of its way.
TEST_F(Local, I6_1_RoutingHeadersWithHopsToGoArePointedAt) {
  sw.send(a, to_gw6().extension(43, Bytes{0, 1, 0, 0, 0, 0}).echo_request(7, 1));
  const Bytes out = only(a);
  EXPECT_EQ(told_by(out), (Told{4, 0}));
  EXPECT_EQ(icmp_rest(out), 42u);
  sw.send(a, to_gw6().extension(43, Bytes{0, 0, 0, 0, 0, 0}).echo_request(7, 1));
  EXPECT_EQ(only(a), answer6().echo_reply(7, 1).bytes());
}

TEST_F(Local, IC4_ResetsAndErrorsAreLimitedApart) {
  const auto answers = [&](auto packet, int tries) {
    int count = 0;
    for (int i = 0; i < tries; ++i) {
      sw.send(a, packet());
      count += static_cast<int>(sw.received(a).size());
    }
    return count;
  };
  const auto error = [&] { return to_gw().udp(1, 2); };
  const auto reset = [&] { return to_gw().tcp(1, 2).flags("S"); };
  EXPECT_EQ(answers(reset, 60), 50);
  EXPECT_EQ(answers(error, 10), 6);
  EXPECT_EQ(answers(reset, 10), 0);
  sw.advance(milliseconds(2));
  EXPECT_EQ(answers(reset, 10), 2);
  EXPECT_EQ(answers(error, 10), 0);
}

TEST_F(Local, I6_1_NoNextHeaderAsksNothing) {
  expect_silent_drop(to_gw6(), Reason::no_protocol);
  expect_silent_drop(to_gw6().extension(60), Reason::no_protocol);
}

TEST_F(Local, I6_3_EchoThroughExtensionHeaders) {
  sw.send(a, to_gw6().extension(0).extension(60).echo_request(7, 1).payload("data"));
  EXPECT_EQ(only(a), answer6().echo_reply(7, 1).payload("data").bytes());
}

TEST_F(Local, I6_3_IC_1_OtherMessagesAreNotAnswered) {
  for (const uint8_t type : {0, 3, 5, 9, 11, 12, 13, 17, 42, 255})
    expect_silent_drop(to_gw().icmp(type, 0).zeros(28), Reason::icmp_unhandled);
  for (const uint8_t type : {1, 2, 3, 4, 100, 127, 129, 130, 200, 255})
    expect_silent_drop(to_gw6().icmp(type, 0).zeros(48), Reason::icmp_unhandled);
}

// Errors about packets that it may never have sent change nothing.
TEST_F(Local, PM_3_TooBigToTheRouterIsIgnored) {
  expect_silent_drop(to_gw().icmp(3, 4, 576).zeros(28), Reason::icmp_unhandled);
  expect_silent_drop(to_gw6().icmp(2, 0, 1280).zeros(48), Reason::icmp_unhandled);
  sw.send(a, to_gw().echo_request(7, 1).zeros(1400));
  EXPECT_EQ(only(a).size(), 14u + 20 + 8 + 1400);
}

TEST_F(Local, IC_7_WrongChecksums) {
  expect_silent_drop(to_gw().echo_request(7, 1).l4_checksum(1), Reason::bad_l4_checksum);
  expect_silent_drop(to_gw().udp(1, 2).l4_checksum(1), Reason::bad_l4_checksum);
  expect_silent_drop(to_gw().tcp(1, 2).l4_checksum(1), Reason::bad_l4_checksum);
  expect_silent_drop(to_gw6().echo_request(7, 1).l4_checksum(1), Reason::bad_l4_checksum);
}

TEST_F(Local, TR_16_HeadersThatLieAboutTheirLength) {
  expect_silent_drop(to_gw().udp(1, 2).udp_length(9000), Reason::malformed_l4);
  expect_silent_drop(to_gw().udp(1, 2).udp_length(7), Reason::malformed_l4);
  expect_silent_drop(to_gw().tcp(1, 2).data_offset(4), Reason::malformed_l4);
  expect_silent_drop(to_gw().tcp(1, 2).data_offset(15), Reason::malformed_l4);
  expect_silent_drop(to_gw().protocol(1).zeros(7), Reason::malformed_l4);
  expect_silent_drop(to_gw6().protocol(58).zeros(7), Reason::malformed_l4);
}

TEST_F(Local, VH_3_SuperSegmentsToTheRouter) {
  sw.send(a, to_gw().tcp(1000, 80).seq(1).ack(7).pattern(5000).gso(1000));
  EXPECT_EQ(only(a),
            answer().dont_fragment().tcp(80, 1000).flags("R").seq(7).ack(0).window(0).bytes());
  sw.send(a, to_gw().udp(1000, 80).pattern(5000).gso(1000));
  const Bytes out = only(a);
  EXPECT_EQ(told_by(out), (Told{3, 3}));
  EXPECT_EQ(load_be16(&quote_of(out)[2]), 1028) << "the first segment";
}

}  // namespace
}  // namespace uswitch::test
