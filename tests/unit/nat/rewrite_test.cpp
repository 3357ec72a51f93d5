#include "tests/unit/nat/rewriting.h"

#include <gtest/gtest.h>

#include <ostream>
#include <tuple>

#include "core/gso.h"
#include "core/layout.h"
#include "core/pool.h"
#include "tests/support/frame_builder.h"
#include "tests/support/frame_check.h"
#include "tests/support/naive_checksum.h"

namespace uswitch {
namespace {

using test::Bytes;
using test::frame;
using test::frame_fault;
using test::FrameBuilder;
using test::Ip;
using test::mac;

// The addresses of one family: inside A, its public address P, the remote R, and V, which R is
// published as.
struct Addresses {
  Ip a, p, r, v;
};
Addresses addresses(Family family) {
  if (family == Family::v4) return {"10.0.0.11", "192.0.2.1", "198.51.100.7", "203.0.113.200"};
  return {"fd00::11", "2001:db8::ffff:1", "2001:db8:7::8", "2001:db8:ff::1"};
}

FrameBuilder ip(const Tuple& ends) {
  auto eth = frame().eth(mac(1), mac(2));
  return ends.source.is_v4() ? eth.ipv4(ends.source, ends.destination)
                             : eth.ipv6(ends.source, ends.destination);
}

// What parse_layout and apply make of the frame, its offload request left as it is.
class Applied {
 public:
  Applied(const FrameBuilder& builder, const Rewrite& rewrite) : packet_(*pool_.take()) {
    builder.store(packet_);
    EXPECT_EQ(parse_layout(packet_), Reason::none);
    EXPECT_EQ(packet_.layout.fault, Reason::none);
    apply(rewrite, packet_);
  }
  Packet& packet() { return packet_; }
  Bytes bytes() const { return {packet_.frame().begin(), packet_.frame().end()}; }
  Bytes completed() {
    complete_checksum(packet_);
    return bytes();
  }

