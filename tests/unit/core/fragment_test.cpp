// Fragments are judged by tests/support/frame_check and put together again byte by byte.
#include "core/fragment.h"

#include <gtest/gtest.h>

#include <map>
#include <ostream>

#include "core/fragment_header.h"
#include "core/layout.h"
#include "core/pool.h"
#include "tests/support/frame_builder.h"
#include "tests/support/frame_check.h"
#include "wire/bytes.h"

namespace uswitch {
namespace {

using test::Bytes;
using test::frame;
using test::frame_fault;
using test::FrameBuilder;
using test::mac;

FrameBuilder v4() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").ip_id(0x1234).tos(0x28).ttl(9);
}
FrameBuilder v6() {
  return frame().eth(mac(1), mac(2)).ipv6("fd00::1", "fd00::2");
}

struct Piece {
  Bytes frame;
  FragmentHeader header;
};

// Runs any fragmenter to its end, checking what holds for every fragment.
template <class Cutter>
std::vector<Piece> run(PacketPool& pool, Cutter cutter, const Packet& whole, uint32_t mtu) {
  std::vector<Piece> pieces;
  Packet* out = pool.take();
  for (; cutter.next(*out); out = pool.take()) {
    EXPECT_EQ(frame_fault(out->frame()), "");
    EXPECT_LE(out->length, Layout::l3 + mtu);
    EXPECT_EQ(out->ingress, whole.ingress);
    EXPECT_EQ(out->network, whole.network);
    EXPECT_EQ(out->tci, whole.tci);
    const Layout layout = out->layout;
    EXPECT_EQ(parse_layout(*out), Reason::none);
    EXPECT_NE(out->layout.fault, Reason::malformed_l3);
    EXPECT_EQ(out->layout.l4, layout.l4);
    EXPECT_EQ(out->layout.l3_end, layout.l3_end);
    EXPECT_EQ(out->layout.l3_end, out->length);
    FragmentHeader header{};
    if (out->layout.fragment) header = read_fragment_header(*out);
    pieces.push_back({{out->data, out->data + out->length}, header});
    pool.give_back(out);
  }
  EXPECT_EQ(out->length, 0u) << "out is untouched after the last fragment";
  return pieces;
}

Packet& take(PacketPool& pool, const FrameBuilder& builder) {
  Packet& whole = *pool.take();
  builder.store(whole);
  whole.ingress = 7, whole.network = 3, whole.tci = 0xa000;
  EXPECT_EQ(parse_layout(whole), Reason::none);
  return whole;
}

std::vector<Piece> cut(const FrameBuilder& builder, uint32_t mtu) {
  PacketPool pool(2);
  const Packet& whole = take(pool, builder);
  return run(pool, Fragmenter(whole, mtu), whole, mtu);
}

std::vector<Piece> cut6(const FrameBuilder& builder, uint32_t mtu, uint32_t id) {
  PacketPool pool(2);
  const Packet& whole = take(pool, builder);
  return run(pool, Fragmenter6(whole, mtu, id), whole, mtu);
}

// The payloads in order; every fragment must begin where the one before it ended.
Bytes joined(const std::vector<Piece>& pieces, uint32_t from = 0) {
  Bytes all;
  for (const Piece& p : pieces) {
    EXPECT_EQ(p.header.offset, from + all.size());
    EXPECT_EQ(p.header.length % 8 == 0 || &p == &pieces.back(), true);
    all.insert(all.end(), p.frame.begin() + p.header.payload, p.frame.end());
  }
  return all;
}

Bytes behind(const FrameBuilder& builder, size_t headers) {
  Bytes b = builder.bytes();
  return {b.begin() + static_cast<std::ptrdiff_t>(headers), b.end()};
}

struct Shape {
  const char* name;
  FrameBuilder frame;
  uint32_t header, mtu;
  size_t fragments;
};

void PrintTo(const Shape& row, std::ostream* out) {
  *out << row.name;
}

class Fragments : public ::testing::TestWithParam<Shape> {};

TEST_P(Fragments, FR1_CarryThePayloadInOrderEachSoundAndWithinTheMtu) {
  const Shape& row = GetParam();
  const auto pieces = cut(row.frame, row.mtu);
  EXPECT_EQ(pieces.size(), row.fragments);
  EXPECT_EQ(joined(pieces), behind(row.frame, 14 + row.header));
  const Bytes whole = row.frame.bytes();
  for (const Piece& p : pieces) {
    EXPECT_EQ(p.header.more, &p != &pieces.back());
    EXPECT_EQ(p.header.id, 0x1234u);
    EXPECT_TRUE(std::equal(p.frame.begin(), p.frame.begin() + 14, whole.begin()));
    EXPECT_EQ(p.frame[15], 0x28) << "TOS";
    EXPECT_EQ(p.frame[22], 9) << "TTL";
    EXPECT_TRUE(std::equal(&p.frame[26], &p.frame[34], &whole[26])) << "addresses";
  }
}

const uint8_t router_alert[] = {0x94, 4, 0, 0};
const uint8_t record_route[] = {7, 7, 4, 0, 0, 0, 0};
// NOP, record route (not copied), NOP, router alert (copied), stream id (copied).
const uint8_t mixed[] = {1, 7, 7, 4, 0, 0, 0, 0, 1, 0x94, 4, 0, 5, 0x88, 4, 0, 9};

INSTANTIATE_TEST_SUITE_P(
    Table, Fragments,
    ::testing::Values(
        Shape{"udp", v4().udp(1, 2).pattern(2992), 20, 1500, 3},
        Shape{"one_byte_too_long", v4().udp(1, 2).pattern(1473), 20, 1500, 2},
        Shape{"last_fills_the_mtu", v4().udp(1, 2).pattern(1480 * 2 - 8), 20, 1500, 2},
        Shape{"mtu_no_multiple_of_eight", v4().udp(1, 2).pattern(3000), 20, 1399, 3},
        Shape{"TR3_odd_length", v4().udp(1, 2).pattern(2993), 20, 1500, 3},
        Shape{"largest_at_the_smallest_mtu", v4().udp(1, 2).pattern(65507), 20, 68, 1365},
        Shape{"copied_option", v4().ip_options(router_alert).udp(1, 2).pattern(3000), 24, 1500, 3},
        Shape{"option_of_the_first", v4().ip_options(record_route).udp(1, 2).pattern(2944), 28,
              1500, 2}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Fragmenter, R4_2_LeavesPaddingOut) {
  Bytes all = joined(cut(v4().udp(1, 2).pattern(100).pad(200), 68));
  EXPECT_EQ(all, behind(v4().udp(1, 2).pattern(100), 34));
}

TEST(Fragmenter, FR1_OnlyOptionsWithTheCopyBitStandInLaterFragments) {
  const auto pieces = cut(v4().ip_options(mixed).udp(1, 2).pattern(200), 100);
  ASSERT_EQ(pieces.size(), 4u);
  EXPECT_EQ(pieces[0].header.payload, 54u);
  EXPECT_TRUE(std::equal(std::begin(mixed), std::end(mixed), &pieces[0].frame[34]));
  const Bytes expected = {0x94, 4, 0, 5, 0x88, 4, 0, 9};
  for (size_t i = 1; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i].header.payload, 42u);
    EXPECT_EQ(Bytes(&pieces[i].frame[34], &pieces[i].frame[42]), expected);
  }
}

