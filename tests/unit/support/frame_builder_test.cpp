#include "tests/support/frame_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/pool.h"
#include "tests/support/naive_checksum.h"

namespace uswitch::test {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

Bytes slice(const Bytes& b, size_t from, size_t count) {
  return {b.begin() + static_cast<ptrdiff_t>(from),
          b.begin() + static_cast<ptrdiff_t>(from + count)};
}

// Worked examples from outside the project, so that builder and checker cannot agree on a mistake.
TEST(NaiveChecksum, Rfc1071Example) {
  const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(naive_sum(bytes), 0xddf2);
}

TEST(FrameBuilder, Ipv4HeaderChecksum) {
  auto b = frame().eth(mac(1), mac(2)).ipv4("192.168.0.1", "192.168.0.199").dont_fragment();
  auto bytes = b.protocol(17).ip_length(0x73).bytes();
  EXPECT_THAT(slice(bytes, 14, 20), ElementsAre(0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8,
                                                0x61, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7));
}

TEST(FrameBuilder, TaggedUdpByHand) {
  auto bytes = frame()
                   .eth(mac(1), mac(2))
                   .vlan(10, 5)
                   .ipv4("10.0.0.1", "10.0.0.2")
                   .udp(1, 2)
                   .payload("hi")
                   .bytes();
  const uint8_t expected[] = {2, 0, 0,    0, 0, 2,  2, 0, 0, 0, 0,  1,  0x81, 0x00, 0xa0, 10,
                              8, 0, 0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0x66, 0xcd, 10,   0,
                              0, 1, 10,   0, 0, 2,  0, 1, 0, 2, 0,  10, 0x83, 0x6b, 'h',  'i'};
  EXPECT_THAT(bytes, ElementsAreArray(expected));
}

TEST(FrameBuilder, Ipv6TcpSumsToZero) {
  auto bytes =
      frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2").tcp(1, 2).payload("odd").bytes();
  auto all = std::span<const uint8_t>(bytes);
  EXPECT_EQ(bytes.size(), 14u + 40 + 20 + 3);
  EXPECT_EQ(naive_sum(all.subspan(54), naive_pseudo_sum(all.subspan(22, 32), 6, 23)), 0xffff);
}

TEST(FrameBuilder, LiesLeaveTheRestRight) {
  auto honest = frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi");
  auto lying = honest;
  auto a = honest.bytes(), b = lying.udp_length(9).l4_checksum(0).bytes();
  EXPECT_THAT(slice(b, 0, 38), ElementsAreArray(slice(a, 0, 38)));
  EXPECT_THAT(slice(b, 38, 4), ElementsAre(0, 9, 0, 0));
}

TEST(FrameBuilder, PaddingIsOutsideTheIpPacket) {
  auto b = frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).pad(60).bytes();
  EXPECT_EQ(b.size(), 60u);
  EXPECT_THAT(slice(b, 16, 2), ElementsAre(0, 28));
}

TEST(FrameBuilder, ExtensionHeadersAreChained) {
  auto b = frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2").extension(0);
  auto bytes = b.fragment_header(0, true, 7).udp(1, 2).bytes();
  EXPECT_EQ(bytes[20], 0);
  EXPECT_THAT(slice(bytes, 54, 16), ElementsAre(44, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 7));
}

TEST(FrameBuilder, VH3_PartialChecksumIsThePseudoHeaderSum) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).zeros(3000).gso(1448).store(p);
  EXPECT_EQ(p.length, 14u + 20 + 20 + 3000);
  EXPECT_EQ(p.offload.gso, Offload::Gso::tcp4);
  EXPECT_EQ(p.offload.checksum_start, 34);
  EXPECT_EQ(p.offload.checksum_offset, 16);
  // 0a00+0001+0a00+0002+0006+(20+3000)
  EXPECT_EQ(p.data[50] * 256 + p.data[51], 0x0a00 + 1 + 0x0a00 + 2 + 6 + 3020);
}

TEST(FrameBuilder, RefusesWhatDoesNotParse) {
  EXPECT_THROW(frame().eth("02:00", mac(1)), std::invalid_argument);
  EXPECT_THROW(frame().eth(mac(1), mac(1)).ipv4("10.0.0", "10.0.0.1"), std::invalid_argument);
}

}  // namespace
}  // namespace uswitch::test
