// Segments are judged by tests/support/frame_check, which shares no code with core/gso.
#include "core/gso.h"

#include <gtest/gtest.h>

#include <ostream>

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
using test::mac;

FrameBuilder v4() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").ip_id(0xfffe).dont_fragment();
}
FrameBuilder v6() {
  return frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2");
}

Bytes bytes_of(const Packet& p) {
  return {p.data, p.data + p.length};
}

struct Cut {
  Bytes super;
  uint32_t headers = 0;
  uint32_t longest = 0;  // as segment_length says
  std::vector<Bytes> segments;
};

Cut cut(const FrameBuilder& builder) {
  PacketPool pool(2);
  Packet& super = *pool.take();
  builder.store(super);
  EXPECT_EQ(parse_layout(super), Reason::none);
  Cut result{bytes_of(super), gso_header_length(super), segment_length(super), {}};
  Segmenter segmenter(super);
  Packet* out = pool.take();
  for (; segmenter.next(*out); out = pool.take()) {
    EXPECT_FALSE(out->offload.any());
    EXPECT_EQ(out->headroom(), packet_headroom);
    Layout layout = out->layout;
    EXPECT_EQ(parse_layout(*out), Reason::none);
    EXPECT_EQ(out->layout.fault, Reason::none);
    EXPECT_EQ(layout.l4, out->layout.l4);
    EXPECT_EQ(layout.l3_end, out->layout.l3_end);
    result.segments.push_back(bytes_of(*out));
    pool.give_back(out);
  }
  EXPECT_FALSE(segmenter.next(*out));
  EXPECT_EQ(bytes_of(super), result.super) << "the super-segment was changed";
  return result;
}

struct Shape {
  const char* name;
  FrameBuilder frame;
  uint32_t headers, payload;
  uint16_t segment_size;
};

void PrintTo(const Shape& row, std::ostream* out) {
  *out << row.name;
}

class Gso : public ::testing::TestWithParam<Shape> {};

TEST_P(Gso, VH11_SegmentsAreSoundAndCarryThePayloadUnchanged) {
  const Shape& row = GetParam();
  FrameBuilder builder = row.frame;
  Cut c = cut(builder.pattern(row.payload).gso(row.segment_size));
  EXPECT_EQ(c.headers, row.headers);
  ASSERT_EQ(c.segments.size(), (row.payload + row.segment_size - 1) / row.segment_size);

  Bytes payload;
  size_t longest = 0;
  for (size_t i = 0; i < c.segments.size(); ++i) {
    const Bytes& s = c.segments[i];
    EXPECT_EQ(frame_fault(s), "") << "segment " << i;
    ASSERT_GT(s.size(), c.headers);
    bool last = i + 1 == c.segments.size();
    EXPECT_EQ(s.size() - c.headers, last ? row.payload - i * row.segment_size : row.segment_size);
    payload.insert(payload.end(), s.begin() + c.headers, s.end());
    longest = std::max(longest, s.size() - 14);
  }
  EXPECT_EQ(payload, Bytes(c.super.begin() + c.headers, c.super.end()));
  EXPECT_EQ(c.longest, longest);  // BR-9, TR-15
}

const uint8_t options[] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
const uint8_t router_alert[] = {0x94, 4, 0, 0};

