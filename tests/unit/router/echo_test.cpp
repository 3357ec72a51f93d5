#include "router/echo.h"

#include <gtest/gtest.h>

#include "core/fragment.h"
#include "core/layout.h"
#include "core/pool.h"
#include "router/own_packet.h"
#include "tests/support/frame_builder.h"
#include "tests/support/frame_check.h"

namespace uswitch {
namespace {

using test::Bytes;
using test::frame;
using test::frame_fault;
using test::FrameBuilder;
using test::Ip;
using test::mac;

FrameBuilder v4(const Ip& source = "10.0.0.1", const Ip& destination = "10.0.0.254") {
  return frame().eth(mac(1), mac(2)).ipv4(source, destination).ip_id(77).tos(0x10);
}
FrameBuilder v6(const Ip& source = "fd00::1", const Ip& destination = "fd00::fe") {
  return frame().eth(mac(1), mac(2)).ipv6(source, destination);
}

Bytes reply(const FrameBuilder& builder) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  builder.store(p);
  EXPECT_EQ(parse_layout(p), Reason::none);
  turn_into_echo_reply(p, destination_of(p));
  EXPECT_FALSE(p.offload.any());
  const Layout layout = p.layout;
  EXPECT_EQ(parse_layout(p), Reason::none);
  EXPECT_EQ(p.layout.fault, Reason::none);
  EXPECT_EQ(p.layout.l4, layout.l4);
  EXPECT_EQ(p.layout.l3_end, layout.l3_end);
  return {p.data, p.data + p.length};
}

// The builder makes the expected reply from nothing, so every checksum is computed afresh.
TEST(Echo, R4_11_ThePingedAddressAnswersWithTheSameData) {
  for (const size_t size : {0, 1, 2, 56, 57, 1472, 65507}) {
    const Bytes expected =
        v4("10.0.0.254", "10.0.0.1").ttl(64).echo_reply(0x1234, 9).pattern(size).bytes();
    for (const uint8_t ttl : {0, 1, 64, 255}) {
      const Bytes r = reply(v4().ttl(ttl).echo_request(0x1234, 9).pattern(size));
      EXPECT_EQ(r, expected) << size << " bytes, TTL " << int{ttl};
      EXPECT_EQ(frame_fault(r), "");
    }
  }
}

TEST(Echo, R4_11_I61_Ipv6) {
  for (const size_t size : {0, 1, 57, 1452, 65487}) {
    const Bytes r = reply(v6().ttl(3).echo_request(0x1234, 9).pattern(size));
    EXPECT_EQ(r, v6("fd00::fe", "fd00::1").ttl(64).echo_reply(0x1234, 9).pattern(size).bytes());
    EXPECT_EQ(frame_fault(r), "");
  }
}

TEST(Echo, TR3_PaddingIsNotSummed) {
  auto padded = v4().echo_request(1, 2).payload("x");
  padded.pad(60);
  const Bytes r = reply(padded);
  EXPECT_EQ(frame_fault(r), "");
  EXPECT_EQ(r.size(), 60u);
}

TEST(Echo, TR3_ChecksumIsRightWhateverItWas) {
  for (unsigned word = 0; word < 0x10000; word += 5) {
    const uint8_t payload[] = {static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word)};
    ASSERT_EQ(frame_fault(reply(v4().echo_request(1, 2).payload(payload))), "") << word;
  }
}

// RFC 1624's update gives zero here, which is no checksum of zeros.
TEST(Echo, TR3_AReplyOfNothingButZerosIsSound) {
  for (const size_t size : {0, 1, 8, 57}) {
    const Bytes r = reply(v4().echo_request(0, 0).zeros(size));
    EXPECT_EQ(frame_fault(r), "");
    EXPECT_EQ(r, v4("10.0.0.254", "10.0.0.1").ttl(64).echo_reply(0, 0).zeros(size).bytes());
    EXPECT_EQ(frame_fault(reply(v6().echo_request(0, 0).zeros(size))), "");
  }
}

TEST(Echo, NG3_AWrongChecksumStaysWrong) {
  EXPECT_EQ(frame_fault(reply(v4().echo_request(1, 2).l4_checksum(0x1234))), "ICMP checksum wrong");
  EXPECT_EQ(frame_fault(reply(v6().echo_request(1, 2).l4_checksum(0x1234))),
            "ICMPv6 checksum wrong");
}

TEST(Echo, R4_12_Ipv4OptionsStay) {
  const uint8_t record_route[] = {7, 7, 4, 0, 0, 0, 0};
  const Bytes r = reply(v4().ip_options(record_route).echo_request(1, 2).pattern(9));
  EXPECT_EQ(
      r, v4("10.0.0.254", "10.0.0.1").ip_options(record_route).echo_reply(1, 2).pattern(9).bytes());
}

TEST(Echo, R6_3_Ipv6ExtensionHeadersAreTakenOut) {
  for (const FrameBuilder& request : {v6().extension(0).extension(60).echo_request(1, 2).pattern(9),
                                      v6().fragment_header(0, false).echo_request(1, 2).pattern(9)})
    EXPECT_EQ(reply(request), v6("fd00::fe", "fd00::1").echo_reply(1, 2).pattern(9).bytes());
}

TEST(Echo, VH3_AnUndoneChecksumIsCompleted) {
  auto request = v6().echo_request(1, 2).pattern(9);
  EXPECT_EQ(reply(request.partial_checksum()),
            v6("fd00::fe", "fd00::1").echo_reply(1, 2).pattern(9).bytes());
}

}  // namespace
}  // namespace uswitch
