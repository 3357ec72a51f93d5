// What a kernel's vxlan leaves unfinished where no wire carries it, and what only looks a bit like
// that.
#include "tunnel/unfinished.h"

#include <gtest/gtest.h>

#include "tests/support/frame_builder.h"

namespace uswitch {
namespace {

using test::frame;
using test::FrameBuilder;
using test::mac;

constexpr uint16_t mtu = 1450;

FrameBuilder v4() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2");
}
FrameBuilder v6() {
  return frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2");
}

std::optional<Offload> of(const FrameBuilder& f, uint16_t limit = mtu) {
  return unfinished(f.bytes(), limit);
}

// As the kernel itself would have said it.
void expect_known(const FrameBuilder& f) {
  const auto found = of(f);
  ASSERT_TRUE(found);
  const Offload said = f.offload();
  EXPECT_TRUE(found->needs_checksum);
  EXPECT_EQ(found->checksum_start, said.checksum_start);
  EXPECT_EQ(found->checksum_offset, said.checksum_offset);
  EXPECT_EQ(found->gso, Offload::Gso::none);
}

TEST(Unfinished, UnfinishedChecksumsAreKnown) {
  expect_known(v4().tcp(1, 2).pattern(100).partial_checksum());
  expect_known(v6().tcp(1, 2).pattern(1).partial_checksum());
  expect_known(v4().udp(1, 2).pattern(100).partial_checksum());
  expect_known(v6().udp(1, 2).pattern(8000).partial_checksum());  // too long, and stays so
  expect_known(v4().tcp(1, 2).pattern(1410).partial_checksum());  // as much as fits
  expect_known(v4().udp(1, 2).pattern(4).partial_checksum().pad(60));
}

TEST(Unfinished, TR1_FinishedAndDamagedOnesStayWhatTheyAre) {
  for (const auto& f : {v4().tcp(1, 2), v6().tcp(1, 2), v4().udp(1, 2), v6().udp(1, 2)}) {
    EXPECT_FALSE(of(FrameBuilder(f).pattern(100)));
    EXPECT_FALSE(of(FrameBuilder(f).pattern(100).l4_checksum(0x1234)));
  }
  EXPECT_FALSE(of(v4().udp(1, 2).pattern(100).l4_checksum(0)));  // none at all
}

TEST(Unfinished, OnlyTcpAndUdpOfWholePackets) {
  EXPECT_FALSE(of(v4().echo_request(1, 1).pattern(100)));
  EXPECT_FALSE(of(v4().fragment(0, true).udp(1, 2).pattern(96).partial_checksum()));
  EXPECT_FALSE(of(v6().fragment_header(0, true).udp(1, 2).pattern(96).partial_checksum()));
  EXPECT_FALSE(of(v4().tcp(1, 2).partial_checksum().truncate(40)));
  EXPECT_FALSE(of(frame().eth(mac(1), mac(2)).arp_request(mac(1), "10.0.0.1", "10.0.0.2")));
  EXPECT_FALSE(of(v4().tcp(1, 2).partial_checksum().truncate(13)));
}

TEST(Unfinished, TR6_TcpThatIsTooLongIsToBeCutToTheMtu) {
  const auto four = of(v4().tcp(1, 2).pattern(1411).partial_checksum());
  ASSERT_TRUE(four);
  EXPECT_EQ(four->gso, Offload::Gso::tcp4);
  EXPECT_EQ(four->segment_size, 1410);
  EXPECT_FALSE(four->ecn);
  const uint8_t timestamp[12] = {1, 1, 8, 10};
  const auto six =
      of(v6().tcp(1, 2).tcp_options(timestamp).flags("AC").pattern(60000).partial_checksum());
  ASSERT_TRUE(six);
  EXPECT_EQ(six->gso, Offload::Gso::tcp6);
  EXPECT_EQ(six->segment_size, mtu - 40 - 20 - 12);
  EXPECT_TRUE(six->ecn);
}

TEST(Unfinished, WithoutAnMtuThatLeavesRoomNothingIsCut) {
  const FrameBuilder f = v4().tcp(1, 2).pattern(3000).partial_checksum();
  for (const uint16_t limit : {0, 20, 40}) {
    const auto found = of(f, limit);
    ASSERT_TRUE(found) << limit;
    EXPECT_EQ(found->gso, Offload::Gso::none) << limit;
  }
  EXPECT_EQ(of(f, 41)->segment_size, 1);
}

}  // namespace
}  // namespace uswitch
