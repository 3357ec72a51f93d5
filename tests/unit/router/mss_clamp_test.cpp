#include "router/mss_clamp.h"

#include <gtest/gtest.h>

#include <ostream>

#include "core/gso.h"
#include "core/layout.h"
#include "core/pool.h"
#include "tests/support/frame_builder.h"
#include "tests/support/frame_check.h"

namespace uswitch {
namespace {

using test::Bytes;
using test::frame;
using test::frame_fault;
using test::FrameBuilder;
using test::mac;

FrameBuilder v4(std::string_view flags, const Bytes& options) {
  return frame()
      .eth(mac(1), mac(2))
      .ipv4("10.0.0.1", "10.0.0.2")
      .tcp(1, 2)
      .flags(flags)
      .tcp_options(options);
}
FrameBuilder v6(std::string_view flags, const Bytes& options) {
  return frame()
      .eth(mac(1), mac(2))
      .ipv6("fd00::1", "fd00::2")
      .tcp(1, 2)
      .flags(flags)
      .tcp_options(options);
}

Bytes clamped(const FrameBuilder& builder, uint16_t mtu, bool complete = false) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  builder.store(p);
  EXPECT_EQ(parse_layout(p), Reason::none);
  clamp_mss(p, mtu);
  if (complete) complete_checksum(p);
  return {p.data, p.data + p.length};
}

const Bytes mss_1460 = {2, 4, 5, 0xb4}, mss_1360 = {2, 4, 5, 0x50}, mss_1340 = {2, 4, 5, 0x3c};

TEST(MssClamp, PM4_SynAndSynAckGetTheMtuLessFortyOrSixty) {
  for (const char* flags : {"S", "SA", "SEC", "SF"}) {
    EXPECT_EQ(clamped(v4(flags, mss_1460), 1400), v4(flags, mss_1360).bytes()) << flags;
    EXPECT_EQ(clamped(v6(flags, mss_1460), 1400), v6(flags, mss_1340).bytes()) << flags;
  }
}

TEST(MssClamp, PM4_OtherSegmentsKeepIt) {
  for (const char* flags : {"A", "FA", "R", "PA"})
    EXPECT_EQ(clamped(v4(flags, mss_1460), 1400), v4(flags, mss_1460).bytes()) << flags;
}

TEST(MssClamp, PM4_TR15_IsOnlyLowered) {
  EXPECT_EQ(clamped(v4("S", mss_1360), 1400), v4("S", mss_1360).bytes());
  EXPECT_EQ(clamped(v4("S", mss_1360), 1500), v4("S", mss_1360).bytes());
  EXPECT_EQ(clamped(v4("S", mss_1360), 65535), v4("S", mss_1360).bytes());
  EXPECT_EQ(clamped(v4("S", {2, 4, 0, 0}), 1400), v4("S", {2, 4, 0, 0}).bytes());
  EXPECT_EQ(clamped(v4("S", {2, 4, 0xff, 0xff}), 1400), v4("S", mss_1360).bytes());
}

TEST(MssClamp, PM4_NoneIsAdded) {
  EXPECT_EQ(clamped(v4("S", {}), 1400), v4("S", {}).bytes());
  EXPECT_EQ(clamped(v4("S", {3, 3, 7, 1}), 1400), v4("S", {3, 3, 7, 1}).bytes());
}

TEST(MssClamp, AnMtuBelowTheHeadersDoesNothing) {
  for (const uint16_t mtu : {0, 39, 40})
    EXPECT_EQ(clamped(v4("S", mss_1460), mtu), v4("S", mss_1460).bytes());
}

struct Options {
  const char* name;
  Bytes before, after;
};

void PrintTo(const Options& row, std::ostream* out) {
  *out << row.name;
}

class MssOptions : public ::testing::TestWithParam<Options> {};

// The checksum must be that of the options behind, whatever they are: full, undone, and wrong.
TEST_P(MssOptions, PM4_ChecksumFollows) {
  const Options& row = GetParam();
  for (const auto build : {v4, v6}) {
    const FrameBuilder before = build("S", row.before);
    const Bytes after = clamped(before, build == v4 ? 1400 : 1420);
    const Bytes expected = build("S", row.after).bytes();
    EXPECT_EQ(after, expected);
    EXPECT_EQ(frame_fault(after), "");

    auto undone = before;
    undone.partial_checksum();
    auto expected_undone = build("S", row.after);
    EXPECT_EQ(clamped(undone, build == v4 ? 1400 : 1420),
              expected_undone.partial_checksum().bytes());
    EXPECT_EQ(clamped(undone, build == v4 ? 1400 : 1420, true), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, MssOptions,
    ::testing::Values(
        Options{"first", {2, 4, 5, 0xb4, 4, 2}, {2, 4, 5, 0x50, 4, 2}},
        Options{"odd_offset", {1, 2, 4, 5, 0xb4}, {1, 2, 4, 5, 0x50}},
        Options{"odd_offset_both_bytes", {1, 2, 4, 0xff, 0xff, 1}, {1, 2, 4, 5, 0x50, 1}},
        Options{"offset_two", {1, 1, 2, 4, 0x23, 0x28}, {1, 1, 2, 4, 5, 0x50}},
        Options{"behind_others", {3, 3, 7, 4, 2, 2, 4, 5, 0xb4}, {3, 3, 7, 4, 2, 2, 4, 5, 0x50}},
        Options{"at_the_very_end", {1, 1, 1, 1, 2, 4, 5, 0xb4}, {1, 1, 1, 1, 2, 4, 5, 0x50}},
        Options{"twice", {2, 4, 5, 0xb4, 2, 4, 5, 0xb4}, {2, 4, 5, 0x50, 2, 4, 5, 0x50}},
        Options{"behind_the_end", {0, 0, 0, 0, 2, 4, 5, 0xb4}, {0, 0, 0, 0, 2, 4, 5, 0xb4}},
        Options{"TR16_length_three", {2, 3, 5, 1, 1, 1, 1, 1}, {2, 3, 5, 1, 1, 1, 1, 1}},
        Options{"TR16_length_eight", {2, 8, 9, 9, 9, 9, 9, 9}, {2, 8, 9, 9, 9, 9, 9, 9}},
        Options{"TR16_cut_off_by_the_header", {1, 1, 2, 4}, {1, 1, 2, 4}},
        Options{"TR16_kind_without_length", {1, 1, 1, 2}, {1, 1, 1, 2}},
        Options{"TR16_behind_length_zero", {9, 0, 2, 4, 5, 0xb4}, {9, 0, 2, 4, 5, 0xb4}},
        Options{"TR16_behind_length_one", {9, 1, 2, 4, 5, 0xb4}, {9, 1, 2, 4, 5, 0xb4}},
        Options{"TR16_behind_one_beyond_the_header", {9, 9, 2, 4, 5, 0xb4}, {9, 9, 2, 4, 5, 0xb4}}),
    [](const auto& row) { return std::string(row.param.name); });

// How much the second field is above the first, in one's complement.
unsigned above(const Bytes& a, const Bytes& b) {
  const unsigned low = a[50] * 256u + a[51], high = b[50] * 256u + b[51];
  return (high + 0xffff - low) % 0xffff;
}

TEST(MssClamp, NG3_AWrongChecksumStaysWrongByTheSame) {
  for (const Bytes& options : {mss_1460, Bytes{1, 2, 4, 5, 0xb4}}) {
    const FrameBuilder right = v4("S", options);
    FrameBuilder wrong = right;
    wrong.l4_checksum(0x1234);
    const Bytes after = clamped(wrong, 1400);
    EXPECT_EQ(frame_fault(after), "TCP checksum wrong");
    EXPECT_EQ(above(clamped(right, 1400), after), above(right.bytes(), wrong.bytes()));
  }
}

// Every MSS above the limit, at both offsets.
TEST(MssClamp, TR3_ChecksumIsRightForEveryValue) {
  for (unsigned mss = 0; mss < 0x10000; mss += 7) {
    const auto high = static_cast<uint8_t>(mss >> 8), low = static_cast<uint8_t>(mss);
    ASSERT_EQ(frame_fault(clamped(v4("S", {2, 4, high, low}), 1400)), "") << mss;
    ASSERT_EQ(frame_fault(clamped(v4("S", {1, 2, 4, high, low}), 1400)), "") << mss;
  }
}

TEST(MssClamp, TouchesNothingButSoundTcp) {
  auto malformed = v4("S", mss_1460).data_offset(7);
  auto udp = frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).fill(40, 2);
  auto later =
      frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").fragment(8, false).protocol(6);
  auto arp = frame().eth(mac(1), mac(2)).arp_request(mac(1), "10.0.0.1", "10.0.0.2");
  for (const FrameBuilder& builder : {malformed, udp, later.fill(40, 2), arp})
    EXPECT_EQ(clamped(builder, 1400), builder.bytes());
}

}  // namespace
}  // namespace uswitch
