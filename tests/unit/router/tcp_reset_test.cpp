#include "router/tcp_reset.h"

#include <gtest/gtest.h>

#include <optional>

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
using test::Ip;
using test::mac;

FrameBuilder v4(const Ip& source = "10.0.0.1", const Ip& destination = "10.0.0.254") {
  return frame().eth(mac(1), mac(2)).ipv4(source, destination);
}
FrameBuilder v6(const Ip& source = "fd00::1", const Ip& destination = "fd00::fe") {
  return frame().eth(mac(1), mac(2)).ipv6(source, destination);
}
// As the router sends them: no MAC addresses yet.
FrameBuilder own() {
  return frame().eth(MacAddress{}, MacAddress{});
}
FrameBuilder own4() {
  return own().ipv4("10.0.0.254", "10.0.0.1").dont_fragment();
}
FrameBuilder own6() {
  return own().ipv6("fd00::fe", "fd00::1");
}

std::optional<Bytes> reset(const FrameBuilder& builder) {
  PacketPool pool(2);
  Packet &offending = *pool.take(), &out = *pool.take();
  builder.store(offending);
  EXPECT_EQ(parse_layout(offending), Reason::none);
  if (!write_tcp_reset(offending, out)) {
    EXPECT_EQ(out.length, 0u);
    return std::nullopt;
  }
  EXPECT_EQ(frame_fault(out.frame()), "");
  EXPECT_EQ(out.layout.fault, Reason::none);
  EXPECT_EQ(out.layout.l3_end, out.length);
  return Bytes{out.data, out.data + out.length};
}

Bytes expected(FrameBuilder ip, std::string_view flags, uint32_t seq, uint32_t ack) {
  return ip.tcp(80, 4242).flags(flags).seq(seq).ack(ack).window(0).bytes();
}

TEST(TcpReset, R4_13_AcknowledgesTheSynWithoutAck) {
  EXPECT_EQ(reset(v4().tcp(4242, 80).flags("S").seq(1000)), expected(own4(), "RA", 0, 1001));
  EXPECT_EQ(reset(v6().tcp(4242, 80).flags("S").seq(1000)), expected(own6(), "RA", 0, 1001));
}

TEST(TcpReset, R4_13_TakesTheAckForItsSequenceNumber) {
  EXPECT_EQ(reset(v4().tcp(4242, 80).flags("SA").seq(5).ack(777)), expected(own4(), "R", 777, 0));
  EXPECT_EQ(reset(v6().tcp(4242, 80).flags("PA").seq(5).ack(777).pattern(99)),
            expected(own6(), "R", 777, 0));
}

TEST(TcpReset, R4_13_CountsPayloadSynAndFin) {
  const uint8_t options[] = {1, 1, 1, 1};
  auto with = [](std::string_view flags, size_t size) {
    return v4().tcp(4242, 80).flags(flags).seq(1000).pattern(size);
  };
  EXPECT_EQ(reset(with("", 0)), expected(own4(), "RA", 0, 1000));
  EXPECT_EQ(reset(with("", 7)), expected(own4(), "RA", 0, 1007));
  EXPECT_EQ(reset(with("F", 7)), expected(own4(), "RA", 0, 1008));
  EXPECT_EQ(reset(with("SF", 7)), expected(own4(), "RA", 0, 1009));
  EXPECT_EQ(reset(v4().tcp(4242, 80).flags("S").seq(0xffffffff).tcp_options(options).pattern(3)),
            expected(own4(), "RA", 0, 3));
}

TEST(TcpReset, R4_13_R4_2_DoesNotCountPadding) {
  auto padded = v4().tcp(4242, 80).flags("S").seq(1000);
  EXPECT_EQ(reset(padded.pad(60)), expected(own4(), "RA", 0, 1001));
}

TEST(TcpReset, R4_13_TR10_CountsAllOfASuperSegment) {
  EXPECT_EQ(reset(v4().tcp(4242, 80).flags("F").seq(1000).pattern(30000).gso(1448)),
            expected(own4(), "RA", 0, 31001));
  EXPECT_EQ(reset(v6().tcp(4242, 80).flags("F").seq(1000).pattern(30000).gso(1428)),
            expected(own6(), "RA", 0, 31001));
}

TEST(TcpReset, R4_13_NeverAnswersAReset) {
  EXPECT_EQ(reset(v4().tcp(4242, 80).flags("R")), std::nullopt);
  EXPECT_EQ(reset(v4().tcp(4242, 80).flags("RA")), std::nullopt);
  EXPECT_EQ(reset(v6().tcp(4242, 80).flags("SR")), std::nullopt);
}

TEST(TcpReset, R4_13_AnswersOnlyWholeSoundTcp) {
  EXPECT_EQ(reset(v4().udp(4242, 80)), std::nullopt);
  EXPECT_EQ(reset(v4().tcp(4242, 80).data_offset(6)), std::nullopt);
  EXPECT_EQ(reset(v4().tcp(4242, 80).l4_checksum(0x1234)), std::nullopt);
  EXPECT_EQ(reset(v6().tcp(4242, 80).l4_checksum(0x1234)), std::nullopt);
  EXPECT_EQ(reset(v4().fragment(0, true).tcp(4242, 80).zeros(8)), std::nullopt);
  EXPECT_EQ(reset(v4().fragment(8, false).protocol(6).zeros(40)), std::nullopt);
  EXPECT_EQ(reset(frame().eth(mac(1), mac(2)).arp_request(mac(1), "10.0.0.1", "10.0.0.2")),
            std::nullopt);
}

TEST(TcpReset, VH3_AnswersAnUndoneChecksum) {
  EXPECT_EQ(reset(v4().tcp(4242, 80).flags("S").seq(1000).partial_checksum()),
            expected(own4(), "RA", 0, 1001));
}

TEST(TcpReset, TR18_NeverAnswersAGroup) {
  const test::Mac broadcast = "ff:ff:ff:ff:ff:ff";
  EXPECT_EQ(reset(frame().eth(mac(1), broadcast).ipv4("10.0.0.1", "10.0.0.254").tcp(1, 2)),
            std::nullopt);
  EXPECT_EQ(reset(v4("10.0.0.1", "224.0.0.1").tcp(1, 2)), std::nullopt);
  EXPECT_EQ(reset(v4("255.255.255.255").tcp(1, 2)), std::nullopt);
  EXPECT_EQ(reset(v6("fd00::1", "ff02::1").tcp(1, 2)), std::nullopt);
  EXPECT_EQ(reset(v6("::").tcp(1, 2)), std::nullopt);
}

TEST(TcpReset, IC3_KeepsTheTypeOfService) {
  auto offending = v4().tos(0xbb).tcp(4242, 80).flags("S").seq(1);
  EXPECT_EQ(reset(offending), expected(own4().tos(0xb8), "RA", 0, 2));
  auto offending6 = v6().tos(0xbb).tcp(4242, 80).flags("S").seq(1);
  EXPECT_EQ(reset(offending6), expected(own6().tos(0xb8), "RA", 0, 2));
}

}  // namespace
}  // namespace uswitch