 private:
  PacketPool pool_{1};
  Packet& packet_;
};

enum class Carries { tcp, udp, udp_no_checksum, echo_request, echo_reply, other };
enum class Checksum { full, partial };
enum class Change { snat, dnat, both, back };

uint8_t protocol_of(Carries carries, Family family) {
  switch (carries) {
    case Carries::tcp:
      return 6;
    case Carries::udp:
    case Carries::udp_no_checksum:
      return 17;
    case Carries::echo_request:
    case Carries::echo_reply:
      return family == Family::v4 ? 1 : 58;
    case Carries::other:
      break;
  }
  return 47;
}

// An odd length, so that the last byte is padded (TR-3), and longer than any header field's offset.
FrameBuilder build(Carries carries, const Tuple& ends) {
  auto builder = ip(ends);
  switch (carries) {
    case Carries::tcp:
      return builder.tcp(ends.source_port, ends.destination_port).flags("PA").pattern(301);
    case Carries::udp:
      return builder.udp(ends.source_port, ends.destination_port).pattern(301);
    case Carries::udp_no_checksum:
      return builder.udp(ends.source_port, ends.destination_port).pattern(301).l4_checksum(0);
    case Carries::echo_request:
      return builder.echo_request(ends.source_port, 7).pattern(301);
    case Carries::echo_reply:
      return builder.echo_reply(ends.destination_port, 7).pattern(301);
    case Carries::other:
      break;
  }
  return builder.protocol(47).pattern(301);
}

// An ICMP query has one id, and nobody translates a reply's on its way out.
bool translates_source_port(Carries c) {
  return c == Carries::tcp || c == Carries::udp || c == Carries::udp_no_checksum ||
         c == Carries::echo_request;
}
bool translates_destination_port(Carries c) {
  return c != Carries::other && c != Carries::echo_request;
}

std::pair<Tuple, Tuple> translation(Family family, Carries carries, Change change) {
  const Addresses n = addresses(family);
  Tuple from{n.a, n.v, 40001, 80};
  if (carries == Carries::other) from.source_port = from.destination_port = 0;
  Tuple to = from;
  if (change != Change::dnat) {
    to.source = n.p;
    if (translates_source_port(carries)) to.source_port = 1025;
  }
  if (change != Change::snat) {
    to.destination = n.r;
    if (translates_destination_port(carries)) to.destination_port = 8080;
  }
  if (change == Change::back) std::swap(from, to);
  return {from, to};
}

using Row = std::tuple<Family, Carries, Checksum, Change>;

class RewriteOf : public ::testing::TestWithParam<Row> {};

// Compared byte for byte with the frame that is built with the new values: all the rest stayed, and
// every checksum is what it would be computed to be.
TEST_P(RewriteOf, NG1_TR1_TR12_IsAsIfBuiltSo) {
  const auto [family, carries, checksum, change] = GetParam();
  const auto [from, to] = translation(family, carries, change);
  auto before = build(carries, from), after = build(carries, to);
  if (checksum == Checksum::partial) before.partial_checksum();
  Applied applied(before, make_rewrite(protocol_of(carries, family), from, to));
  if (checksum == Checksum::partial) {
    after.partial_checksum();
    EXPECT_EQ(applied.bytes(), after.bytes()) << "the pseudo-header sum (VH-4)";
    EXPECT_TRUE(applied.packet().offload.needs_checksum);
    after = build(carries, to);
  }
  EXPECT_EQ(applied.completed(), after.bytes());
  EXPECT_EQ(frame_fault(applied.bytes()), "");
}

std::string row_name(const ::testing::TestParamInfo<Row>& info) {
  const auto [family, carries, checksum, change] = info.param;
  const char* carried[] = {"tcp", "udp", "udp_zero", "echo_request", "echo_reply", "other"};
  const char* changes[] = {"snat", "dnat", "both", "back"};
  return std::string(family == Family::v4 ? "v4_" : "v6_") + carried[static_cast<int>(carries)] +
         (checksum == Checksum::full ? "_full_" : "_partial_") + changes[static_cast<int>(change)];
}

constexpr Change changes[] = {Change::snat, Change::dnat, Change::both, Change::back};

INSTANTIATE_TEST_SUITE_P(Full, RewriteOf,
                         ::testing::Combine(::testing::Values(Family::v4, Family::v6),
                                            ::testing::Values(Carries::tcp, Carries::udp,
                                                              Carries::udp_no_checksum,
                                                              Carries::echo_request,
                                                              Carries::echo_reply, Carries::other),
                                            ::testing::Values(Checksum::full),
                                            ::testing::ValuesIn(changes)),
                         row_name);

INSTANTIATE_TEST_SUITE_P(Partial, RewriteOf,
                         ::testing::Combine(::testing::Values(Family::v4, Family::v6),
                                            ::testing::Values(Carries::tcp, Carries::udp,
                                                              Carries::echo_request,
                                                              Carries::echo_reply),
                                            ::testing::Values(Checksum::partial),
                                            ::testing::ValuesIn(changes)),
                         row_name);

const Tuple inside{Ip("10.0.0.11"), Ip("198.51.100.7"), 40001, 53};
const Tuple outside{Ip("192.0.2.1"), Ip("198.51.100.7"), 1025, 53};

TEST(Rewrite, ChangesNothingUnlessSomethingDiffers) {
  const auto builder = build(Carries::tcp, inside);
  EXPECT_EQ(Applied(builder, make_rewrite(6, inside, inside)).bytes(), builder.bytes());
}

TEST(Rewrite, PortsAlone) {
  Tuple to = inside;
  to.destination_port = 5353;
  EXPECT_EQ(Applied(build(Carries::udp, inside), make_rewrite(17, inside, to)).bytes(),
            build(Carries::udp, to).bytes());
}

TEST(Rewrite, TR3_IpOptionsAndExtensionHeadersStay) {
  const uint8_t options[] = {0x94, 4, 0, 0};
  auto v4 = [&](const Tuple& e) {
    return ip(e).ip_options(options).tcp(e.source_port, e.destination_port).payload("x");
  };
  EXPECT_EQ(Applied(v4(inside), make_rewrite(6, inside, outside)).bytes(), v4(outside).bytes());

  const Tuple from{Ip("fd00::1"), Ip("fd00::2"), 1, 2}, to{Ip("fd01::1"), Ip("fd01::2"), 3, 4};
  auto v6 = [&](const Tuple& e) {
    return ip(e).extension(0).extension(43).extension(60).udp(e.source_port, e.destination_port);
  };
  EXPECT_EQ(Applied(v6(from), make_rewrite(17, from, to)).bytes(), v6(to).bytes());
}

TEST(Rewrite, TR3_EthernetPaddingIsNeitherReadNorWritten) {
  auto padded = [](const Tuple& e) {
    Bytes b = ip(e).udp(e.source_port, e.destination_port).bytes();
    b.resize(60, 0xee);
    return b;
  };
  PacketPool pool(1);
  Packet& p = *pool.take();
  const Bytes before = padded(inside);
  std::ranges::copy(before, p.data);
  p.length = 60;
  ASSERT_EQ(parse_layout(p), Reason::none);
  apply(make_rewrite(17, inside, outside), p);
  EXPECT_EQ(Bytes(p.frame().begin(), p.frame().end()), padded(outside));
}

// RFC 1624 4: a checksum of DD2F, a word that changes from 5555 to 3285; the right result is 0000,
// where RFC 1141's equation gives FFFF.
TEST(Rewrite, TR3_Rfc1624Example) {
  const Tuple from{Ip("10.0.85.85"), Ip("10.0.0.2")}, to{Ip("10.0.50.133"), Ip("10.0.0.2")};
  auto applied = Applied(ip(from).protocol(47).ip_checksum(0xdd2f), make_rewrite(47, from, to));
  EXPECT_EQ(load_be16(applied.packet().data + 24), 0x0000);
}

// NG-2, TR-2: with every value of a payload word, so that each of the checksum's values comes by,
// the one that would be written as zero among them.
void search_all_checksums(bool v6) {
  const Tuple from{Ip(v6 ? "fd00::1" : "10.0.0.1"), Ip(v6 ? "fd00::2" : "10.0.0.2"), 1, 2};
  const Tuple to{Ip(v6 ? "fd00::9" : "192.0.2.1"), Ip(v6 ? "fd00::2" : "10.0.0.2"), 3, 2};
  const Rewrite rewrite = make_rewrite(17, from, to);
  const size_t l4 = v6 ? 54 : 34;
  unsigned all_ones = 0;
  PacketPool pool(1);
  Packet& p = *pool.take();
  for (unsigned word = 0; word <= 0xffff; ++word) {
    const uint8_t payload[] = {static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word)};
    auto builder = ip(from).udp(1, 2).payload(payload);
    builder.store(p);
    ASSERT_EQ(parse_layout(p), Reason::none);
    apply(rewrite, p);
    ASSERT_NE(load_be16(p.data + l4 + 6), 0) << word;
    ASSERT_EQ(frame_fault(p.frame()), "") << word;
    if (load_be16(p.data + l4 + 6) == 0xffff) ++all_ones;

    builder.l4_checksum(0).store(p);
    ASSERT_EQ(parse_layout(p), Reason::none);
    apply(rewrite, p);
    ASSERT_EQ(load_be16(p.data + l4 + 6), 0) << word;
  }
  EXPECT_EQ(all_ones, 1u);
}

TEST(Rewrite, TR2_UdpChecksumIsNeverMadeNorLeftZero4) {
  search_all_checksums(false);
}
TEST(Rewrite, TR2_UdpChecksumIsNeverMadeNorLeftZero6) {
  search_all_checksums(true);
}

// By how much the sum over a frame's transport part misses: 0xffff for a right checksum.
uint16_t transport_sum(std::span<const uint8_t> frame, uint8_t protocol) {
  return test::naive_sum(frame.subspan(34),
                         test::naive_pseudo_sum(frame.subspan(26, 8), protocol, frame.size() - 34));
}

TEST(Rewrite, NG3_WrongChecksumsStayWrongByTheSame) {
  const uint16_t wrong[] = {0x0001, 0x1234, 0x8000, 0xfffe};
  for (uint16_t value : wrong) {
    auto tcp = ip(inside).tcp(40001, 53).payload("abc").l4_checksum(value).ip_checksum(value);
    const Bytes before = tcp.bytes();
    const Bytes after = Applied(tcp, make_rewrite(6, inside, outside)).bytes();
    EXPECT_EQ(transport_sum(after, 6), transport_sum(before, 6));
    EXPECT_NE(transport_sum(after, 6), 0xffff);
    const auto header = [](const Bytes& b) { return std::span(b).subspan(14, 20); };
    EXPECT_EQ(test::naive_sum(header(after)), test::naive_sum(header(before)));
    EXPECT_NE(test::naive_sum(header(after)), 0xffff);
  }
}

TEST(Rewrite, VH4_UndoneChecksumOfAnInnerPacketLeavesTheOuterOneFull) {
  // A sender's own tunnel: UDP whose payload asks for a checksum of its own, at 34 + 8 + 16.
  auto build_outer = [](const Tuple& e) {
    return ip(e).udp(e.source_port, e.destination_port).pattern(80);
  };
  PacketPool pool(1);
  Packet& p = *pool.take();
  build_outer(inside).store(p);
  p.offload.needs_checksum = true;
  p.offload.checksum_start = 34 + 8 + 20;
  p.offload.checksum_offset = 6;
  ASSERT_EQ(parse_layout(p), Reason::none);
  apply(make_rewrite(17, inside, outside), p);
  EXPECT_EQ(Bytes(p.frame().begin(), p.frame().end()), build_outer(outside).bytes());
}

TEST(Rewrite, VH4_SuperSegmentIsOnePacket) {
  auto super = [](const Tuple& e) {
    return ip(e).tcp(e.source_port, e.destination_port).flags("PA").pattern(4001).gso(1000);
  };
  Applied applied(super(inside), make_rewrite(6, inside, outside));
  EXPECT_EQ(applied.bytes(), super(outside).bytes());
  PacketPool pool(1);
  Packet& segment = *pool.take();
  Segmenter segmenter(applied.packet());
  unsigned segments = 0;
  for (; segmenter.next(segment); ++segments, segment.reset())
    EXPECT_EQ(frame_fault(segment.frame()), "");
  EXPECT_EQ(segments, 5u);
}

// Protocols whose ports stay: built here by hand, with the checksum at `checksum_at` and one that
// fits the addresses.
Bytes by_hand(const Tuple& ends, uint8_t protocol, size_t checksum_at, bool pseudo_header) {
  Bytes b = ip(ends).protocol(protocol).pattern(64).bytes();
  const size_t at = 34 + checksum_at;
  b[at] = b[at + 1] = 0;
  const auto all = std::span<const uint8_t>(b);
  const uint16_t pseudo =
      pseudo_header ? test::naive_pseudo_sum(all.subspan(26, 8), protocol, b.size() - 34) : 0;
  store_be16(&b[at], static_cast<uint16_t>(~test::naive_sum(all.subspan(34), pseudo)));
  return b;
}

void expect_addresses_only(uint8_t protocol, size_t checksum_at, bool pseudo_header) {
  Tuple from = inside, to = outside;
  from.source_port = from.destination_port = 1;
  to.source_port = to.destination_port = 2;
  PacketPool pool(1);
  Packet& p = *pool.take();
  const Bytes before = by_hand(from, protocol, checksum_at, pseudo_header);
  std::ranges::copy(before, p.data);
  p.length = static_cast<uint32_t>(before.size());
  ASSERT_EQ(parse_layout(p), Reason::none);
  apply(make_rewrite(protocol, from, to), p);
  EXPECT_EQ(Bytes(p.frame().begin(), p.frame().end()),
            by_hand(to, protocol, checksum_at, pseudo_header));
}

TEST(Rewrite, NG2_SctpByAddressAlone) {
  expect_addresses_only(132, 8, false);
}
TEST(Rewrite, NG2_DccpHasAPseudoHeader) {
  expect_addresses_only(33, 6, true);
}
TEST(Rewrite, NG2_UdpLiteHasAPseudoHeader) {
  expect_addresses_only(136, 6, true);
}
TEST(Rewrite, NG2_DccpCutShortIsNotWrittenBeyond) {
  auto cut = [](const Tuple& e) { return ip(e).protocol(33).pattern(7).pad(60); };
  EXPECT_EQ(Applied(cut(inside), make_rewrite(33, inside, outside)).bytes(), cut(outside).bytes());
}

}  // namespace
}  // namespace uswitch