INSTANTIATE_TEST_SUITE_P(
    Table, Gso,
    ::testing::Values(
        Shape{"tcp4", v4().tcp(1, 2), 54, 14480, 1460},
        Shape{"tcp4_last_segment_short", v4().tcp(1, 2), 54, 14481, 1460},
        Shape{"tcp4_odd_size", v4().tcp(1, 2), 54, 9999, 1001},
        Shape{"tcp4_one_segment", v4().tcp(1, 2), 54, 1460, 1460},
        Shape{"tcp4_below_one_segment", v4().tcp(1, 2), 54, 1, 1460},
        Shape{"tcp4_largest", v4().tcp(1, 2), 54, 65535 - 40, 1460},
        Shape{"tcp4_smallest_segments", v4().tcp(1, 2), 54, 800, 8},
        Shape{"tcp4_options", v4().tcp(1, 2).tcp_options(options), 66, 6000, 1448},
        Shape{"tcp4_ip_options", v4().ip_options(router_alert).tcp(1, 2), 58, 6000, 1456},
        Shape{"tcp6", v6().tcp(1, 2), 74, 14480, 1440},
        Shape{"tcp6_options", v6().tcp(1, 2).tcp_options(options), 86, 65535 - 32, 1428},
        Shape{"tcp6_extensions", v6().extension(0).extension(60).tcp(1, 2), 90, 6000, 1424},
        Shape{"udp4", v4().udp(1, 2), 42, 14001, 1400},
        Shape{"udp4_128_segments", v4().udp(1, 2), 42, 1280, 10},
        Shape{"udp6", v6().udp(1, 2), 62, 65535 - 8, 1452},
        Shape{"udp6_odd_size", v6().udp(1, 2), 62, 5000, 999}),
    [](const auto& row) { return std::string(row.param.name); });

unsigned be16(const Bytes& b, size_t at) {
  return b[at] * 256u + b[at + 1];
}

TEST(Gso, VH11_Ipv4IdCountsUpAndWraps) {
  for (const FrameBuilder& builder :
       {v4().tcp(1, 2).zeros(3000).gso(1000), v4().udp(1, 2).zeros(3000).gso(1000)}) {
    Cut c = cut(builder);
    EXPECT_EQ(be16(c.segments[0], 18), 0xfffe);
    EXPECT_EQ(be16(c.segments[1], 18), 0xffff);
    EXPECT_EQ(be16(c.segments[2], 18), 0x0000);
    for (const Bytes& s : c.segments) EXPECT_EQ(s[20], 0x40) << "DF is kept";
  }
}

TEST(Gso, VH11_TcpSequenceCountsPayloadBytesAndWraps) {
  Cut c = cut(v4().tcp(1, 2).seq(0xffffff00).zeros(600).gso(250));
  EXPECT_EQ(be16(c.segments[0], 38) << 16 | be16(c.segments[0], 40), 0xffffff00u);
  EXPECT_EQ(be16(c.segments[1], 38) << 16 | be16(c.segments[1], 40), 0xfffffffau);
  EXPECT_EQ(be16(c.segments[2], 38) << 16 | be16(c.segments[2], 40), 0x000000f4u);
}

TEST(Gso, VH11_TcpSegmentsCarryFinAndPshOnlyInTheLastAndCwrOnlyInTheFirst) {
  constexpr int fin_psh = 0x09, cwr = 0x80, ack_ece = 0x50;
  Cut c = cut(v6().tcp(1, 2).flags("FPAEC").zeros(3000).gso(1000));
  ASSERT_EQ(c.segments.size(), 3u);
  EXPECT_EQ(c.segments[0][67], ack_ece | cwr);
  EXPECT_EQ(c.segments[1][67], ack_ece);
  EXPECT_EQ(c.segments[2][67], ack_ece | fin_psh);
}

TEST(Gso, VH11_TcpSuperSegmentThatFitsOneKeepsAllFlags) {
  Cut c = cut(v4().tcp(1, 2).flags("FPAC").zeros(10).gso(1000));
  ASSERT_EQ(c.segments.size(), 1u);
  EXPECT_EQ(c.segments[0][47], 0x99);
}

