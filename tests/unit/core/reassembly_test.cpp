// What comes out must be, byte for byte, the packet that was never cut. Every test ends with the
// account of all fragments.
#include "core/reassembly.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "core/fragment.h"
#include "core/layout.h"
#include "core/pool.h"
#include "tests/support/frame_builder.h"
#include "tests/support/frame_check.h"
#include "wire/bytes.h"

namespace uswitch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Bytes;
using test::frame;
using test::frame_fault;
using test::FrameBuilder;
using test::Ip;
using test::mac;
using Kind = Reassembly::Result::Kind;

constexpr KeyedHash key(KeyedHash::Seed{{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
                                         0xd6e8feb86659fd93, 0x2545f4914f6cdd1d, 0x5851f42d4c957f2d,
                                         3, 5}});
constexpr Time start{std::chrono::hours(1)};

FrameBuilder v4(uint16_t id = 7, const Ip& source = "10.0.0.1") {
  return frame().eth(mac(1), mac(2)).ipv4(source, "10.0.0.254").ip_id(id);
}
FrameBuilder v6(const Ip& source = "fd00::1") {
  return frame().eth(mac(1), mac(2)).ipv6(source, "fd00::fe");
}
FrameBuilder piece4(uint16_t offset, bool more, size_t size, uint8_t value = 1) {
  return v4().fragment(offset, more).protocol(17).fill(size, value);
}
FrameBuilder piece6(uint16_t offset, bool more, size_t size, uint8_t value = 1) {
  return v6().fragment_header(offset, more).protocol(17).fill(size, value);
}
// A first fragment that says what it is, with a UDP header of the length the whole will have.
FrameBuilder first6(size_t size, uint16_t udp_length = 3000) {
  return v6().fragment_header(0, true).udp(1, 2).udp_length(udp_length).fill(size - 8, 1);
}

class ReassemblyTest : public ::testing::Test {
 protected:
  struct Outcome {
    Kind kind;
    Reason reason;
    uint32_t problem_at;
    std::vector<PortId> merged;
    Bytes whole;
    Packet packet;  // its layout and where it came from
  };
  struct Given {
    Reason reason;
    std::vector<PortId> ingress;
    Bytes first;
    Packet packet;
  };

  Outcome add(const Bytes& bytes, Time now = start, PortId ingress = 5, NetworkId network = 3) {
    Packet& p = *pool_.take();
    std::ranges::copy(bytes, p.data);
    p.length = static_cast<uint32_t>(bytes.size());
    p.ingress = ingress, p.network = network, p.tci = 0x6000;
    EXPECT_EQ(parse_layout(p), Reason::none);
    Packet& whole = *pool_.take();
    const auto result = reassembly_.add(p, now, whole);
    ++added_;
    dropped_ += result.kind == Kind::dropped;
    wholes_ += result.kind == Kind::complete;
    merged_ += result.merged.size();
    EXPECT_EQ(result.kind == Kind::dropped, result.reason != Reason::none);
    Outcome outcome{
        result.kind, result.reason, result.problem_at, {result.merged.begin(), result.merged.end()},
        {},          whole};
    if (result.kind == Kind::complete) outcome.whole = Bytes(whole.data, whole.data + whole.length);
    pool_.give_back(&p);
    pool_.give_back(&whole);
    return outcome;
  }
  Outcome add(const FrameBuilder& builder, Time now = start, PortId ingress = 5,
              NetworkId network = 3) {
    return add(builder.bytes(), now, ingress, network);
  }

  std::vector<Given> expire(Time now) {
    std::vector<Given> all;
    reassembly_.expire(now, [&](const Reassembly::Abandoned& a) {
      Given g{a.reason, {a.ingress.begin(), a.ingress.end()}, {}, {}};
      if (a.first != nullptr) {
        g.first = Bytes(a.first->data, a.first->data + a.first->length);
        g.packet = *a.first;
      }
      abandoned_ += g.ingress.size();
      all.push_back(std::move(g));
    });
    return all;
  }

