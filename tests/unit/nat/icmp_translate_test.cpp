// ICMP errors through a translation, compared byte for byte with the error that would have been
// sent where there is none (I-4, I-5, I-7, I-12, TR-4).
#include "nat/icmp_translate.h"

#include <gtest/gtest.h>

#include <ostream>
#include <tuple>

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
using test::Ip;
using test::mac;

FrameBuilder ip(const Ip& source, const Ip& destination) {
  auto eth = frame().eth(mac(1), mac(2));
  return source.is_v4() ? eth.ipv4(source, destination) : eth.ipv6(source, destination);
}

Tuple turned(const Tuple& t) {
  return t.reversed();
}

// How the packet that an error quotes looked.
enum class Quoted {
  tcp,
  udp,
  udp_no_checksum,
  echo,
  options,         // TCP behind IP options, of IPv6 behind an extension header
  first_fragment,  // UDP
  later_fragment,
  other
};

uint8_t protocol_of(Quoted what, bool v4) {
  switch (what) {
    case Quoted::tcp:
    case Quoted::options:
      return 6;
    case Quoted::echo:
      return v4 ? 1 : 58;
    case Quoted::other:
      return 47;
    default:
      return 17;
  }
}

FrameBuilder quoted_packet(Quoted what, const Tuple& e) {
  static const uint8_t options[] = {0x94, 4, 0, 0};
  const bool v4 = e.source.is_v4();
  auto b = ip(e.source, e.destination).ttl(1);
  switch (what) {
    case Quoted::tcp:
      return b.tcp(e.source_port, e.destination_port).seq(7).pattern(301);
    case Quoted::udp:
      return b.udp(e.source_port, e.destination_port).pattern(301);
    case Quoted::udp_no_checksum:
      return b.udp(e.source_port, e.destination_port).pattern(301).l4_checksum(0);
    case Quoted::echo:
      return b.echo_request(e.source_port, 3).pattern(301);
    case Quoted::options:
      if (v4)
        b.ip_options(options);
      else
        b.extension(60);
      return b.tcp(e.source_port, e.destination_port).pattern(301);
    case Quoted::first_fragment:
      if (v4)
        b.fragment(0, true);
      else
        b.fragment_header(0, true);
      return b.udp(e.source_port, e.destination_port).pattern(304);
    case Quoted::later_fragment:
      if (v4)
        b.fragment(64, false);
      else
        b.fragment_header(64, false);
      return b.protocol(17).pattern(301);
    case Quoted::other:
      break;
  }
  return b.protocol(47).pattern(301);
}

size_t header_bytes(Quoted what, bool v4) {
  if (v4) return what == Quoted::options ? 24 : 20;
  const bool extended =
      what == Quoted::options || what == Quoted::first_fragment || what == Quoted::later_fragment;
  return extended ? 48 : 40;
}

// The first `limit` bytes of an IP packet that looked so.
Bytes quote_of(const FrameBuilder& packet, size_t limit = 548) {
  const Bytes b = packet.bytes();
  return {b.begin() + 14, b.begin() + static_cast<std::ptrdiff_t>(std::min(b.size(), 14 + limit))};
}

// An error of `source` to the quoted packet's sender, that quotes `l4` bytes of its transport.
FrameBuilder error(const Ip& source, Quoted what, const Tuple& quoted, size_t l4) {
  const bool v4 = source.is_v4();
  const Bytes quote = quote_of(quoted_packet(what, quoted), header_bytes(what, v4) + l4);
  auto b = ip(source, quoted.source);
  // Fragmentation needed and packet too big, whose MTU must get through.
  if (v4)
    b.icmp(3, 4, 1400);
  else
    b.icmp(2, 0, 1400);
  return b.payload(quote);
}

// What translate_error makes of it.
Bytes translated(const FrameBuilder& before, uint8_t protocol, Tuple sent) {
  PacketPool pool(1);
  Packet& p = *pool.take();
  before.store(p);
  EXPECT_EQ(parse_layout(p), Reason::none);
  const auto quote = parse_quote(p);
  EXPECT_TRUE(quote);
  sent.protocol = protocol;
  if (quote) translate_error(*quote, sent, p);
  complete_checksum(p);
  EXPECT_EQ(frame_fault(p.frame()), "");
  return {p.frame().begin(), p.frame().end()};
}

