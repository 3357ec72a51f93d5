// Errors are judged by tests/support/frame_check, which shares no code with the router.
#include "router/icmp_error.h"

#include <gtest/gtest.h>

#include <ostream>

#include "core/gso.h"
#include "core/layout.h"
#include "core/pool.h"
#include "tests/support/frame_builder.h"
#include "tests/support/frame_check.h"
#include "wire/bytes.h"

namespace uswitch {
namespace {

using test::Bytes;
using test::frame;
using test::frame_fault;
using test::FrameBuilder;
using test::Ip;
using test::mac;

constexpr auto f4 = Family::v4, f6 = Family::v6;

FrameBuilder eth() {
  return frame().eth(mac(1), mac(2));
}
FrameBuilder v4(const Ip& source = "10.0.0.1", const Ip& destination = "192.0.2.9") {
  return eth().ipv4(source, destination);
}
FrameBuilder v6(const Ip& source = "fd00::1", const Ip& destination = "2001:db8::9") {
  return eth().ipv6(source, destination);
}

// Whether

struct Case {
  const char* name;
  FrameBuilder frame;
  bool answered;
};

void PrintTo(const Case& row, std::ostream* out) {
  *out << row.name;
}

bool may(const FrameBuilder& builder, const IcmpError& error) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  builder.store(p);
  EXPECT_EQ(parse_layout(p), Reason::none);
  return may_answer(p, error);
}

const test::Mac broadcast = "ff:ff:ff:ff:ff:ff", multicast = "33:33:00:00:00:01";

class MayAnswer4 : public ::testing::TestWithParam<Case> {};

TEST_P(MayAnswer4, IC1) {
  EXPECT_EQ(may(GetParam().frame, icmp_error::ttl_exceeded(f4)), GetParam().answered);
  EXPECT_EQ(may(GetParam().frame, icmp_error::too_big(f4, 1400)), GetParam().answered);
}

INSTANTIATE_TEST_SUITE_P(
    Table, MayAnswer4,
    ::testing::Values(
        Case{"udp", v4().udp(1, 2), true}, Case{"tcp", v4().tcp(1, 2), true},
        Case{"tcp_super_segment", v4().tcp(1, 2).zeros(3000).gso(1000), true},
        Case{"unknown_protocol", v4().protocol(132).zeros(4), true},
        Case{"no_payload", v4().protocol(17), true},
        Case{"malformed_udp", v4().udp(1, 2).udp_length(9), true},
        Case{"echo_request", v4().echo_request(1, 1), true},
        Case{"echo_reply", v4().echo_reply(1, 1), true}, Case{"timestamp", v4().icmp(13, 0), true},
        Case{"timestamp_reply", v4().icmp(14, 0), true},
        Case{"router_discovery", v4().icmp(10, 0), true},
        Case{"icmp_unreachable", v4().icmp(3, 1), false},
        Case{"icmp_source_quench", v4().icmp(4, 0), false},
        Case{"icmp_redirect", v4().icmp(5, 1), false},
        Case{"icmp_time_exceeded", v4().icmp(11, 0), false},
        Case{"icmp_parameter_problem", v4().icmp(12, 0), false},
        Case{"icmp_unknown_type", v4().icmp(42, 0), false},
        Case{"icmp_type_255", v4().icmp(255, 0), false},
        Case{"icmp_without_type", v4().protocol(1), false},
        Case{"icmp_cut_after_type", v4().protocol(1).payload("\x08"), true},
        Case{"icmpv6_is_only_a_protocol", v4().protocol(58).payload("\x01"), true},
        Case{"first_fragment", v4().fragment(0, true).udp(1, 2).udp_length(2000).zeros(8), true},
        Case{"first_fragment_of_an_error", v4().fragment(0, true).icmp(3, 3).zeros(8), false},
        Case{"later_fragment", v4().fragment(1480, true).protocol(17).zeros(16), false},
        Case{"last_fragment", v4().fragment(1480, false).protocol(17).zeros(3), false},
        Case{"failing_R4_1", v4().udp(1, 2).ip_length(29), false},
        Case{"link_broadcast",
             frame().eth(mac(1), broadcast).ipv4("10.0.0.1", "192.0.2.9").udp(1, 2), false},
        Case{"link_multicast",
             frame().eth(mac(1), multicast).ipv4("10.0.0.1", "192.0.2.9").udp(1, 2), false},
        Case{"to_multicast", v4("10.0.0.1", "224.0.0.5").udp(1, 2), false},
        Case{"to_multicast_end", v4("10.0.0.1", "239.255.255.255").udp(1, 2), false},
        Case{"to_broadcast", v4("10.0.0.1", "255.255.255.255").udp(1, 2), false},
        Case{"to_old_broadcast", v4("10.0.0.1", "0.0.0.0").udp(1, 2), false},
        Case{"from_zero", v4("0.0.0.0").udp(1, 2), false},
        Case{"from_zero_net", v4("0.1.2.3").udp(1, 2), false},
        Case{"from_loopback", v4("127.0.0.1").udp(1, 2), false},
        Case{"from_below_multicast", v4("223.255.255.255").udp(1, 2), true},
        Case{"from_multicast", v4("224.0.0.1").udp(1, 2), false},
        Case{"from_class_e", v4("240.0.0.1").udp(1, 2), false},
        Case{"from_broadcast", v4("255.255.255.255").udp(1, 2), false},
        Case{"arp", eth().arp_request(mac(1), "10.0.0.1", "10.0.0.2"), false},
        Case{"no_ip", eth().ether_type(0x88cc).zeros(46), false}),
    [](const auto& row) { return std::string(row.param.name); });

// With each of the two errors that may answer a group (4443 2.4 e.3) and with one that may not.
struct Case6 {
  const char* name;
  FrameBuilder frame;
  bool answered, too_big_answered;
};

void PrintTo(const Case6& row, std::ostream* out) {
  *out << row.name;
}

class MayAnswer6 : public ::testing::TestWithParam<Case6> {};

TEST_P(MayAnswer6, I62) {
  const Case6& row = GetParam();
  const IcmpError option_problem{4, 2, 40}, field_problem{4, 0, 40};
  EXPECT_EQ(may(row.frame, icmp_error::ttl_exceeded(f6)), row.answered);
  EXPECT_EQ(may(row.frame, field_problem), row.answered);
  EXPECT_EQ(may(row.frame, icmp_error::too_big(f6, 1400)), row.too_big_answered);
  EXPECT_EQ(may(row.frame, option_problem), row.too_big_answered);
}

FrameBuilder to_group() {
  return frame().eth(mac(1), multicast).ipv6("fd00::1", "ff0e::1");
}
FrameBuilder long_chain() {
  auto builder = v6();
  for (int i = 0; i < 9; ++i) builder.extension(60);
  return builder;
}

INSTANTIATE_TEST_SUITE_P(
    Table, MayAnswer6,
    ::testing::Values(
        Case6{"udp", v6().udp(1, 2), true, true},
        Case6{"tcp_super_segment", v6().tcp(1, 2).zeros(3000).gso(1000), true, true},
        Case6{"no_next_header", v6(), true, true},
        Case6{"echo_request", v6().echo_request(1, 1), true, true},
        Case6{"neighbor_solicitation", v6().neighbor_solicitation("fd00::3"), true, true},
        Case6{"unknown_informational", v6().icmp(200, 0), true, true},
        Case6{"icmp_unreachable", v6().icmp(1, 0), false, false},
        Case6{"icmp_too_big", v6().icmp(2, 0), false, false},
        Case6{"icmp_unknown_error", v6().icmp(100, 0), false, false},
        Case6{"icmp_last_error", v6().icmp(127, 0), false, false},
        Case6{"icmp_redirect", v6().redirect("fd00::3", "fd00::4"), false, false},
        Case6{"error_behind_extensions", v6().extension(0).extension(60).icmp(3, 0), false, false},
        Case6{"icmp_without_type", v6().protocol(58), false, false},
        Case6{"udp_behind_extensions", v6().extension(0).extension(60).udp(1, 2), true, true},
        Case6{"headers_that_do_not_show_what_it_is", long_chain().icmp(1, 0), false, false},
        Case6{"extension_beyond_packet", v6().extension(60).set(55, {1}), false, false},
        Case6{"first_fragment", v6().fragment_header(0, true).udp(1, 2).udp_length(2000).zeros(8),
              true, true},
        Case6{"first_fragment_of_an_error", v6().fragment_header(0, true).icmp(1, 0).zeros(8),
              false, false},
        Case6{"PM2_later_fragment", v6().fragment_header(1280, false).protocol(17).zeros(3), true,
              true},
        Case6{"to_multicast", to_group().udp(1, 2), false, true},
        Case6{"error_to_multicast", to_group().icmp(1, 0), false, false},
        Case6{"link_multicast", frame().eth(mac(1), multicast).ipv6("fd00::1", "fd00::2").udp(1, 2),
              false, true},
        Case6{"from_unspecified", v6("::").udp(1, 2), false, false},
        Case6{"from_loopback", v6("::1").udp(1, 2), false, false},
        Case6{"from_multicast", v6("ff02::1").udp(1, 2), false, false},
        Case6{"from_ipv4_mapped", v6("::ffff:10.0.0.1").udp(1, 2), false, false},
        Case6{"from_link_local", v6("fe80::1").udp(1, 2), true, true}),
    [](const auto& row) { return std::string(row.param.name); });

// What

struct Answer {
  Bytes frame;
  Bytes quote;  // from the quoted IP header on
  uint8_t type, code;
  uint32_t rest;
};

Answer answer(const FrameBuilder& builder, const IcmpError& error, const Ip& source) {
  PacketPool pool(2);
  Packet &offending = *pool.take(), &out = *pool.take();
  builder.store(offending);
  EXPECT_EQ(parse_layout(offending), Reason::none);
  const Bytes before(offending.data, offending.data + offending.length);
  write_icmp_error(offending, error, source, out);
  EXPECT_EQ(Bytes(offending.data, offending.data + offending.length), before);
  EXPECT_EQ(frame_fault(out.frame()), "");
  EXPECT_FALSE(out.offload.any());
  EXPECT_EQ(out.headroom(), packet_headroom);
  EXPECT_EQ(out.layout.fault, Reason::none);
  EXPECT_EQ(out.layout.l3_end, out.length);
  const bool v6_answer = out.data[12] == 0x86;
  EXPECT_EQ(out.layout.l4, v6_answer ? 54 : 34);
  const uint8_t* icmp = out.data + out.layout.l4;
  const uint8_t* end = out.data + out.length;
  return {Bytes(out.data, out.data + out.length), Bytes(icmp + 8, end), icmp[0], icmp[1],
          load_be32(icmp + 4)};
}

Answer answer4(const FrameBuilder& builder) {
  return answer(builder, icmp_error::ttl_exceeded(f4), "10.0.0.254");
}
Answer answer6(const FrameBuilder& builder) {
  return answer(builder, icmp_error::ttl_exceeded(f6), "fd00::fe");
}

Bytes ip_packet(const FrameBuilder& builder, size_t at_most = max_frame) {
  const Bytes b = builder.bytes();
  return {b.begin() + 14,
          b.begin() + static_cast<std::ptrdiff_t>(std::min(b.size(), 14 + at_most))};
}

TEST(IcmpError, IC3_GoesFromTheRouterToTheSource) {
  const Answer a = answer4(v4().udp(1, 2).pattern(10));
  EXPECT_EQ(Bytes(a.frame.begin(), a.frame.begin() + 12), Bytes(12, 0)) << "MAC addresses";
  const Bytes expected = {0x45, 0xc0, 0, 66, 0, 0, 0x40, 0, 64, 1};
  EXPECT_EQ(Bytes(&a.frame[14], &a.frame[24]), expected);
  const Bytes addresses = {10, 0, 0, 254, 10, 0, 0, 1};
  EXPECT_EQ(Bytes(&a.frame[26], &a.frame[34]), addresses);
  EXPECT_EQ(a.type, 11);
  EXPECT_EQ(a.code, 0);
  EXPECT_EQ(a.rest, 0u);
  EXPECT_EQ(a.quote, ip_packet(v4().udp(1, 2).pattern(10)));
}

TEST(IcmpError, I61_GoesFromTheRouterToTheSource) {
  const Answer a = answer6(v6().tos(0xb8).udp(1, 2).pattern(10));
  EXPECT_EQ(a.frame.size(), 14u + 40 + 8 + 58);
  const Bytes expected = {0x60, 0, 0, 0, 0, 66, 58, 64};
  EXPECT_EQ(Bytes(&a.frame[14], &a.frame[22]), expected);
  EXPECT_EQ(IpAddress::load6(&a.frame[22]), Ip("fd00::fe"));
  EXPECT_EQ(IpAddress::load6(&a.frame[38]), Ip("fd00::1"));
  EXPECT_EQ(a.type, 3);
  EXPECT_EQ(a.quote, ip_packet(v6().tos(0xb8).udp(1, 2).pattern(10)));
}

TEST(IcmpError, IC3_TosIsTheOriginalsWithPrecedenceSix) {
  EXPECT_EQ(answer4(v4().tos(0x10).udp(1, 2)).frame[15], 0xd0);
  EXPECT_EQ(answer4(v4().tos(0xb8).udp(1, 2)).frame[15], 0xd8);
  EXPECT_EQ(answer4(v4().tos(0x03).udp(1, 2)).frame[15], 0xc0) << "ECN is not copied";
}

TEST(IcmpError, IC2_QuotesUpTo576Bytes) {
  for (const size_t size : {0, 1, 519, 520, 521, 1472, 65507}) {
    const auto offending = v4().udp(1, 2).pattern(size);
    const Answer a = answer4(offending);
    EXPECT_EQ(a.frame.size(), 14 + std::min<size_t>(576, 28 + 28 + size));
    EXPECT_EQ(a.quote, ip_packet(offending, 548));
  }
}

TEST(IcmpError, I62_QuotesUpTo1280Bytes) {
  for (const size_t size : {0, 1, 1183, 1184, 1185, 1452, 65487}) {
    const auto offending = v6().udp(1, 2).pattern(size);
    const Answer a = answer6(offending);
    EXPECT_EQ(a.frame.size(), 14 + std::min<size_t>(1280, 48 + 48 + size));
    EXPECT_EQ(a.quote, ip_packet(offending, 1232));
  }
}

TEST(IcmpError, IC2_QuotesThePacketAsReceivedWithOptionsAndWrongChecksums) {
  const uint8_t options[] = {0x94, 4, 0, 0};
  const auto offending =
      v4().ttl(1).ip_options(options).ip_checksum(0x1234).udp(1, 2).l4_checksum(0x5678).pattern(7);
  EXPECT_EQ(answer4(offending).quote, ip_packet(offending));
}

TEST(IcmpError, R4_2_TR3_PaddingIsNotQuoted) {
  const auto offending = v4().udp(1, 2).payload("x");
  auto padded = offending;
  EXPECT_EQ(answer4(padded.pad(60)).quote, ip_packet(offending));
}

TEST(IcmpError, IC2_TheQuoteOfAnUnfinishedChecksumIsFinished) {
  for (const size_t size : {0, 1, 700, 2001}) {
    const auto whole4 = v4().udp(1, 2).pattern(size);
    auto partial4 = whole4;
    EXPECT_EQ(answer4(partial4.partial_checksum()).quote, ip_packet(whole4, 548));
    const auto whole6 = v6().tcp(1, 2).pattern(size);
    auto partial6 = whole6;
    EXPECT_EQ(answer6(partial6.partial_checksum().pad(100)).quote, ip_packet(whole6, 1232));
  }
}

// The first segment as core/gso cuts it, which the segmenter's own tests judge.
Bytes first_segment(const FrameBuilder& builder, size_t at_most) {
  PacketPool pool(2);
  Packet &super = *pool.take(), &out = *pool.take();
  builder.store(super);
  EXPECT_EQ(parse_layout(super), Reason::none);
  EXPECT_TRUE(Segmenter(super).next(out));
  EXPECT_EQ(frame_fault(out.frame()), "");
  return {out.data + 14, out.data + std::min<size_t>(out.length, 14 + at_most)};
}

TEST(IcmpError, IC2_OfASuperSegmentTheFirstSegmentIsQuoted) {
  for (const FrameBuilder& super :
       {v4().tcp(1, 2).flags("FPA").pattern(30000).gso(1448), v4().tcp(1, 2).pattern(3000).gso(100),
        v4().udp(1, 2).pattern(3000).gso(1001), v4().tcp(1, 2).pattern(65000).gso(60000)}) {
    const Answer a = answer4(super);
    EXPECT_EQ(a.quote, first_segment(super, 548));
    EXPECT_EQ(load_be16(&a.quote[2]), first_segment(super, max_frame).size());
  }
  const auto super = v6().tcp(1, 2).flags("FPA").pattern(30000).gso(1428);
  EXPECT_EQ(answer6(super).quote, first_segment(super, 1232));
}

TEST(IcmpError, IC2_AFragmentIsQuotedAsOne) {
  const auto offending = v4().fragment(0, true).udp(1, 2).udp_length(3000).pattern(800);
  EXPECT_EQ(answer4(offending).quote, ip_packet(offending, 548));
}

// Which

TEST(IcmpError, IC5_NumbersOfIpv4) {
  using namespace icmp_error;
  EXPECT_EQ(no_route(f4), (IcmpError{3, 0, 0}));
  EXPECT_EQ(host_unreachable(f4), (IcmpError{3, 1, 0}));
  EXPECT_EQ(protocol_unreachable(f4), (IcmpError{3, 2, 0}));
  EXPECT_EQ(port_unreachable(f4), (IcmpError{3, 3, 0}));
  EXPECT_EQ(source_route_failed(), (IcmpError{3, 5, 0}));
  EXPECT_EQ(prohibited(f4), (IcmpError{3, 13, 0}));
  EXPECT_EQ(ttl_exceeded(f4), (IcmpError{11, 0, 0}));
  EXPECT_EQ(reassembly_timeout(f4), (IcmpError{11, 1, 0}));
  EXPECT_EQ(parameter_problem(f4, 22), (IcmpError{12, 0, 22u << 24}));
}

TEST(IcmpError, I61_NumbersOfIpv6) {
  using namespace icmp_error;
  EXPECT_EQ(no_route(f6), (IcmpError{1, 0, 0}));
  EXPECT_EQ(prohibited(f6), (IcmpError{1, 1, 0}));
  EXPECT_EQ(beyond_scope(), (IcmpError{1, 2, 0}));
  EXPECT_EQ(host_unreachable(f6), (IcmpError{1, 3, 0}));
  EXPECT_EQ(port_unreachable(f6), (IcmpError{1, 4, 0}));
  EXPECT_EQ(ttl_exceeded(f6), (IcmpError{3, 0, 0}));
  EXPECT_EQ(reassembly_timeout(f6), (IcmpError{3, 1, 0}));
  EXPECT_EQ(parameter_problem(f6, 48), (IcmpError{4, 0, 48}));
  EXPECT_EQ(protocol_unreachable(f6, 6), (IcmpError{4, 1, 6}));
}

TEST(IcmpError, FR1_PM2_TooBigSaysTheMtuButNeverLessThanEveryLinkHas) {
  using icmp_error::too_big;
  EXPECT_EQ(too_big(f4, 1400), (IcmpError{3, 4, 1400}));
  EXPECT_EQ(too_big(f4, 0), (IcmpError{3, 4, 68}));
  EXPECT_EQ(too_big(f4, 70000), (IcmpError{3, 4, 65535}));
  EXPECT_EQ(too_big(f6, 1400), (IcmpError{2, 0, 1400}));
  EXPECT_EQ(too_big(f6, 1000), (IcmpError{2, 0, 1280}));
  EXPECT_EQ(answer(v4().udp(1, 2), too_big(f4, 1400), "10.0.0.254").rest, 1400u);
  EXPECT_EQ(answer(v6().udp(1, 2), too_big(f6, 1400), "fd00::fe").rest, 1400u);
}

TEST(IcmpError, R4_12_PointsAtTheByteInBits24To31) {
  const Answer a = answer(v4().udp(1, 2), icmp_error::parameter_problem(f4, 21), "10.0.0.254");
  EXPECT_EQ(a.frame[38], 21);
  EXPECT_EQ(a.rest, 21u << 24);
}

}  // namespace
}  // namespace uswitch