// The sender sums the final destination, not the one in the header (RFC 8200 8.1).
TEST(Gso, VH3_TrustsThePseudoHeaderSumOfTheSender) {
  auto tcp = v6().tcp(1, 2).pattern(3000).gso(1000);
  auto to_final = frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::99").tcp(1, 2).pattern(3000);
  Bytes with_final_sum = to_final.gso(1000).bytes();
  Cut c = cut(tcp.l4_checksum(static_cast<uint16_t>(be16(with_final_sum, 70))));
  ASSERT_EQ(c.segments.size(), 3u);
  for (Bytes& s : c.segments) {
    EXPECT_EQ(frame_fault(s), "TCP checksum wrong");
    s[53] = 0x99;
    EXPECT_EQ(frame_fault(s), "");
  }
}

TEST(Gso, WithoutPayloadIsOneSegment) {
  Cut c = cut(v4().tcp(1, 2).gso(1000));
  ASSERT_EQ(c.segments.size(), 1u);
  EXPECT_EQ(frame_fault(c.segments[0]), "");
}

TEST(Gso, SegmentsKeepWhereTheFrameCameFrom) {
  PacketPool pool(2);
  Packet &super = *pool.take(), &out = *pool.take();
  v4().tcp(1, 2).zeros(3000).gso(1448).store(super);
  super.ingress = 7, super.network = 3, super.tci = 0xa000;
  ASSERT_EQ(parse_layout(super), Reason::none);
  ASSERT_TRUE(Segmenter(super).next(out));
  EXPECT_EQ(out.ingress, 7);
  EXPECT_EQ(out.network, 3);
  EXPECT_EQ(out.tci, 0xa000);
}

TEST(SegmentLength, BR9_IsThatOfThePacketWithoutSegmentation) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  v4().udp(1, 2).zeros(1472).store(p);
  ASSERT_EQ(parse_layout(p), Reason::none);
  EXPECT_EQ(segment_length(p), 1500u);
}

Bytes completed(const FrameBuilder& builder) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  builder.store(p);
  EXPECT_EQ(parse_layout(p), Reason::none);
  complete_checksum(p);
  EXPECT_FALSE(p.offload.needs_checksum);
  return bytes_of(p);
}

TEST(CompleteChecksum, VH3_MakesThePacketOneThatWasNeverPartial) {
  for (FrameBuilder whole :
       {v4().tcp(1, 2).pattern(1001), v4().udp(1, 2).pattern(1000), v6().tcp(1, 2).pattern(1),
        v6().udp(1, 2).pattern(1001), v6().extension(60).udp(1, 2).pattern(9)}) {
    Bytes expected = whole.bytes();
    EXPECT_EQ(frame_fault(expected), "");
    EXPECT_EQ(completed(whole.partial_checksum()), expected);
  }
}

TEST(CompleteChecksum, LeavesWhatIsCompleteAlone) {
  auto wrong = v4().udp(1, 2).l4_checksum(0x1234);
  EXPECT_EQ(completed(wrong), wrong.bytes());
}

TEST(CompleteChecksum, TR3_DoesNotSumEthernetPadding) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  v4().udp(1, 2).partial_checksum().pad(60).store(p);
  for (size_t i = 42; i < 60; ++i) p.data[i] = 0xa5;
  ASSERT_EQ(parse_layout(p), Reason::none);
  complete_checksum(p);
  EXPECT_EQ(frame_fault(bytes_of(p)), "");
}

// TR-2: the one payload word for which the sum is FFFF must not be sent as "no checksum".
TEST(CompleteChecksum, TR2_UdpZeroIsSentAsAllOnes) {
  unsigned all_ones = 0;
  PacketPool pool(1);
  for (unsigned word = 0; word < 0x10000; ++word) {
    Packet& p = *pool.take();
    uint8_t payload[] = {static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word)};
    v4().udp(1, 2).payload(payload).partial_checksum().store(p);
    ASSERT_EQ(parse_layout(p), Reason::none);
    complete_checksum(p);
    unsigned field = load_be16(p.data + 40);
    ASSERT_NE(field, 0u);
    all_ones += field == 0xffff;
    pool.give_back(&p);
  }
  EXPECT_EQ(all_ones, 1u);
}

}  // namespace
}  // namespace uswitch
