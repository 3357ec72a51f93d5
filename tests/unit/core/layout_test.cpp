#include "core/layout.h"

#include <gtest/gtest.h>

#include <ostream>

#include "core/pool.h"
#include "tests/support/frame_builder.h"

namespace uswitch {
namespace {

using test::frame;
using test::FrameBuilder;
using test::mac;

FrameBuilder eth() {
  return frame().eth(mac(1), mac(2));
}
FrameBuilder v4() {
  return eth().ipv4("10.0.0.1", "10.0.0.2");
}
FrameBuilder v6() {
  return eth().ipv6("fd00::1", "fd00::2");
}

struct Parsed {
  Reason verdict;
  Layout layout;
};

Parsed parse(const FrameBuilder& builder) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  builder.store(p);
  Reason verdict = parse_layout(p);
  return {verdict, p.layout};
}

struct Sound {
  const char* name;
  FrameBuilder frame;
  uint16_t ether_type, l4;
  uint32_t l3_end;
  uint8_t protocol;
  bool fragment = false;
};

void PrintTo(const Sound& row, std::ostream* out) {
  *out << row.name;
}

class LayoutOf : public ::testing::TestWithParam<Sound> {};

TEST_P(LayoutOf, SoundFrame) {
  const Sound& row = GetParam();
  auto [verdict, layout] = parse(row.frame);
  EXPECT_EQ(verdict, Reason::none);
  EXPECT_EQ(layout.fault, Reason::none) << info(layout.fault).name;
  EXPECT_EQ(layout.ether_type, row.ether_type);
  EXPECT_EQ(layout.l4, row.l4);
  EXPECT_EQ(layout.l3_end, row.l3_end);
  EXPECT_EQ(layout.protocol, row.protocol);
  EXPECT_EQ(layout.fragment, row.fragment);
}

const uint8_t four[4] = {1, 1, 1, 1};
const uint8_t fourteen[14] = {};

INSTANTIATE_TEST_SUITE_P(
    Table, LayoutOf,
    ::testing::Values(
        Sound{"udp4", v4().udp(1, 2).payload("hello"), 0x800, 34, 47, 17},
        Sound{"tcp4", v4().tcp(1, 2), 0x800, 34, 54, 6},
        Sound{"R4_2_padding_is_cut_off", v4().udp(1, 2).pad(60), 0x800, 34, 42, 17},
        Sound{"R4_12_ip_options", v4().ip_options(four).tcp(1, 2), 0x800, 38, 58, 6},
        Sound{"tcp_options", v4().tcp(1, 2).tcp_options(four).payload("x"), 0x800, 34, 59, 6},
        Sound{"icmp", v4().echo_request(1, 1), 0x800, 34, 42, 1},
        Sound{"unknown_protocol", v4().protocol(132).zeros(3), 0x800, 34, 37, 132},
        Sound{"first_fragment", v4().fragment(0, true).udp(1, 2).udp_length(2000).zeros(8), 0x800,
              34, 50, 17, true},
        Sound{"later_fragment", v4().fragment(1480, false).protocol(17).zeros(3), 0x800, 0, 37, 17,
              true},
        Sound{"udp6", v6().udp(1, 2).payload("hello"), 0x86dd, 54, 67, 17},
        Sound{"tcp6_padded", v6().tcp(1, 2).pad(90), 0x86dd, 54, 74, 6},
        Sound{"icmp6", v6().echo_request(1, 1), 0x86dd, 54, 62, 58},
        Sound{"R6_3_chain", v6().extension(0).extension(43).extension(60, fourteen).tcp(1, 2),
              0x86dd, 86, 106, 6},
        Sound{"R6_3_authentication", v6().extension(51, fourteen).udp(1, 2), 0x86dd, 70, 78, 17},
        Sound{"R6_3_no_next_header", v6(), 0x86dd, 0, 54, 59},
        Sound{"R6_3_esp", v6().protocol(50).zeros(20), 0x86dd, 54, 74, 50},
        Sound{"fragment6", v6().fragment_header(0, true).udp(1, 2).udp_length(2000).zeros(8),
              0x86dd, 62, 78, 17, true},
        Sound{"later_fragment6", v6().fragment_header(1480, false).protocol(17).zeros(3), 0x86dd, 0,
              65, 17, true},
        Sound{"fragment_header_of_a_whole_packet", v6().fragment_header(0, false).udp(1, 2), 0x86dd,
              62, 70, 17, true},
        Sound{"arp", eth().arp_request(mac(1), "10.0.0.1", "10.0.0.2"), 0x806, 0, 0, 0},
        Sound{"BR_10_length_field", eth().ether_type(0x5ff).zeros(46), 0, 0, 0, 0},
        Sound{"BR_10_unknown_type", eth().ether_type(0x88cc).zeros(1), 0x88cc, 0, 0, 0},
        Sound{"BR_10_smallest_frame", eth().ether_type(0x600), 0x600, 0, 0, 0},
        Sound{"VL_5_second_tag_is_payload", eth().vlan(5).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2),
              0x8100, 0, 0, 0}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Layout, R6_3_ChainOfMoreThanEightHeadersIsNotFollowed) {
  auto builder = v6();
  for (int i = 0; i < 8; ++i) builder.extension(60);
  auto eight = builder;
  EXPECT_EQ(parse(eight.udp(1, 2)).layout.l4, 54 + 64);
  auto [verdict, layout] = parse(builder.extension(60).udp(1, 2));
  EXPECT_EQ(verdict, Reason::none);
  EXPECT_EQ(layout.fault, Reason::none);
  EXPECT_EQ(layout.l4, 0);
}

TEST(Layout, VH12_LargestPacketFits) {
  auto layout = parse(v4().udp(1, 2).zeros(65535 - 28)).layout;
  EXPECT_EQ(layout.l3_end, 65549u);
  EXPECT_EQ(layout.fault, Reason::none);
}

TEST(Layout, BR10_ShorterThanEthernet) {
  for (size_t length = 0; length < 14; ++length)
    EXPECT_EQ(parse(v4().udp(1, 2).truncate(length)).verdict, Reason::frame_too_short);
}

struct Lie {
  const char* name;
  FrameBuilder frame;
  Reason fault;
};

void PrintTo(const Lie& row, std::ostream* out) {
  *out << row.name;
}

class LayoutOfLie : public ::testing::TestWithParam<Lie> {};

// The frame can still be bridged, but no stage may rely on the header.
TEST_P(LayoutOfLie, TR16_IsRecordedNotReturned) {
  auto [verdict, layout] = parse(GetParam().frame);
  EXPECT_EQ(verdict, Reason::none);
  EXPECT_EQ(layout.fault, GetParam().fault);
}

constexpr auto l3 = Reason::malformed_l3, l4 = Reason::malformed_l4;

INSTANTIATE_TEST_SUITE_P(
    Table, LayoutOfLie,
    ::testing::Values(
        Lie{"R4_1_total_length_beyond_frame", v4().udp(1, 2).ip_length(29), l3},
        Lie{"R4_1_total_length_below_header", v4().udp(1, 2).ip_length(19), l3},
        Lie{"R4_1_ihl_4", v4().udp(1, 2).ihl(4), l3},
        Lie{"R4_1_ihl_beyond_total", v4().udp(1, 2).ihl(15), l3},
        Lie{"R4_1_version", v4().udp(1, 2).ip_version(5), l3},
        Lie{"R4_1_header_cut", v4().truncate(33), l3},
        Lie{"no_ip_header", eth().ether_type(0x800), l3},
        Lie{"R6_1_payload_beyond_frame", v6().udp(1, 2).ip_length(9), l3},
        Lie{"ipv6_version", v6().udp(1, 2).ip_version(4), l3},
        Lie{"ipv6_header_cut", v6().truncate(53), l3},
        Lie{"jumbo_length_zero", v6().extension(0).udp(1, 2).ip_length(0), l3},
        Lie{"extension_beyond_packet", v6().extension(60).set(55, {1}), l3},
        Lie{"extension_cut", v6().extension(60).truncate(61).ip_length(7), l3},
        Lie{"authentication_beyond_packet", v6().extension(51).set(55, {2}), l3},
        Lie{"fragment_header_cut", v6().protocol(44).zeros(7), l3},
        Lie{"udp_length_beyond_packet", v4().udp(1, 2).udp_length(9), l4},
        Lie{"udp_length_counts_padding", v4().udp(1, 2).udp_length(26).pad(60), l4},
        Lie{"udp_length_below_header", v4().udp(1, 2).udp_length(7), l4},
        Lie{"udp_header_cut", v4().protocol(17).zeros(7), l4},
        Lie{"first_fragment_udp_length", v4().fragment(0, true).udp(1, 2).udp_length(7), l4},
        Lie{"first_fragment_udp_cut", v4().fragment(0, true).protocol(17).zeros(4), l4},
        Lie{"tcp_offset_4", v4().tcp(1, 2).data_offset(4), l4},
        Lie{"tcp_offset_beyond_packet", v6().tcp(1, 2).data_offset(6), l4},
        Lie{"tcp_header_cut", v4().protocol(6).zeros(19), l4},
        Lie{"tcp_header_missing", v6().protocol(6), l4},
        Lie{"icmp_cut", v4().protocol(1).zeros(7), l4},
        Lie{"icmp6_cut", v6().protocol(58).zeros(7), l4},
        Lie{"ARP_1_cut", eth().arp_request(mac(1), "10.0.0.1", "10.0.0.2").truncate(41), l3},
        Lie{"ARP_1_hardware_type",
            eth().arp_request(mac(1), "10.0.0.1", "10.0.0.2").set(14, {0, 6}), l3},
        Lie{"ARP_1_protocol_type",
            eth().arp_request(mac(1), "10.0.0.1", "10.0.0.2").set(16, {8, 6}), l3},
        Lie{"ARP_1_lengths", eth().arp_request(mac(1), "10.0.0.1", "10.0.0.2").set(18, {6, 16}),
            l3},
        Lie{"ARP_1_operation", eth().arp(3, mac(1), "10.0.0.1", mac(2), "10.0.0.2"), l3}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace uswitch