struct Family4 {
  static constexpr bool v4 = true;
  static inline const Ip inside = "10.0.0.11", gateway = "192.0.2.1", remote = "198.51.100.7",
                         published = "203.0.113.200", outside_router = "198.51.100.254",
                         inside_router = "10.0.0.254";
};
struct Family6 {
  static constexpr bool v4 = false;
  static inline const Ip inside = "fd00::11", gateway = "2001:db8::1", remote = "2001:db8:7::8",
                         published = "2001:db8:ff::1", outside_router = "2001:db8:7::1",
                         inside_router = "fd00::fe";
};

// Which connection, and what the packet was that the error is about.
struct Case {
  const char* name;
  Tuple sent;         // as its sender sent the packet
  Tuple delivered;    // as it went on from here, and is quoted
  Ip from, now_from;  // the error's source before and after
};

template <class Family>
std::vector<Case> cases() {
  using F = Family;
  const Tuple masquerade_sent{F::inside, F::remote, 40001, 80};
  const Tuple masquerade_out{F::gateway, F::remote, 1025, 80};
  const Tuple publish_sent{F::remote, F::published, 50001, 80};
  const Tuple publish_in{F::remote, F::inside, 50001, 8080};
  // A to its own published address: source and destination change at once.
  const Tuple hairpin_sent{F::inside, F::published, 40001, 80};
  const Tuple hairpin_in{F::gateway, F::inside, 1025, 8080};
  return {
      {"I4_router_outside", masquerade_sent, masquerade_out, F::outside_router, F::outside_router},
      {"I4_remote_host", masquerade_sent, masquerade_out, F::remote, F::remote},
      {"I5_published_host", publish_sent, publish_in, F::inside, F::published},
      {"I5_router_inside", publish_sent, publish_in, F::inside_router, F::published},
      {"I5_about_an_answer", turned(masquerade_out), turned(masquerade_sent), F::inside,
       F::gateway},
      {"I4_about_an_answer", turned(publish_in), turned(publish_sent), F::outside_router,
       F::outside_router},
      {"I7_TR12_hairpin", hairpin_sent, hairpin_in, F::inside, F::published},
  };
}

// The id stands in one port only, and the other one is the type, the same on both sides.
void as_query(Tuple& sent, Tuple& delivered) {
  sent.destination_port = delivered.destination_port = sent.source.is_v4() ? 8 : 128;
}

const uint8_t extension[] = {0x20, 0, 0, 0, 0, 8, 1, 1, 9, 8, 7, 6};

template <class Family>
void expect_reverted(Quoted what, size_t l4) {
  const uint8_t protocol = protocol_of(what, Family::v4);
  for (Case c : cases<Family>()) {
    SCOPED_TRACE(c.name);
    if (what == Quoted::echo) as_query(c.sent, c.delivered);
    const auto before = error(c.from, what, c.delivered, l4);
    const auto after = error(c.now_from, what, c.sent, l4);
    EXPECT_EQ(translated(before, protocol, c.sent), after.bytes());
    auto partial = before;
    EXPECT_EQ(translated(partial.partial_checksum(), protocol, c.sent), after.bytes())
        << "left undone";
  }
}

using Row = std::tuple<Quoted, size_t>;

class ErrorAbout : public ::testing::TestWithParam<Row> {};

TEST_P(ErrorAbout, I12_TR4_IsAsIfNothingWereTranslated4) {
  expect_reverted<Family4>(std::get<0>(GetParam()), std::get<1>(GetParam()));
}
TEST_P(ErrorAbout, I12_TR4_IsAsIfNothingWereTranslated6) {
  expect_reverted<Family6>(std::get<0>(GetParam()), std::get<1>(GetParam()));
}

std::string row_name(const ::testing::TestParamInfo<Row>& info) {
  const char* names[] = {
      "tcp", "udp", "udp_zero", "echo", "options", "first_fragment", "later_fragment", "other"};
  const auto [what, l4] = info.param;
  return std::string(names[static_cast<int>(what)]) + "_" + std::to_string(l4);
}

