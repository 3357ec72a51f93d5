#include "nat/flow_tuple.h"

#include <gtest/gtest.h>

#include <ostream>

#include "core/layout.h"
#include "core/pool.h"
#include "tests/support/frame_builder.h"

namespace uswitch {
namespace {

using test::Bytes;
using test::frame;
using test::FrameBuilder;
using test::Ip;
using test::mac;
using Kind = FlowFields::Kind;

FrameBuilder v4() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2");
}
FrameBuilder v6() {
  return frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2");
}

FlowFields fields_of(const FrameBuilder& builder) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  builder.store(p);
  EXPECT_EQ(parse_layout(p), Reason::none);
  return flow_fields(p);
}

struct Row {
  const char* name;
  FrameBuilder frame;
  Kind kind;
  uint8_t protocol;
  uint16_t source_port = 0, destination_port = 0;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class FieldsOf : public ::testing::TestWithParam<Row> {};

TEST_P(FieldsOf, Frame) {
  const Row& row = GetParam();
  const FlowFields f = fields_of(row.frame);
  EXPECT_EQ(f.kind, row.kind);
  EXPECT_EQ(f.tuple.protocol, row.protocol);
  EXPECT_EQ(f.tuple.source_port, row.source_port);
  EXPECT_EQ(f.tuple.destination_port, row.destination_port);
  const bool is_v4 = row.frame.bytes()[12] == 0x08;
  EXPECT_EQ(f.tuple.source, Ip(is_v4 ? "10.0.0.1" : "fd00::1"));
  EXPECT_EQ(f.tuple.destination, Ip(is_v4 ? "10.0.0.2" : "fd00::2"));
}

const uint8_t four[4] = {1, 1, 1, 1};
const uint8_t hops_to_go[6] = {0, 1};

INSTANTIATE_TEST_SUITE_P(
    Table, FieldsOf,
    ::testing::Values(
        Row{"tcp4", v4().tcp(1, 2), Kind::tcp, 6, 1, 2},
        Row{"udp4_options", v4().ip_options(four).udp(1, 2), Kind::udp, 17, 1, 2},
        Row{"udp4_first_fragment", v4().fragment(0, true).udp(1, 2).udp_length(900).zeros(8),
            Kind::udp, 17, 1, 2},
        Row{"NG5_later_fragment4", v4().fragment(1480, true).protocol(17).zeros(16),
            Kind::fragment_later, 17},
        Row{"NG5_last_fragment4_of_a_byte", v4().fragment(1480, false).protocol(6).zeros(1),
            Kind::fragment_later, 6},
        Row{"CT11_echo4", v4().echo_request(77, 1), Kind::icmp_query, 1, 77, 8},
        Row{"CT11_echo_reply4", v4().echo_reply(77, 1), Kind::icmp_query, 1, 8, 77},
        Row{"CT11_timestamp", v4().icmp(13, 0, 77 << 16).zeros(12), Kind::icmp_query, 1, 77, 13},
        Row{"CT11_timestamp_reply", v4().icmp(14, 0, 77 << 16).zeros(12), Kind::icmp_query, 1, 13,
            77},
        Row{"CT11_information", v4().icmp(15, 0, 77 << 16), Kind::icmp_query, 1, 77, 15},
        Row{"CT11_information_reply", v4().icmp(16, 0, 77 << 16), Kind::icmp_query, 1, 15, 77},
        Row{"CT11_mask", v4().icmp(17, 0, 77 << 16).zeros(4), Kind::icmp_query, 1, 77, 17},
        Row{"CT11_mask_reply", v4().icmp(18, 0, 77 << 16).zeros(4), Kind::icmp_query, 1, 17, 77},
        Row{"I11_router_advertisement4", v4().icmp(9, 0), Kind::untrackable, 1},
        Row{"unreachable4", v4().icmp(3, 1), Kind::icmp_error, 1},
        Row{"source_quench", v4().icmp(4, 0), Kind::icmp_error, 1},
        Row{"redirect4", v4().icmp(5, 1), Kind::icmp_error, 1},
        Row{"time_exceeded4", v4().icmp(11, 0), Kind::icmp_error, 1},
        Row{"parameter_problem4", v4().icmp(12, 0), Kind::icmp_error, 1},
        Row{"sctp", v4().protocol(132).zeros(12), Kind::other, 132},
        Row{"esp_of_a_byte", v4().protocol(50).zeros(1), Kind::other, 50},
        Row{"icmp6_in_ipv4", v4().protocol(58).fill(8, 128), Kind::untrackable, 58},
        Row{"tcp6", v6().tcp(1, 2), Kind::tcp, 6, 1, 2},
        Row{"udp6_behind_extensions", v6().extension(0).extension(60).udp(1, 2), Kind::udp, 17, 1,
            2},
        Row{"echo6", v6().echo_request(77, 1), Kind::icmp_query, 58, 77, 128},
        Row{"echo_reply6", v6().echo_reply(77, 1), Kind::icmp_query, 58, 128, 77},
        Row{"unreachable6", v6().icmp(1, 0), Kind::icmp_error, 58},
        Row{"too_big6", v6().icmp(2, 0, 1280), Kind::icmp_error, 58},
        Row{"time_exceeded6", v6().icmp(3, 0), Kind::icmp_error, 58},
        Row{"parameter_problem6", v6().icmp(4, 0), Kind::icmp_error, 58},
        Row{"unknown_error6", v6().icmp(5, 0), Kind::untrackable, 58},
        Row{"I11_neighbour_discovery", v6().neighbor_solicitation("fd00::2"), Kind::untrackable,
            58},
        Row{"icmp4_in_ipv6", v6().protocol(1).fill(8, 8), Kind::untrackable, 1},
        Row{"tcp6_first_fragment", v6().fragment_header(0, true).tcp(1, 2), Kind::tcp, 6, 1, 2},
        Row{"tcp6_fragment_header_of_a_whole", v6().fragment_header(0, false).tcp(1, 2), Kind::tcp,
            6, 1, 2},
        Row{"NG5_later_fragment6", v6().fragment_header(1480, true).protocol(17).zeros(16),
            Kind::fragment_later, 17},
        Row{"routing_at_its_end", v6().extension(43).tcp(1, 2), Kind::tcp, 6, 1, 2},
        Row{"routing_with_hops_to_go", v6().extension(43, hops_to_go).tcp(1, 2), Kind::untrackable,
            43},
        Row{"no_next_header", v6(), Kind::other, 59}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(FlowFields, WhatIsNoIpBelongsToNoFlow) {
  EXPECT_EQ(fields_of(frame().eth(mac(1), mac(2)).arp_request(mac(1), "10.0.0.1", "10.0.0.2")).kind,
            Kind::untrackable);
  EXPECT_EQ(fields_of(v4().udp(1, 2).udp_length(7)).kind, Kind::untrackable);
  EXPECT_EQ(fields_of(v4().tcp(1, 2).data_offset(4)).kind, Kind::untrackable);
  EXPECT_EQ(fields_of(v6().udp(1, 2).ip_length(9999)).kind, Kind::untrackable);
}

TEST(FlowFields, MappedAddressesInIpv6AreNotTakenForIpv4) {
  const std::initializer_list<uint8_t> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  EXPECT_EQ(fields_of(v6().udp(1, 2)).kind, Kind::udp);
  EXPECT_EQ(fields_of(v6().udp(1, 2).set(22, mapped)).kind, Kind::untrackable);
  EXPECT_EQ(fields_of(v6().udp(1, 2).set(38, mapped)).kind, Kind::untrackable);
}

TEST(FlowFields, R6_3_ChainThatIsNotFollowedBelongsToNoFlow) {
  auto builder = v6();
  for (int i = 0; i < 8; ++i) builder.extension(60);
  auto eight = builder;
  EXPECT_EQ(fields_of(eight.udp(1, 2)).kind, Kind::udp);
  EXPECT_EQ(fields_of(builder.extension(60).udp(1, 2)).kind, Kind::untrackable);
}

TEST(FlowFields, NG5_FragmentsOfADatagramHaveOneId) {
  FlowFields f = fields_of(v4().ip_id(9).udp(1, 2));
  EXPECT_FALSE(f.fragment);
  f = fields_of(v4().ip_id(9).fragment(0, true).udp(1, 2).zeros(8));
  EXPECT_TRUE(f.fragment);
  EXPECT_EQ(f.fragment_id, 9u);
  f = fields_of(v4().ip_id(9).fragment(8, false).protocol(17).zeros(8));
  EXPECT_TRUE(f.fragment);
  EXPECT_EQ(f.fragment_id, 9u);
  f = fields_of(v6().fragment_header(0, true, 0x12345678).udp(1, 2).zeros(8));
  EXPECT_TRUE(f.fragment);
  EXPECT_EQ(f.fragment_id, 0x12345678u);
  f = fields_of(v6().fragment_header(8, false, 0x12345678).protocol(17).zeros(8));
  EXPECT_TRUE(f.fragment);
  EXPECT_EQ(f.fragment_id, 0x12345678u);
  EXPECT_FALSE(fields_of(v6().fragment_header(0, false).udp(1, 2)).fragment) << "RFC 6946";
}

TEST(FlowFields, CT11_ReplyHasTheEndsOfTheRequestExchanged) {
  const FlowFields request = fields_of(v4().echo_request(77, 1));
  const FlowFields reply =
      fields_of(frame().eth(mac(2), mac(1)).ipv4("10.0.0.2", "10.0.0.1").echo_reply(77, 1));
  EXPECT_FALSE(request.is_reply);
  EXPECT_TRUE(reply.is_reply);
  EXPECT_EQ(reply.tuple, request.tuple.reversed());
}

}  // namespace
}  // namespace uswitch
