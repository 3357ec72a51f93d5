#include "nat/tcp_segment.h"

#include <gtest/gtest.h>

#include <vector>

namespace uswitch {
namespace {

std::vector<uint8_t> header(std::vector<uint8_t> options, size_t payload = 0,
                            uint8_t flags = 0x10) {
  std::vector<uint8_t> bytes{0x04, 0xd2, 0x00, 0x50,  0,    0,    0x10, 0, 0, 0,
                             0x20, 0,    0,    flags, 0x12, 0x34, 0,    0, 0, 0};
  options.resize((options.size() + 3) / 4 * 4);
  bytes[12] = static_cast<uint8_t>((5 + options.size() / 4) << 4);
  bytes.insert(bytes.end(), options.begin(), options.end());
  bytes.resize(bytes.size() + payload);
  return bytes;
}

TcpSegment segment(const std::vector<uint8_t>& bytes) {
  return tcp_segment(*TcpView::parse(bytes));
}

TEST(TcpSegment, FieldsAreRead) {
  const TcpSegment s = segment(header({}, 7));
  EXPECT_EQ(s.sequence, 0x1000u);
  EXPECT_EQ(s.acknowledgment, 0x2000u);
  EXPECT_EQ(s.sack_end, 0x2000u);
  EXPECT_EQ(s.window, 0x1234);
  EXPECT_EQ(s.length, 7u);
  EXPECT_EQ(s.scale, -1);
  EXPECT_EQ(s.end(), 0x1007u);
}

TEST(TcpSegment, SynAndFinTakeANumberEach) {
  EXPECT_EQ(segment(header({}, 3, TcpView::Flag::syn)).end(), 0x1004u);
  EXPECT_EQ(segment(header({}, 3, TcpView::Flag::fin | TcpView::Flag::ack)).end(), 0x1004u);
}

TEST(TcpSegment, CT5_ScaleIsAtMost14) {
  EXPECT_EQ(segment(header({1, 3, 3, 7})).scale, 7);
  EXPECT_EQ(segment(header({2, 4, 5, 180, 3, 3, 200})).scale, 14);
}

TEST(TcpSegment, TR10_HighestSackEdgeCounts) {
  const auto s = segment(header({1, 1, 5,    18, 0, 0, 0x30, 0, 0, 0, 0x40, 0,  //
                                 0, 0, 0x50, 0,  0, 0, 0x60, 0}));
  EXPECT_EQ(s.sack_end, 0x6000u);
  EXPECT_EQ(segment(header({1, 1, 5, 10, 0, 0, 0x10, 0, 0, 0, 0x18, 0})).sack_end, 0x2000u);
}

TEST(TcpSegment, TR16_OptionsThatLieEndTheList) {
  EXPECT_EQ(segment(header({3, 0, 3, 7})).scale, -1);
  EXPECT_EQ(segment(header({8, 40, 3, 3, 7})).scale, -1);
  EXPECT_EQ(segment(header({1, 1, 1, 3})).scale, -1);
  EXPECT_EQ(segment(header({0, 3, 3, 7})).scale, -1);
  EXPECT_EQ(segment(header({3, 2, 1, 1})).scale, -1);
  EXPECT_EQ(segment(header({5, 6, 0xff, 0xff, 0xff, 0xff})).sack_end, 0x2000u);
}

}  // namespace
}  // namespace uswitch