TEST(Fragmenter, FR1_CopiedOptionsArePaddedWithZeros) {
  const uint8_t odd[] = {0x8f, 5, 1, 2, 3};
  const auto pieces = cut(v4().ip_options(odd).udp(1, 2).pattern(200), 100);
  const Bytes expected = {0x8f, 5, 1, 2, 3, 0, 0, 0};
  EXPECT_EQ(Bytes(&pieces[1].frame[34], &pieces[1].frame[42]), expected);
}

TEST(Fragmenter, TR16_NoOptionIsCopiedFromBehindOneThatLies) {
  for (const uint8_t length : {0, 1, 20}) {
    const uint8_t lies[] = {0x94, 4, 0, 0, 0x88, length, 0, 9, 0x94, 4, 0, 0};
    const auto pieces = cut(v4().ip_options(lies).udp(1, 2).pattern(200), 100);
    EXPECT_EQ(pieces[1].header.payload, 38u) << int{length};
  }
  const uint8_t cut_off[] = {0x94, 4, 0, 0, 1, 1, 1, 0x88};
  EXPECT_EQ(cut(v4().ip_options(cut_off).udp(1, 2).pattern(200), 100)[1].header.payload, 38u);
}

TEST(Fragmenter, FR2_FragmentsOfAFragmentKeepMoreFragments) {
  const auto pieces = cut(v4().fragment(1480, true).protocol(17).pattern(1480), 576);
  ASSERT_EQ(pieces.size(), 3u);
  for (const Piece& p : pieces) EXPECT_TRUE(p.header.more);
  EXPECT_EQ(joined(pieces, 1480), behind(v4().protocol(17).pattern(1480), 34));
}

