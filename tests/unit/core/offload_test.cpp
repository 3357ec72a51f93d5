#include "core/offload.h"

#include <gtest/gtest.h>

#include <ostream>

#include "core/layout.h"
#include "core/pool.h"
#include "tests/support/frame_builder.h"

namespace uswitch {
namespace {

using test::frame;
using test::FrameBuilder;
using test::mac;
using Gso = Offload::Gso;

FrameBuilder v4() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2");
}
FrameBuilder v6() {
  return frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2");
}

TEST(Offload, VH1_DecodesTheWireForm) {
  const uint8_t header[] = {1, 0x81, 0, 0, 0xa8, 0x05, 34, 0, 16, 0};
  Offload o = decode_offload(header);
  EXPECT_EQ(o.gso, Gso::tcp4);
  EXPECT_TRUE(o.ecn);
  EXPECT_TRUE(o.needs_checksum);
  EXPECT_EQ(o.segment_size, 1448);
  EXPECT_EQ(o.checksum_start, 34);
  EXPECT_EQ(o.checksum_offset, 16);
}

TEST(Offload, VH2_FlagsOtherThanNeedsChecksumAskForNothing) {
  const uint8_t header[] = {2 | 4 | 8, 0, 99, 0, 0xa8, 0x05, 34, 0, 16, 0};
  Offload o = decode_offload(header);
  EXPECT_FALSE(o.any());
  EXPECT_EQ(o.segment_size, 0);
}

TEST(Offload, VH2_UnknownSegmentationTypesAreRefusedByTheLayout) {
  for (uint8_t type : {2, 3, 6, 0x20, 0x21, 0x40, 0x25, 0x45}) {
    const uint8_t header[] = {1, type, 0, 0, 0xa8, 0x05, 34, 0, 16, 0};
    PacketPool pool(1);
    Packet& p = *pool.take();
    v4().tcp(1, 2).zeros(3000).store(p);
    p.offload = decode_offload(header);
    EXPECT_EQ(p.offload.gso, Gso::unknown) << int{type};
    EXPECT_EQ(parse_layout(p), Reason::bad_offload) << int{type};
  }
}

TEST(Offload, VH5_EncodesWithAHeaderLengthOfItsOwn) {
  struct {
    FrameBuilder frame;
    uint8_t expected[10];
  } rows[] = {
      {v4().tcp(1, 2).tcp_options(test::Bytes(12)).zeros(3000).gso(1448),
       {1, 1, 66, 0, 0xa8, 0x05, 34, 0, 16, 0}},
      {v4().tcp(1, 2).flags("AC").zeros(3000).gso(1448),
       {1, 0x81, 54, 0, 0xa8, 0x05, 34, 0, 16, 0}},
      {v6().tcp(1, 2).zeros(3000).gso(1428), {1, 4, 74, 0, 0x94, 0x05, 54, 0, 16, 0}},
      {v6().udp(1, 2).zeros(3000).gso(1400), {1, 5, 62, 0, 0x78, 0x05, 54, 0, 6, 0}},
      {v4().udp(1, 2).zeros(30).partial_checksum(), {1, 0, 0, 0, 0, 0, 34, 0, 6, 0}},
      {v4().udp(1, 2), {}},
  };
  for (const auto& row : rows) {
    PacketPool pool(1);
    Packet& p = *pool.take();
    row.frame.store(p);
    ASSERT_EQ(parse_layout(p), Reason::none);
    uint8_t header[10];
    encode_offload(p, header);
    EXPECT_EQ(test::Bytes(header, header + 10), test::Bytes(row.expected, row.expected + 10));
  }
}

struct Request {
  const char* name;
  FrameBuilder frame;
  Reason verdict;
  void (*change)(Offload&) = [](Offload&) {};
};

void PrintTo(const Request& row, std::ostream* out) {
  *out << row.name;
}

class OffloadRequest : public ::testing::TestWithParam<Request> {};

TEST_P(OffloadRequest, VH7_IsJudgedAgainstTheFrame) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  GetParam().frame.store(p);
  GetParam().change(p.offload);
  EXPECT_EQ(parse_layout(p), GetParam().verdict);
}

FrameBuilder tcp4() {
  return v4().tcp(1, 2).zeros(3000).gso(1448);
}
FrameBuilder udp4() {
  return v4().udp(1, 2).zeros(3000).gso(1448);
}

constexpr auto ok = Reason::none, bad = Reason::bad_offload;