  std::vector<Bytes> cut(const FrameBuilder& builder, uint32_t mtu, uint32_t id = 1) {
    PacketPool pool(2);
    Packet& whole = *pool.take();
    builder.store(whole);
    EXPECT_EQ(parse_layout(whole), Reason::none);
    if (whole.data[12] == 0x08) return run(pool, Fragmenter(whole, mtu));
    return run(pool, Fragmenter6(whole, mtu, id));
  }
  template <class Cutter>
  static std::vector<Bytes> run(PacketPool& pool, Cutter cutter) {
    std::vector<Bytes> pieces;
    for (Packet* out = pool.take(); cutter.next(*out); out = pool.take()) {
      pieces.emplace_back(out->data, out->data + out->length);
      pool.give_back(out);
    }
    return pieces;
  }

  void expect_account() {
    EXPECT_EQ(added_, dropped_ + wholes_ + merged_ + abandoned_ + reassembly_.held());
  }

  void TearDown() override {
    expire(start);
    expect_account();
    expire(start + seconds(1000));
    expect_account();
    EXPECT_EQ(reassembly_.held(), 0u);
    EXPECT_EQ(reassembly_.datagrams(), 0u);
    EXPECT_EQ(reassembly_.next_deadline(), Time::max());
  }

  PacketPool pool_{2};
  Reassembly reassembly_{key};
  uint64_t added_ = 0, dropped_ = 0, wholes_ = 0, merged_ = 0, abandoned_ = 0;
};

TEST_F(ReassemblyTest, FR3_TheWholeIsThePacketThatWasCut) {
  const uint8_t record_route[] = {7, 7, 4, 0, 0, 0, 0};
  for (const FrameBuilder& builder :
       {v4().tos(0x28).ttl(9).udp(1, 2).pattern(3000), v4().echo_request(1, 2).pattern(2993),
        v4().ip_options(record_route).udp(1, 2).pattern(5000), v6().udp(1, 2).pattern(3001),
        v6().extension(0).extension(60).tcp(1, 2).pattern(3000)}) {
    const auto pieces = cut(builder, 1280);
    for (size_t i = 0; i + 1 < pieces.size(); ++i) EXPECT_EQ(add(pieces[i]).kind, Kind::kept);
    const Outcome last = add(pieces.back());
    ASSERT_EQ(last.kind, Kind::complete);
    EXPECT_EQ(last.whole, builder.bytes());
    EXPECT_EQ(frame_fault(last.whole), "");
    EXPECT_EQ(last.merged.size(), pieces.size() - 1);
    EXPECT_EQ(last.packet.layout.fault, Reason::none);
    EXPECT_FALSE(last.packet.layout.fragment);
    EXPECT_EQ(last.packet.layout.l3_end, last.whole.size());
    EXPECT_EQ(last.packet.ingress, 5);
    EXPECT_EQ(last.packet.network, 3);
    EXPECT_EQ(last.packet.tci, 0x6000);
    EXPECT_EQ(reassembly_.held(), 0u);
  }
}

TEST_F(ReassemblyTest, FR3_TR5_FragmentsMayComeInAnyOrder) {
  const FrameBuilder builders[] = {v4().udp(1, 2).pattern(3000), v6().udp(1, 2).pattern(5000)};
  for (const FrameBuilder& builder : builders) {
    auto pieces = cut(builder, 1280);
    std::ranges::sort(pieces);
    do {
      Outcome outcome{};
      for (const Bytes& piece : pieces) {
        EXPECT_NE(outcome.kind, Kind::complete);
        outcome = add(piece);
      }
      ASSERT_EQ(outcome.kind, Kind::complete);
      EXPECT_EQ(outcome.whole, builder.bytes());
    } while (std::ranges::next_permutation(pieces).found);
  }
}