TEST(Fragmenter, FR2_TheLastFragmentOfALastFragmentIsTheLast) {
  const auto pieces = cut(v4().fragment(1480, false).protocol(17).pattern(1477), 576);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_TRUE(pieces[1].header.more);
  EXPECT_FALSE(pieces[2].header.more);
  EXPECT_EQ(joined(pieces, 1480).size(), 1477u);
}

TEST(Fragmenter, TR16_SendsNothingBeyondTheLargestOffset) {
  const auto pieces = cut(v4().fragment(65528, true).protocol(17).pattern(1000), 576);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].header.offset, 65528u);
  EXPECT_EQ(pieces[0].header.length, 8u);
}

TEST(Fragmenter, APacketThatFitsComesOutAsItIs) {
  for (const FrameBuilder& builder :
       {v4().udp(1, 2).pattern(1472), v4().protocol(99), v4().ip_options(mixed).protocol(99)}) {
    const auto pieces = cut(builder, 1500);
    ASSERT_EQ(pieces.size(), 1u);
    EXPECT_EQ(pieces[0].frame, builder.bytes());
  }
}

TEST(Fragmenter6, FR1_OwnPacketsAreCutBehindTheIpv6Header) {
  const auto whole = v6().echo_request(1, 2).pattern(3000);
  const auto pieces = cut6(whole, 1280, 0xdeadbeef);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(joined(pieces), behind(whole, 54));
  for (const Piece& p : pieces) {
    EXPECT_EQ(p.header.more, &p != &pieces.back());
    EXPECT_EQ(p.header.id, 0xdeadbeefu);
    EXPECT_EQ(p.header.payload, 62u);
    EXPECT_EQ(p.frame[20], 44);
    EXPECT_EQ(p.frame[54], 58);
    EXPECT_EQ(p.frame[55], 0);
  }
}

TEST(Fragmenter6, FR1_ExtensionHeadersForTheWayStandInEveryFragment) {
  auto whole = v6().extension(0).extension(60).extension(43).extension(60).udp(1, 2).pattern(3001);
  const auto pieces = cut6(whole, 1400, 1);
  EXPECT_EQ(joined(pieces), behind(whole, 54 + 24));
  for (const Piece& p : pieces) {
    EXPECT_EQ(p.frame[20], 0);   // IPv6 -> hop-by-hop
    EXPECT_EQ(p.frame[54], 60);  // -> destination options -> routing -> fragment
    EXPECT_EQ(p.frame[62], 43);
    EXPECT_EQ(p.frame[70], 44);
    EXPECT_EQ(p.frame[78], 60);
  }
}

TEST(FragmentHeader, FR7_OfIpv6StandsBehindOtherExtensionHeaders) {
  PacketPool pool(1);
  const uint8_t fourteen[14] = {};
  const Packet& p = take(pool, v6().extension(0)
                                   .extension(51, fourteen)
                                   .fragment_header(1480, true, 77)
                                   .protocol(17)
                                   .zeros(24));
  const FragmentHeader f = read_fragment_header(p);
  EXPECT_EQ(f.id, 77u);
  EXPECT_EQ(f.offset, 1480u);
  EXPECT_TRUE(f.more);
  EXPECT_EQ(f.payload, 54u + 8 + 16 + 8);
  EXPECT_EQ(f.length, 24u);
  EXPECT_EQ(f.announced_at, 62u);
}

}  // namespace
}  // namespace uswitch
