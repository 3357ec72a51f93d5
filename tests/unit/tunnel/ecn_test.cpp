// RFC 6040 and RFC 2983: STANDARDS ECN-1, ECN-2, VX-12.
#include "tunnel/ecn.h"

#include <gtest/gtest.h>

#include "tests/support/frame_builder.h"
#include "tests/support/frame_check.h"

namespace uswitch {
namespace {

using test::Bytes;
using test::frame;
using test::frame_fault;
using test::FrameBuilder;
using test::mac;

FrameBuilder v4(uint8_t tos) {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").tos(tos).udp(1, 2);
}
FrameBuilder v6(uint8_t traffic_class) {
  return frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2").tos(traffic_class).udp(1, 2);
}
Bytes no_ip() {
  return frame().eth(mac(1), mac(2)).ether_type(0x88b5).fill(50, 0x45).bytes();
}

TEST(OuterClass, ECN1_EcnIsCopied) {
  for (uint8_t ecn = 0; ecn < 4; ++ecn) {
    EXPECT_EQ(outer_traffic_class(v4(ecn).bytes(), {}), ecn);
    EXPECT_EQ(outer_traffic_class(v6(ecn).bytes(), {}), ecn);
  }
}

TEST(OuterClass, VX12_DscpIsCopiedOrFixedAndEcnCopiedEitherWay) {
  EXPECT_EQ(outer_traffic_class(v4(0xb9).bytes(), {}), 0xb9);
  EXPECT_EQ(outer_traffic_class(v6(0xb9).bytes(), {}), 0xb9);
  EXPECT_EQ(outer_traffic_class(v4(0xb9).bytes(), uint8_t{10}), 10 << 2 | 1);
  EXPECT_EQ(outer_traffic_class(v6(0xba).bytes(), uint8_t{0}), 2);
  EXPECT_EQ(outer_traffic_class(v6(0xba).bytes(), uint8_t{63}), 0xfe);
}

TEST(OuterClass, ECN1_WhatIsNotIpIsNotEct) {
  EXPECT_EQ(outer_traffic_class(no_ip(), {}), 0);
  EXPECT_EQ(outer_traffic_class(no_ip(), uint8_t{10}), 10 << 2);
  EXPECT_EQ(outer_traffic_class(v4(0xff).ip_version(5).bytes(), {}), 0);
  EXPECT_EQ(outer_traffic_class(v4(0xff).truncate(33).bytes(), {}), 0);
  EXPECT_EQ(outer_traffic_class(v4(0xff).truncate(14).bytes(), {}), 0);
}

constexpr auto drop = std::optional<Ecn>();
constexpr auto n = std::optional(Ecn::not_ect), e0 = std::optional(Ecn::ect0),
               e1 = std::optional(Ecn::ect1), ce = std::optional(Ecn::ce);

// RFC 6040 figure 4, rows: inner; columns: outer Not-ECT, ECT(0), ECT(1), CE.
struct Row {
  Ecn inner;
  std::optional<Ecn> outer[4];
};
constexpr Ecn columns[] = {Ecn::not_ect, Ecn::ect0, Ecn::ect1, Ecn::ce};
constexpr Row matrix[] = {{Ecn::not_ect, {n, n, n, drop}},
                          {Ecn::ect0, {e0, e0, e1, ce}},
                          {Ecn::ect1, {e1, e1, e1, ce}},
                          {Ecn::ce, {ce, ce, ce, ce}}};

uint8_t number(Ecn e) {
  return static_cast<uint8_t>(e);
}

TEST(Decapsulated, ECN2_AllCells) {
  for (const Row& row : matrix) {
    for (size_t c = 0; c < 4; ++c) EXPECT_EQ(decapsulated(row.inner, columns[c]), row.outer[c]);
  }
}

TEST(Decapsulated, ECN2_AllCellsInFramesAndNothingElseChanges) {
  for (const auto& made : {v4, v6}) {
    for (const Row& row : matrix) {
      for (size_t c = 0; c < 4; ++c) {
        Bytes f = made(static_cast<uint8_t>(0xb8 | number(row.inner))).bytes();
        const auto outer = static_cast<uint8_t>(0x50 | number(columns[c]));
        ASSERT_EQ(apply_outer_ecn(f, outer), row.outer[c].has_value());
        const Ecn after = row.outer[c].value_or(row.inner);
        EXPECT_EQ(f, made(static_cast<uint8_t>(0xb8 | number(after))).bytes());
        EXPECT_EQ(frame_fault(f), "");
      }
    }
  }
}

TEST(Decapsulated, ECN2_AWrongHeaderChecksumStaysAsWrong) {
  Bytes f = v4(2).ip_checksum(0x1234).bytes();
  ASSERT_TRUE(apply_outer_ecn(f, 3));
  EXPECT_EQ(f[15], 3);
  EXPECT_NE(frame_fault(f), "");
}

TEST(Decapsulated, ECN2_WhatIsNotIpIsLeftAlone) {
  const Bytes before = no_ip();
  Bytes f = before;
  for (uint8_t outer = 0; outer < 4; ++outer) EXPECT_TRUE(apply_outer_ecn(f, outer));
  EXPECT_EQ(f, before);
}

}  // namespace
}  // namespace uswitch