// From the least a quote may hold, over those that end before and after the TCP checksum, to a
// whole packet.
INSTANTIATE_TEST_SUITE_P(
    Quotes, ErrorAbout,
    ::testing::Combine(::testing::Values(Quoted::tcp, Quoted::udp, Quoted::udp_no_checksum,
                                         Quoted::echo, Quoted::options, Quoted::first_fragment,
                                         Quoted::later_fragment, Quoted::other),
                       ::testing::Values(size_t{8}, size_t{9}, size_t{15}, size_t{16}, size_t{18},
                                         size_t{400})),
    row_name);

TEST(TranslateError, I3d_WhatFollowsTheQuoteStays) {
  const Case c = cases<Family4>()[0];
  auto build = [&](const Ip& source, const Tuple& quoted) {
    const Bytes quote = quote_of(quoted_packet(Quoted::tcp, quoted), 128);
    return ip(source, quoted.source).icmp(11, 0, 32 << 16).payload(quote).payload(extension);
  };
  EXPECT_EQ(translated(build(c.from, c.delivered), 6, c.sent), build(c.now_from, c.sent).bytes());
}

TEST(TranslateError, TR4_HalfATcpChecksumStays) {
  const Case c = cases<Family4>()[0];
  auto build = [](const Ip& source, const Tuple& quoted, uint8_t half) {
    Bytes quote = quote_of(quoted_packet(Quoted::tcp, quoted), 20 + 17);
    quote.back() = half;
    return ip(source, quoted.source).icmp(3, 1).payload(quote);
  };
  EXPECT_EQ(translated(build(c.from, c.delivered, 0x5a), 6, c.sent),
            build(c.now_from, c.sent, 0x5a).bytes());
}

TEST(TranslateError, I3d_PaddingInPlaceOfTheTransportHeaderStays) {
  // Eight bytes of TCP quoted of a packet that ends there, and then more.
  const Case c = cases<Family4>()[0];
  auto build = [&](const Ip& source, const Tuple& quoted) {
    const uint8_t half_header[] = {static_cast<uint8_t>(quoted.source_port >> 8),
                                   static_cast<uint8_t>(quoted.source_port),
                                   static_cast<uint8_t>(quoted.destination_port >> 8),
                                   static_cast<uint8_t>(quoted.destination_port),
                                   1,
                                   2,
                                   3,
                                   4};
    const Bytes quote =
        quote_of(ip(quoted.source, quoted.destination).protocol(6).payload(half_header));
    return ip(source, quoted.source).icmp(3, 1).payload(quote).fill(100, 0xee);
  };
  EXPECT_EQ(translated(build(c.from, c.delivered), 6, c.sent), build(c.now_from, c.sent).bytes());
}

TEST(TranslateError, WithoutATranslationNothingChanges) {
  const Case c = cases<Family4>()[0];
  const auto before = error(c.from, Quoted::tcp, c.delivered, 8);
  EXPECT_EQ(translated(before, 6, c.delivered), before.bytes());
}

TEST(TranslateError, I3c_NG3_WrongQuotedTransportChecksumStaysWrong) {
  const Case c = cases<Family4>()[0];
  auto build = [&](const Ip& source, const Tuple& quoted, uint16_t checksum) {
    const Bytes quote = quote_of(quoted_packet(Quoted::tcp, quoted).l4_checksum(checksum));
    return ip(source, quoted.source).icmp(3, 1).payload(quote);
  };
  const Bytes after = translated(build(c.from, c.delivered, 0x1234), 6, c.sent);
  EXPECT_NE(after, build(c.now_from, c.sent, 0x1234).bytes());
  const size_t at = 42 + 20 + 16;
  const uint16_t now = load_be16(&after[at]);
  EXPECT_EQ(after, build(c.now_from, c.sent, now).bytes()) << "but for this field";
  const uint16_t sent = load_be16(&quoted_packet(Quoted::tcp, c.sent).bytes()[14 + 36]);
  EXPECT_NE(now, sent);
}

}  // namespace
}  // namespace uswitch