INSTANTIATE_TEST_SUITE_P(
    Table, OffloadRequest,
    ::testing::Values(
        Request{"tcp4", tcp4(), ok}, Request{"udp4", udp4(), ok},
        Request{"tcp6", v6().tcp(1, 2).zeros(3000).gso(1428), ok},
        Request{"udp6", v6().udp(1, 2).zeros(3000).gso(1428), ok},
        Request{"tcp6_behind_extensions", v6().extension(60).tcp(1, 2).zeros(3000).gso(1400), ok},
        Request{"payload_below_segment_size", v4().tcp(1, 2).zeros(5).gso(1448), ok},
        Request{"checksum_tcp", v4().tcp(1, 2).partial_checksum(), ok},
        Request{"checksum_padded_udp", v4().udp(1, 2).partial_checksum().pad(60), ok},
        // A tunnel of the sender's own asks for the inner checksum.
        Request{"inner_checksum", v4().udp(1, 4789).zeros(100).partial_checksum(), ok,
                [](Offload& o) { o.checksum_start = 84, o.checksum_offset = 16; }},
        Request{"checksum_of_other_protocol", v4().protocol(47).zeros(8), ok,
                [](Offload& o) {
                  o = {.needs_checksum = true, .checksum_start = 34, .checksum_offset = 4};
                }},
        Request{"checksum_field_beyond_packet", v4().protocol(47).zeros(8), bad,
                [](Offload& o) {
                  o = {.needs_checksum = true, .checksum_start = 34, .checksum_offset = 7};
                }},
        Request{"checksum_field_in_padding", v4().protocol(47).zeros(8).pad(60), bad,
                [](Offload& o) {
                  o = {.needs_checksum = true, .checksum_start = 34, .checksum_offset = 7};
                }},
        Request{"checksum_start_in_ip_header", v4().tcp(1, 2).partial_checksum(), bad,
                [](Offload& o) { o.checksum_start = 33; }},
        Request{"checksum_start_beyond_frame", v4().tcp(1, 2).partial_checksum(), bad,
                [](Offload& o) { o.checksum_start = 54; }},
        Request{"checksum_start_beyond_kernels_reach",
                v4().tcp(1, 2).zeros(60000).partial_checksum(), bad,
                [](Offload& o) { o.checksum_start = 50000; }},
        Request{"checksum_sum_of_offsets_wraps", v4().tcp(1, 2).partial_checksum(), bad,
                [](Offload& o) { o.checksum_offset = 0xffff; }},
        Request{"tcp_checksum_at_udps_offset", v4().tcp(1, 2).partial_checksum(), bad,
                [](Offload& o) { o.checksum_offset = 6; }},
        Request{"udp_checksum_at_tcps_offset", v4().udp(1, 2).zeros(30).partial_checksum(), bad,
                [](Offload& o) { o.checksum_offset = 16; }},
        Request{"segment_size_zero", tcp4(), bad, [](Offload& o) { o.segment_size = 0; }},
        Request{"segment_size_absurdly_small", tcp4(), bad, [](Offload& o) { o.segment_size = 7; }},
        Request{"segment_size_reserved", tcp4(), bad, [](Offload& o) { o.segment_size = 0xffff; }},
        Request{"udp_segment_size_zero", udp4(), bad, [](Offload& o) { o.segment_size = 0; }},
        Request{"udp_128_segments", v4().udp(1, 2).zeros(1280).gso(10), ok},
        Request{"udp_129_segments", v4().udp(1, 2).zeros(1281).gso(10), bad},
        Request{"udp_with_ecn", udp4(), bad, [](Offload& o) { o.ecn = true; }},
        Request{"gso_without_checksum", tcp4(), bad, [](Offload& o) { o.needs_checksum = false; }},
        Request{"gso_with_checksum_elsewhere", tcp4(), bad,
                [](Offload& o) { o.checksum_start = 54; }},
        Request{"tcp4_is_udp", udp4(), bad, [](Offload& o) { o.gso = Gso::tcp4; }},
        Request{"tcp4_is_ipv6", v6().tcp(1, 2).zeros(3000).gso(1428), bad,
                [](Offload& o) { o.gso = Gso::tcp4; }},
        Request{"tcp6_is_ipv4", tcp4(), bad, [](Offload& o) { o.gso = Gso::tcp6; }},
        Request{"udp_is_tcp", tcp4(), bad, [](Offload& o) { o.gso = Gso::udp; }},
        Request{"gso_of_arp",
                frame().eth(mac(1), mac(2)).arp_request(mac(1), "10.0.0.1", "10.0.0.2"), bad,
                [](Offload& o) { o = {Gso::tcp4, false, true, 1448, 34, 16}; }},
        Request{"gso_of_fragment", v4().fragment(0, true).tcp(1, 2).zeros(3000).gso(1448), bad},
        Request{"gso_of_padded_packet", tcp4().pad(3100), bad},
        Request{"gso_of_malformed_tcp", tcp4().data_offset(4), bad},
        Request{"gso_of_malformed_ip", tcp4().ip_length(5000), bad},
        Request{"gso_udp_length_short", udp4().udp_length(100), bad}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace uswitch
