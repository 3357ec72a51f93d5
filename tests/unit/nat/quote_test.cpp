// What parse_quote takes and refuses (I-3, TR-4).
#include <gtest/gtest.h>

#include <ostream>

#include "core/layout.h"
#include "core/pool.h"
#include "nat/flow_tuple.h"
#include "tests/support/frame_builder.h"

namespace uswitch {
namespace {

using test::Bytes;
using test::frame;
using test::FrameBuilder;
using test::Ip;
using test::mac;
using Kind = FlowFields::Kind;

FrameBuilder sent4() {
  return frame().eth(mac(1), mac(2)).ipv4("192.0.2.1", "198.51.100.7");
}
FrameBuilder sent6() {
  return frame().eth(mac(1), mac(2)).ipv6("2001:db8::1", "2001:db8:7::8");
}
FrameBuilder error4(uint8_t type = 3, uint8_t code = 1, uint32_t rest = 0) {
  return frame().eth(mac(2), mac(1)).ipv4("198.51.100.254", "192.0.2.1").icmp(type, code, rest);
}
FrameBuilder error6(uint8_t type = 1, uint8_t code = 0, uint32_t rest = 0) {
  return frame().eth(mac(2), mac(1)).ipv6("2001:db8:7::1", "2001:db8::1").icmp(type, code, rest);
}

// The first bytes of the IP packet in the frame.
Bytes quoted(const FrameBuilder& builder, size_t limit = 548) {
  const Bytes b = builder.bytes();
  return {b.begin() + 14, b.begin() + static_cast<std::ptrdiff_t>(std::min(b.size(), 14 + limit))};
}

std::optional<Quote> quote_in(const FrameBuilder& error) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  error.store(p);
  EXPECT_EQ(parse_layout(p), Reason::none);
  return parse_quote(p);
}

struct Row {
  const char* name;
  FrameBuilder error;
  Kind kind;
  uint16_t source_port, destination_port;
  uint32_t l3, l4, end;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class QuoteIn : public ::testing::TestWithParam<Row> {};

TEST_P(QuoteIn, Error) {
  const Row& row = GetParam();
  const auto quote = quote_in(row.error);
  ASSERT_TRUE(quote);
  EXPECT_EQ(quote->flow.kind, row.kind);
  const bool v4 = row.l3 == 42;
  EXPECT_EQ(quote->flow.tuple,
            (Tuple{Ip(v4 ? "192.0.2.1" : "2001:db8::1"), Ip(v4 ? "198.51.100.7" : "2001:db8:7::8"),
                   row.source_port, row.destination_port, quote->flow.tuple.protocol}));
  EXPECT_EQ(quote->l3, row.l3);
  EXPECT_EQ(quote->l4, row.l4);
  EXPECT_EQ(quote->end, row.end);
}

const uint8_t options[] = {0x94, 4, 0, 0};
const uint8_t extension[] = {0x20, 0, 0, 0, 0, 8, 1, 1, 0, 0, 0, 0};  // RFC 4884 7, an MPLS label

INSTANTIATE_TEST_SUITE_P(
    Table, QuoteIn,
    ::testing::Values(
        Row{"tcp4_whole", error4().payload(quoted(sent4().tcp(1, 2).zeros(10))), Kind::tcp, 1, 2,
            42, 62, 92},
        Row{"TR4_tcp4_of_8_bytes", error4().payload(quoted(sent4().tcp(1, 2).zeros(99), 28)),
            Kind::tcp, 1, 2, 42, 62, 70},
        Row{"TR4_I3b_quoted_options",
            error4().payload(quoted(sent4().ip_options(options).udp(1, 2).zeros(99), 32)),
            Kind::udp, 1, 2, 42, 66, 74},
        Row{"TR4_first_fragment",
            error4().payload(quoted(sent4().fragment(0, true).udp(1, 2).zeros(99), 28)), Kind::udp,
            1, 2, 42, 62, 70},
        Row{"TR4_later_fragment",
            error4().payload(quoted(sent4().fragment(64, true).protocol(17).zeros(99), 28)),
            Kind::fragment_later, 0, 0, 42, 0, 70},
        Row{"TR4_echo4", error4(11).payload(quoted(sent4().echo_request(77, 1).zeros(9))),
            Kind::icmp_query, 77, 8, 42, 62, 79},
        Row{"echo_reply4", error4().payload(quoted(sent4().echo_reply(77, 1).zeros(9))),
            Kind::icmp_query, 8, 77, 42, 62, 79},
        Row{"other4", error4().payload(quoted(sent4().protocol(47).zeros(3))), Kind::other, 0, 0,
            42, 62, 65},
        Row{"I3d_padding_behind_a_short_packet",
            error4().payload(quoted(sent4().udp(1, 2))).zeros(100), Kind::udp, 1, 2, 42, 62, 70},
        Row{"I3d_extension_behind_the_length_that_is_said",
            error4(11, 0, 32 << 16)
                .payload(quoted(sent4().udp(1, 2).zeros(500), 128))
                .payload(extension),
            Kind::udp, 1, 2, 42, 62, 170},
        Row{"I3d_length_beyond_the_message",
            error4(11, 0, 64 << 16).payload(quoted(sent4().udp(1, 2).zeros(500), 128)), Kind::udp,
            1, 2, 42, 62, 170},
        Row{"I3d_unused_byte_of_an_old_sender",
            error4(3, 1, 1 << 16).payload(quoted(sent4().udp(1, 2).zeros(500), 128)), Kind::udp, 1,
            2, 42, 62, 170},
        Row{"I3d_redirect_has_no_length",
            error4(5, 1, 0xffffffff).payload(quoted(sent4().udp(1, 2).zeros(500), 400)), Kind::udp,
            1, 2, 42, 62, 442},
        Row{"tcp6_cut", error6(2, 0, 1280).payload(quoted(sent6().tcp(1, 2).zeros(2000), 1232)),
            Kind::tcp, 1, 2, 62, 102, 1294},
        Row{"udp6_of_8_bytes", error6().payload(quoted(sent6().udp(1, 2).zeros(99), 48)), Kind::udp,
            1, 2, 62, 102, 110},
        Row{"udp6_behind_extensions",
            error6().payload(quoted(sent6().extension(60).udp(1, 2).zeros(99), 56)), Kind::udp, 1,
            2, 62, 110, 118},
        Row{"later_fragment6",
            error6().payload(quoted(sent6().fragment_header(64, true).protocol(17).zeros(8))),
            Kind::fragment_later, 0, 0, 62, 0, 118},
        Row{"echo6", error6(3).payload(quoted(sent6().echo_request(77, 1))), Kind::icmp_query, 77,
            128, 62, 102, 110},
        Row{"I3d_padding6", error6().payload(quoted(sent6().udp(1, 2))).zeros(100), Kind::udp, 1, 2,
            62, 102, 110},
        Row{"I3d_extension6",
            error6(1, 0, 16u << 24)
                .payload(quoted(sent6().udp(1, 2).zeros(500), 128))
                .payload(extension),
            Kind::udp, 1, 2, 62, 102, 190},
        Row{"I3d_too_big_has_no_length",
            error6(2, 0, 16u << 24).payload(quoted(sent6().udp(1, 2).zeros(500), 200)), Kind::udp,
            1, 2, 62, 102, 262}),
    [](const auto& row) { return std::string(row.param.name); });

struct Refused {
  const char* name;
  FrameBuilder error;
};

void PrintTo(const Refused& row, std::ostream* out) {
  *out << row.name;
}

class QuoteRefused : public ::testing::TestWithParam<Refused> {};

TEST_P(QuoteRefused, Error) {
  EXPECT_FALSE(quote_in(GetParam().error));
}

const Bytes udp4 = quoted(sent4().udp(1, 2).zeros(9)), udp6 = quoted(sent6().udp(1, 2).zeros(9));

INSTANTIATE_TEST_SUITE_P(
    Table, QuoteRefused,
    ::testing::Values(
        Refused{"no_error", sent4().udp(1, 2)}, Refused{"query", sent4().echo_request(1, 1)},
        Refused{"I3_icmp_checksum", error4().payload(udp4).l4_checksum(0x1234)},
        Refused{"I3_icmp6_checksum", error6().payload(udp6).l4_checksum(0x1234)},
        Refused{"I3a_quoted_ip_checksum",
                error4().payload(quoted(sent4().udp(1, 2).zeros(9).ip_checksum(0x1234)))},
        Refused{"nothing_quoted4", error4()}, Refused{"nothing_quoted6", error6()},
        Refused{"quote_of_19_bytes", error4().payload(quoted(sent4().udp(1, 2), 19))},
        Refused{"quote_of_39_bytes6", error6().payload(quoted(sent6().udp(1, 2), 39))},
        Refused{"options_cut_off",
                error4().payload(quoted(sent4().ip_options(options).udp(1, 2), 23))},
        Refused{"seven_bytes_of_udp", error4().payload(quoted(sent4().udp(1, 2).zeros(9), 27))},
        Refused{"seven_bytes_of_udp6", error6().payload(quoted(sent6().udp(1, 2).zeros(9), 47))},
        Refused{"total_length_says_seven",
                error4().payload(quoted(sent4().udp(1, 2).zeros(9).ip_length(27)))},
        Refused{"total_length_below_the_header",
                error4().payload(quoted(sent4().udp(1, 2).ip_length(19)))},
        Refused{"seven_bytes_of_echo", error4().payload(quoted(sent4().echo_request(1, 1), 27))},
        Refused{"extension_cut_off6",
                error6().payload(quoted(sent6().extension(60).udp(1, 2), 47))},
        Refused{"ihl_of_4", error4().payload(quoted(sent4().udp(1, 2).ihl(4)))},
        Refused{"version_6_in_4", error4().payload(udp6)},
        Refused{"version_4_in_6", error6().payload(udp4)},
        Refused{"error_about_an_error", error4().payload(quoted(sent4().icmp(3, 1).payload(udp4)))},
        Refused{"I11_router_solicitation6", error6().payload(quoted(sent6().icmp(133, 0)))},
        Refused{"CT11_not_sent_to_whom_it_quotes", frame()
                                                       .eth(mac(2), mac(1))
                                                       .ipv4("198.51.100.254", "192.0.2.2")
                                                       .icmp(3, 1)
                                                       .payload(udp4)},
        Refused{"fragment", error4().payload(udp4).fragment(0, true)}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Quote, I3c_QuotedTransportChecksumIsNotLookedAt) {
  EXPECT_TRUE(quote_in(error4().payload(quoted(sent4().tcp(1, 2).l4_checksum(0x1234)))));
}

TEST(Quote, VH3_ChecksumThatIsLeftUndoneIsRight) {
  EXPECT_TRUE(quote_in(error4().payload(udp4).partial_checksum()));
  EXPECT_TRUE(quote_in(error6().payload(udp6).partial_checksum()));
}

TEST(Quote, I3_RequestForOtherBytesThanTheChecksumDoesNotMakeItRight) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  for (uint16_t offset : {0, 2, 4}) {
    error4().payload(udp4).l4_checksum(0x1234).store(p);
    p.offload.needs_checksum = true;
    p.offload.checksum_start = 34;
    p.offload.checksum_offset = offset;
    ASSERT_EQ(parse_layout(p), Reason::none);
    EXPECT_EQ(parse_quote(p).has_value(), offset == 2);
  }
}

TEST(Quote, EthernetPaddingIsOutsideTheMessage) {
  const auto quote = quote_in(error4().payload(quoted(sent4().udp(1, 2), 28)).pad(90));
  ASSERT_TRUE(quote);
  EXPECT_EQ(quote->end, 70u);
}

}  // namespace
}  // namespace uswitch