TEST_F(ReassemblyTest, R4_11_TR5_TheLargestPingAtAnMtuOf576) {
  const auto ping = v4().echo_request(1, 2).pattern(65507);
  auto pieces = cut(ping, 576);
  EXPECT_EQ(pieces.size(), 119u);
  std::ranges::shuffle(pieces, std::mt19937(1));
  Outcome outcome{};
  for (const Bytes& piece : pieces) outcome = add(piece);
  ASSERT_EQ(outcome.kind, Kind::complete);
  EXPECT_EQ(outcome.whole, ping.bytes());
}

TEST_F(ReassemblyTest, FR3_DatagramsThatDifferInTheKeyAreKeptApart) {
  const auto second = [](FrameBuilder ip) { return ip.fragment(8, false).protocol(17).fill(8, 2); };
  EXPECT_EQ(add(v4(7).fragment(0, true).protocol(17).fill(8, 1)).kind, Kind::kept);
  EXPECT_EQ(add(second(v4(8))).kind, Kind::kept) << "id";
  EXPECT_EQ(add(second(v4(7, "10.0.0.2"))).kind, Kind::kept) << "source";
  EXPECT_EQ(add(second(frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").ip_id(7))).kind,
            Kind::kept)
      << "destination";
  EXPECT_EQ(add(v4(7).fragment(8, false).protocol(6).fill(8, 2)).kind, Kind::kept) << "protocol";
  EXPECT_EQ(add(second(v4(7)), start, 5, 4).kind, Kind::kept) << "network";
  EXPECT_EQ(reassembly_.datagrams(), 6u);
  EXPECT_EQ(add(second(v4(7))).kind, Kind::complete);
}

TEST_F(ReassemblyTest, FR3_Ipv6FragmentsMayDifferInTheNextHeader) {
  EXPECT_EQ(add(first6(16, 24)).kind, Kind::kept);
  const Outcome outcome = add(v6().fragment_header(16, false).protocol(99).fill(8, 2));
  ASSERT_EQ(outcome.kind, Kind::complete);
  EXPECT_EQ(outcome.whole[20], 17) << "that of the first fragment counts";
  EXPECT_EQ(outcome.packet.layout.protocol, 17);
}

// An IPv4 packet of protocol 0 and IPv6 with mapped addresses have all bytes of the key in common.
TEST_F(ReassemblyTest, FR3_TheFamiliesAreKeptApart) {
  EXPECT_EQ(add(v4(1).fragment(0, true).protocol(0).fill(8, 1)).kind, Kind::kept);
  const auto mapped = frame()
                          .eth(mac(1), mac(2))
                          .ipv6("::ffff:10.0.0.1", "::ffff:10.0.0.254")
                          .fragment_header(8, false, 1)
                          .protocol(17)
                          .fill(8, 2);
  EXPECT_EQ(add(mapped).kind, Kind::kept);
}

TEST_F(ReassemblyTest, R4_2_PaddingIsNotPartOfAFragment) {
  EXPECT_EQ(add(piece4(0, true, 8).pad(60)).kind, Kind::kept);
  EXPECT_EQ(add(piece4(8, false, 3).pad(60)).whole.size(), 14u + 20 + 11);
}

TEST_F(ReassemblyTest, TR3_AWrongHeaderChecksumStaysWrong) {
  auto first = piece4(0, true, 8);
  EXPECT_EQ(add(first.ip_checksum(0x1234)).kind, Kind::kept);
  EXPECT_EQ(frame_fault(add(piece4(8, false, 8)).whole), "IPv4 header checksum wrong");
}

// FR-4

TEST_F(ReassemblyTest, FR4_ExactDuplicatesAreIgnored) {
  for (const auto piece : {piece4, piece6}) {
    const auto first = piece == piece4 ? piece4(0, true, 16, 1) : first6(16, 48);
    EXPECT_EQ(add(first).kind, Kind::kept);
    EXPECT_EQ(add(first).reason, Reason::fragment_duplicate);
    EXPECT_EQ(add(piece(32, false, 16, 3)).kind, Kind::kept);
    EXPECT_EQ(add(piece(32, false, 16, 3)).reason, Reason::fragment_duplicate);
    EXPECT_EQ(add(first).reason, Reason::fragment_duplicate);
    EXPECT_EQ(add(piece(16, true, 16, 2)).kind, Kind::complete);
  }
}

struct Overlap {
  const char* name;
  uint16_t offset;
  bool more;
  size_t size;
};

class Overlapping : public ReassemblyTest, public ::testing::WithParamInterface<Overlap> {};

// Held are 16..32 and 48..64 of 64 bytes.
TEST_P(Overlapping, FR4_DropsTheDatagramAndWhatIsStillToCome) {
  const Overlap& row = GetParam();
  for (const auto piece : {piece4, piece6}) {
    EXPECT_EQ(add(piece(16, true, 16, 1), start, 1).kind, Kind::kept);
    EXPECT_EQ(add(piece(48, false, 16, 2), start, 2).kind, Kind::kept);
    EXPECT_EQ(add(piece(row.offset, row.more, row.size, 3), start, 3).reason,
              Reason::fragment_overlap);
    EXPECT_EQ(reassembly_.held(), 0u);
    EXPECT_EQ(reassembly_.next_deadline(), Time::min());
    const auto given = expire(start);
    ASSERT_EQ(given.size(), 1u);
    EXPECT_EQ(given[0].reason, Reason::fragment_overlap);
    EXPECT_EQ(given[0].ingress, (std::vector<PortId>{1, 2}));
    EXPECT_TRUE(given[0].first.empty());

    const Time later = start + seconds(29);
    EXPECT_EQ(add(piece(32, true, 16, 1), later).reason, Reason::fragment_overlap);
    EXPECT_EQ(add(piece(16, true, 16, 1), later).reason, Reason::fragment_overlap);
    EXPECT_TRUE(expire(later).empty());
    EXPECT_TRUE(expire(start + seconds(60)).empty()) << "silently";
    EXPECT_EQ(add(piece(16, true, 16, 1), start + seconds(60)).kind, Kind::kept);
    EXPECT_EQ(expire(start + seconds(200)).size(), 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, Overlapping,
    ::testing::Values(
        Overlap{"same_place_other_bytes", 16, true, 16}, Overlap{"begins_within", 24, true, 24},
        Overlap{"ends_within", 8, true, 16}, Overlap{"within", 16, true, 8},
        Overlap{"around", 8, true, 32}, Overlap{"longer_at_the_same_place", 16, true, 24},
        Overlap{"over_the_last", 40, true, 16}, Overlap{"beyond_the_end", 64, true, 8},
        Overlap{"last_further_on", 64, false, 8}, Overlap{"last_that_is_not", 32, false, 8},
        Overlap{"more_behind_the_end", 48, true, 16}, Overlap{"last_shorter", 48, false, 8}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(ReassemblyTest, FR4_ALastFragmentBeforeOthersIsAnOverlap) {
  EXPECT_EQ(add(piece4(64, true, 16)).kind, Kind::kept);
  EXPECT_EQ(add(piece4(32, false, 16)).reason, Reason::fragment_overlap);
}

// FR-5, FR-6

TEST_F(ReassemblyTest, FR5_LengthOfAllButTheLastIsAMultipleOfEight) {
  EXPECT_EQ(add(piece4(0, true, 9)).reason, Reason::fragment_invalid);
  const Outcome outcome = add(first6(17));
  EXPECT_EQ(outcome.reason, Reason::fragment_invalid);
  EXPECT_EQ(outcome.problem_at, 4u) << "the payload length field";
  EXPECT_EQ(reassembly_.datagrams(), 0u);
}

TEST_F(ReassemblyTest, FR5_NothingReachesBeyond65535Bytes) {
  EXPECT_EQ(add(piece4(65512, false, 3)).kind, Kind::kept);
  EXPECT_EQ(add(piece4(65512, false, 4)).reason, Reason::fragment_invalid);
  EXPECT_EQ(add(piece4(65528, true, 8)).reason, Reason::fragment_invalid);
  EXPECT_EQ(add(piece6(65488, false, 7)).kind, Kind::kept);
  const Outcome outcome =
      add(v6().extension(0).fragment_header(65488, false).protocol(17).zeros(8));
  EXPECT_EQ(outcome.reason, Reason::fragment_invalid);
  EXPECT_EQ(outcome.problem_at, 40u + 8 + 2) << "the fragment offset field";
}

// The first fragment's header is longer than the others'.
TEST_F(ReassemblyTest, FR5_NeitherDoesTheWhole) {
  const uint8_t options[36] = {1, 1, 1};
  EXPECT_EQ(add(v4().fragment(32760, false).protocol(17).zeros(32750)).kind, Kind::kept);
  auto first = v4().ip_options(options).fragment(0, true).protocol(17).zeros(32720);
  EXPECT_EQ(add(first).kind, Kind::kept);
  EXPECT_EQ(add(v4().fragment(32720, true).protocol(17).zeros(40)).kind, Kind::kept);
  EXPECT_EQ(reassembly_.held(), 0u);
  const auto given = expire(start);
  ASSERT_EQ(given.size(), 1u);
  EXPECT_EQ(given[0].reason, Reason::fragment_invalid);
  EXPECT_EQ(given[0].ingress.size(), 3u);
}

TEST_F(ReassemblyTest, FR5_EmptyFragmentsAreNone) {
  EXPECT_EQ(add(piece4(8, false, 0)).reason, Reason::fragment_invalid);
  EXPECT_EQ(add(piece6(0, true, 0)).reason, Reason::fragment_invalid);
  EXPECT_EQ(add(piece6(0, false, 0)).reason, Reason::fragment_invalid);
}

TEST_F(ReassemblyTest, FR6_TheFirstIpv6FragmentShowsAllHeaders) {
  const uint8_t fourteen[14] = {};
  EXPECT_EQ(add(v6().fragment_header(0, true).protocol(6).zeros(16)).reason,
            Reason::fragment_invalid);
  auto cut_extension = v6().fragment_header(0, true).extension(60, fourteen);
  EXPECT_EQ(add(cut_extension.truncate(14 + 40 + 16).ip_length(16)).reason,
            Reason::fragment_invalid);
  EXPECT_EQ(add(v6().fragment_header(0, true).extension(60)).reason, Reason::fragment_invalid);
  EXPECT_EQ(add(v6().fragment_header(0, true).tcp(1, 2).zeros(4)).kind, Kind::kept);
}

TEST_F(ReassemblyTest, FR6_ATinyFirstIpv4FragmentIsJudgedWhenWhole) {
  const auto segment = v4().tcp(1, 2).pattern(100);
  const Bytes all = segment.bytes();
  const auto part = [&](size_t from, size_t size, bool more) {
    const Bytes bytes(all.begin() + 34 + static_cast<std::ptrdiff_t>(from),
                      all.begin() + 34 + static_cast<std::ptrdiff_t>(from + size));
    return v4().fragment(static_cast<uint16_t>(from), more).protocol(6).payload(bytes);
  };
  EXPECT_EQ(add(part(0, 8, true)).kind, Kind::kept);
  EXPECT_EQ(add(part(8, 112, false)).whole, all);
}

// FR-7

TEST_F(ReassemblyTest, FR7_AnAtomicFragmentIsCompleteByItself) {
  EXPECT_EQ(add(first6(16, 24)).kind, Kind::kept) << "same addresses and id";
  const Outcome outcome = add(v6().extension(0).fragment_header(0, false).udp(1, 2).pattern(9));
  ASSERT_EQ(outcome.kind, Kind::complete);
  EXPECT_EQ(outcome.whole, v6().extension(0).udp(1, 2).pattern(9).bytes());
  EXPECT_TRUE(outcome.merged.empty());
  EXPECT_EQ(outcome.packet.ingress, 5);
  EXPECT_FALSE(outcome.packet.layout.fragment);
  EXPECT_EQ(reassembly_.held(), 1u);
  EXPECT_EQ(add(piece6(16, false, 8)).kind, Kind::complete);
}

TEST_F(ReassemblyTest, FR7_FragmentsInFragmentsAreNone) {
  EXPECT_EQ(add(v6().fragment_header(0, false).fragment_header(0, false).udp(1, 2)).reason,
            Reason::fragment_invalid);
  EXPECT_EQ(
      add(v6().fragment_header(0, false).fragment_header(8, true).protocol(17).zeros(8)).reason,
      Reason::fragment_invalid);
  EXPECT_EQ(
      add(v6().fragment_header(0, true).fragment_header(0, true).udp(1, 2).udp_length(50)).kind,
      Kind::kept);
  EXPECT_EQ(add(piece6(16, false, 8)).kind, Kind::kept);
  EXPECT_EQ(expire(start).at(0).reason, Reason::fragment_invalid);
}

// Congestion marks (RFC 3168 5.3)

Bytes whole_of_marks(uint8_t ecn1, uint8_t ecn2, Family family) {
  PacketPool pool(2);
  Reassembly reassembly(key);
  Packet &p = *pool.take(), &whole = *pool.take();
  const bool is4 = family == Family::v4;
  (is4 ? piece4(0, true, 16) : first6(16, 24)).tos(0x28 | ecn1).store(p);
  EXPECT_EQ(parse_layout(p), Reason::none);
  (void)reassembly.add(p, start, whole);
  (is4 ? piece4(16, false, 8) : piece6(16, false, 8)).tos(0x28 | ecn2).store(p);
  EXPECT_EQ(parse_layout(p), Reason::none);
  if (reassembly.add(p, start, whole).kind != Kind::complete) return {};
  EXPECT_NE(frame_fault(whole.frame()), "IPv4 header checksum wrong");
  return {whole.data, whole.data + whole.length};
}

unsigned traffic_class(const Bytes& b) {
  return b[12] == 0x08 ? b[15] : (b[14] & 15u) << 4 | b[15] >> 4;
}

TEST_F(ReassemblyTest, CongestionOfAnyFragmentIsThatOfTheWhole) {
  for (const Family family : {Family::v4, Family::v6}) {
    EXPECT_EQ(traffic_class(whole_of_marks(2, 2, family)), 0x2au);
    EXPECT_EQ(traffic_class(whole_of_marks(2, 3, family)), 0x2bu);
    EXPECT_EQ(traffic_class(whole_of_marks(3, 1, family)), 0x2bu);
    EXPECT_EQ(traffic_class(whole_of_marks(0, 0, family)), 0x28u);
    EXPECT_EQ(traffic_class(whole_of_marks(1, 0, family)), 0x29u);
    EXPECT_TRUE(whole_of_marks(3, 0, family).empty()) << "a mark nobody can have made";
    EXPECT_TRUE(whole_of_marks(0, 3, family).empty());
  }
}

// Time

TEST_F(ReassemblyTest, FR3_IC6_GivesUpIpv4After30SecondsWithTheFirstFragmentToQuote) {
  EXPECT_EQ(reassembly_.next_deadline(), Time::max());
  const auto first = v4().fragment(0, true).udp(1, 2).udp_length(3000).pattern(1472);
  add(first, start, 8, 3);
  add(piece4(2960, false, 100), start + seconds(5), 9, 3);
  EXPECT_EQ(reassembly_.next_deadline(), start + seconds(30));
  EXPECT_TRUE(expire(start + milliseconds(29999)).empty());
  const auto given = expire(start + seconds(30));
  ASSERT_EQ(given.size(), 1u);
  EXPECT_EQ(given[0].reason, Reason::reassembly_timeout);
  EXPECT_EQ(given[0].ingress, (std::vector<PortId>{8, 9}));
  const Bytes bytes = first.bytes();
  EXPECT_EQ(given[0].first, Bytes(bytes.begin(), bytes.begin() + 14 + 1280));
  EXPECT_EQ(given[0].packet.ingress, 8);
  EXPECT_EQ(given[0].packet.network, 3);
  EXPECT_EQ(given[0].packet.layout.l3_end, 14u + 1280);
  EXPECT_EQ(given[0].packet.layout.l4, 34);
  EXPECT_EQ(given[0].packet.layout.protocol, 17);
  EXPECT_TRUE(given[0].packet.layout.fragment);
}

TEST_F(ReassemblyTest, FR3_IC6_GivesUpIpv6After60Seconds) {
  add(first6(104));
  EXPECT_EQ(reassembly_.next_deadline(), start + seconds(60));
  EXPECT_TRUE(expire(start + milliseconds(59999)).empty());
  const auto given = expire(start + seconds(60));
  ASSERT_EQ(given.size(), 1u);
  EXPECT_EQ(given[0].first, first6(104).bytes());
  EXPECT_EQ(given[0].packet.layout.l4, 62);
}

TEST_F(ReassemblyTest, IC6_WithoutTheFirstFragmentThereIsNothingToQuote) {
  add(piece4(8, true, 8));
  const auto given = expire(start + seconds(30));
  ASSERT_EQ(given.size(), 1u);
  EXPECT_TRUE(given[0].first.empty());
  EXPECT_EQ(given[0].ingress.size(), 1u);
}

TEST_F(ReassemblyTest, FR3_EachDatagramHasItsOwnTime) {
  for (uint16_t i = 0; i < 10; ++i)
    add(v4(i).fragment(8, true).protocol(17).zeros(8), start + seconds(i));
  add(piece6(8, true, 8), start);
  EXPECT_EQ(expire(start + seconds(34)).size(), 5u);
  EXPECT_EQ(reassembly_.next_deadline(), start + seconds(35));
  EXPECT_EQ(expire(start + seconds(59)).size(), 5u);
  EXPECT_EQ(reassembly_.next_deadline(), start + seconds(60));
  EXPECT_EQ(expire(start + seconds(60)).size(), 1u);
}

// Bounds

// Source i, fragments of one block each.
FrameBuilder small(uint32_t source, uint16_t id, uint16_t offset = 8) {
  return v4(id, IpAddress::from_v4(0x0a000000 + source))
      .fragment(offset, true)
      .protocol(17)
      .zeros(8);
}

TEST_F(ReassemblyTest, FR3_WhenDatagramsAreTooManyTheOldestGoes) {
  for (uint32_t i = 0; i <= Reassembly::max_datagrams; ++i)
    EXPECT_EQ(add(small(1 + i, 7), start + milliseconds(i), static_cast<PortId>(i)).kind,
              Kind::kept);
  EXPECT_EQ(reassembly_.datagrams(), Reassembly::max_datagrams);
  const auto given = expire(start + seconds(3));
  ASSERT_EQ(given.size(), 1u);
  EXPECT_EQ(given[0].reason, Reason::reassembly_full);
  EXPECT_EQ(given[0].ingress, (std::vector<PortId>{0}));
}

// U-14: a flood of halves from many sources; the newest datagram can always be completed.
TEST_F(ReassemblyTest, U14_FR3_MemoryIsBoundedAndTheOldestGoes) {
  constexpr uint32_t count = 400;
  constexpr size_t size = 20000;  // 27 blocks
  for (uint32_t i = 0; i < count; ++i) {
    const auto half =
        v4(9, IpAddress::from_v4(0x0a010000 + i)).fragment(24, true).protocol(17).zeros(size);
    EXPECT_EQ(add(half, start + milliseconds(i), static_cast<PortId>(i)).kind, Kind::kept);
  }
  const uint32_t room =
      Reassembly::max_memory / BlockStore::block_size / BlockStore::blocks_for(size);
  EXPECT_EQ(reassembly_.held(), room);
  const auto given = expire(start + seconds(1));
  ASSERT_EQ(given.size(), 1u);
  EXPECT_EQ(given[0].reason, Reason::reassembly_full);
  ASSERT_EQ(given[0].ingress.size(), count - room);
  EXPECT_TRUE(std::ranges::is_sorted(given[0].ingress)) << "oldest first";
  EXPECT_EQ(given[0].ingress.back(), count - room - 1);

  EXPECT_EQ(add(piece4(0, true, 16)).kind, Kind::kept);
  EXPECT_EQ(add(piece4(16, false, 16)).kind, Kind::complete);
}

TEST_F(ReassemblyTest, FR3_OneSourceTakesAtMostAQuarter) {
  EXPECT_EQ(add(small(999, 1), start).kind, Kind::kept) << "another source's, and the oldest";
  const uint32_t quarter = Reassembly::max_memory / BlockStore::block_size / 4;
  for (uint32_t i = 0; i < quarter + 10; ++i)
    EXPECT_EQ(add(small(1, static_cast<uint16_t>(i)), start, static_cast<PortId>(i)).kind,
              Kind::kept);
  EXPECT_EQ(reassembly_.held(), 1 + quarter);
  const auto given = expire(start);
  ASSERT_EQ(given.size(), 1u);
  EXPECT_EQ(given[0].reason, Reason::reassembly_full);
  EXPECT_EQ(given[0].ingress, (std::vector<PortId>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}))
      << "its own oldest";
}

TEST_F(ReassemblyTest, FR3_ADatagramOfTooManyFragmentsIsRefused) {
  for (uint16_t i = 0; i < Reassembly::max_fragments; ++i)
    EXPECT_EQ(add(small(1, 7, static_cast<uint16_t>(16 + 16 * i))).kind, Kind::kept);
  EXPECT_EQ(add(small(1, 7, 8)).reason, Reason::reassembly_full);
  EXPECT_EQ(reassembly_.held(), 0u);
  EXPECT_EQ(add(small(1, 7, 8)).reason, Reason::reassembly_full);
  EXPECT_EQ(expire(start).at(0).ingress.size(), Reassembly::max_fragments);
}

// Should nobody ask for a long time what was given up, new fragments are refused rather than
// forgotten.
TEST_F(ReassemblyTest, WhatIsNotToldIsNotForgotten) {
  uint32_t refused = 0;
  for (uint32_t i = 0; i < 20000; ++i) {
    const Outcome outcome = add(small(1 + i, 7));
    refused += outcome.reason == Reason::reassembly_full;
  }
  EXPECT_GT(refused, 0u);
  expire(start);
  expect_account();
  EXPECT_EQ(add(small(1, 8)).kind, Kind::kept);
}

// Against a model that is the obvious thing: random cuts of random datagrams, lost, doubled and
// shuffled. Whatever completes must be right, and what lost nothing must complete.
TEST_F(ReassemblyTest, FR3_FR4_RandomTrafficIsPutTogetherRight) {
  std::mt19937 random(42);
  for (int round = 0; round < 60; ++round) {
    std::vector<Bytes> traffic;
    std::map<uint16_t, Bytes> complete;
    for (uint16_t id = 0; id < 12; ++id) {
      auto builder = v4(id).udp(1, 2);
      builder.payload(Bytes{static_cast<uint8_t>(id)}).pattern(random() % 4000 + 100);
      auto pieces = cut(builder, 68 + random() % 1400);
      if (random() % 4 == 0 && pieces.size() > 1) {
        pieces.erase(pieces.begin());
      } else if (pieces.size() > 1) {
        complete[id] = builder.bytes();
      }
      if (pieces.size() == 1) continue;
      if (pieces.size() <= Reassembly::max_fragments)
        traffic.insert(traffic.end(), pieces.begin(), pieces.end());
    }
    std::ranges::shuffle(traffic, random);
    for (const Bytes& piece : traffic) {
      const Outcome outcome = add(piece, start + seconds(100 * round));
      if (outcome.kind != Kind::complete) continue;
      const auto id = static_cast<uint16_t>(load_be16(&outcome.whole[18]));
      ASSERT_TRUE(complete.contains(id));
      EXPECT_EQ(outcome.whole, complete[id]);
      complete.erase(id);
    }
    EXPECT_TRUE(complete.empty());
    expire(start + seconds(100 * round + 99));
    expect_account();
    EXPECT_EQ(reassembly_.held(), 0u);
  }
}

}  // namespace
}  // namespace uswitch
