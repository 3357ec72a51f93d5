// Which TCP segments become one super-segment: by what Linux's GRO merges. What is merged is cut
// again by core/gso and must be what it was; tests/support/frame_check judges the pieces.
#include "tunnel/merger.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>

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
using test::mac;

// What one read of these frames makes of them.
struct Read {
  std::vector<Bytes> frames;
  std::vector<Offload> offloads;
  std::vector<Bytes> again;  // the same, super-segments cut
};

Read read(const std::vector<Bytes>& frames) {
  PacketPool pool(frames.size() + 2);
  Read result;
  Merger merger;
  std::vector<Packet*> packets;
  for (size_t i = 0; i < frames.size(); ++i) {
    if (merger.append(frames[i])) continue;
    packets.push_back(pool.take());
    merger.begin(*packets.back(), frames[i], i + 1 < frames.size());
  }
  merger.finish();
  for (Packet* p : packets) {
    result.frames.push_back({p->data, p->data + p->length});
    result.offloads.push_back(p->offload);
    EXPECT_EQ(parse_layout(*p), Reason::none);
    if (p->offload.gso == Offload::Gso::none) {
      EXPECT_FALSE(p->offload.any());
      result.again.push_back(result.frames.back());
      continue;
    }
    Segmenter segmenter(*p);
    Packet& piece = *pool.take();
    while (segmenter.next(piece)) result.again.push_back({piece.data, piece.data + piece.length});
    pool.give_back(&piece);
  }
  return result;
}

// The nth segment of a stream whose segments carry `size` bytes.
using Maker = std::function<FrameBuilder(unsigned n)>;

constexpr unsigned size = 100;
const uint8_t timestamps[] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};

FrameBuilder ip4(unsigned n) {
  return frame()
      .eth(mac(2), mac(1))
      .ipv4("10.0.0.2", "10.0.0.1")
      .dont_fragment()
      .ip_id(static_cast<uint16_t>(0xfffe + n));
}
FrameBuilder v4(unsigned n, unsigned payload = size) {
  return ip4(n).tcp(80, 4000).seq(0xffffff00 + n * size).ack(77).window(500).pattern(payload);
}
FrameBuilder v6(unsigned n, unsigned payload = size) {
  return frame()
      .eth(mac(2), mac(1))
      .ipv6("fd00::2", "fd00::1")
      .tcp(80, 4000)
      .seq(0xffffff00 + n * size)
      .ack(77)
      .window(500)
      .pattern(payload);
}

std::vector<Bytes> stream(const Maker& maker, unsigned count) {
  std::vector<Bytes> frames;
  for (unsigned n = 0; n < count; ++n) frames.push_back(maker(n).bytes());
  return frames;
}

struct Merged {
  const char* name;
  Maker maker;
  unsigned count = 5;
  size_t packets = 1;
};
void PrintTo(const Merged& row, std::ostream* out) {
  *out << row.name;
}

class MergerMerges : public ::testing::TestWithParam<Merged> {};

TEST_P(MergerMerges, SegmentsThatAreTheSameWhenCutAgain) {
  const std::vector<Bytes> frames = stream(GetParam().maker, GetParam().count);
  const Read r = read(frames);
  EXPECT_EQ(r.frames.size(), GetParam().packets);
  EXPECT_EQ(r.again, frames);
  for (const Bytes& f : r.again) EXPECT_EQ(frame_fault(f), "");
}

INSTANTIATE_TEST_SUITE_P(
    Table, MergerMerges,
    ::testing::Values(
        Merged{"ipv4", [](unsigned n) { return v4(n); }},
        Merged{"ipv6", [](unsigned n) { return v6(n); }},
        Merged{"two", [](unsigned n) { return v4(n); }, 2},
        Merged{"a_shorter_last", [](unsigned n) { return v4(n, n == 4 ? 33 : size); }},
        Merged{"a_last_of_one_byte", [](unsigned n) { return v6(n, n == 4 ? 1 : size); }},
        Merged{"push_in_the_last", [](unsigned n) { return v4(n).flags(n == 4 ? "AP" : "A"); }},
        Merged{"ece", [](unsigned n) { return v4(n).flags("AE"); }},
        Merged{"without_df",
               [](unsigned n) {
                 return frame()
                     .eth(mac(2), mac(1))
                     .ipv4("10.0.0.2", "10.0.0.1")
                     .ip_id(static_cast<uint16_t>(n))
                     .tcp(80, 4000)
                     .seq(n * size)
                     .pattern(size);
               }},
        Merged{"ect0",
               [](unsigned n) { return ip4(n).tos(2).tcp(80, 4000).seq(n * size).pattern(size); }},
        Merged{"equal_timestamps",
               [](unsigned n) {
                 return ip4(n).tcp(80, 4000).tcp_options(timestamps).seq(n * size).pattern(size);
               }},
        Merged{"at_most_64", [](unsigned n) { return v4(n); }, 65, 2},
        Merged{"smallest",
               [](unsigned n) { return v4(0, 8).seq(n * 8).ip_id(static_cast<uint16_t>(n)); }}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Merger, AsksForWhatTheSuperSegmentNeeds) {
  const Read four = read(stream([](unsigned n) { return v4(n, n == 2 ? 10 : size); }, 3));
  ASSERT_EQ(four.offloads.size(), 1u);
  EXPECT_EQ(four.offloads[0].gso, Offload::Gso::tcp4);
  EXPECT_EQ(four.offloads[0].segment_size, size);
  EXPECT_TRUE(four.offloads[0].needs_checksum);
  EXPECT_EQ(four.offloads[0].checksum_start, 34);
  EXPECT_EQ(four.offloads[0].checksum_offset, 16);
  // As a host would have sent it: but for the fields that are each segment's own, the bytes are.
  const Bytes whole = v4(0, 210).gso(size).bytes();
  EXPECT_EQ(Bytes(four.frames[0].begin(), four.frames[0].begin() + 54),
            Bytes(whole.begin(), whole.begin() + 54));

  const Read six = read(stream([](unsigned n) { return v6(n); }, 3));
  ASSERT_EQ(six.offloads.size(), 1u);
  EXPECT_EQ(six.offloads[0].gso, Offload::Gso::tcp6);
  EXPECT_EQ(six.offloads[0].checksum_start, 54);
}

TEST(Merger, NoIpPacketIsLongerThan65535) {
  const auto maker = [](unsigned n) {
    return frame()
        .eth(mac(2), mac(1))
        .ipv6("fd00::2", "fd00::1")
        .tcp(80, 4000)
        .seq(n * 8900)
        .pattern(8900);
  };
  const std::vector<Bytes> frames = stream(maker, 10);
  const Read r = read(frames);
  ASSERT_EQ(r.frames.size(), 2u);
  EXPECT_EQ(r.frames[0].size(), 7 * 8900u + 74);
  EXPECT_EQ(r.again, frames);
}

// RFC 6864: an id that says nothing may stay what it is. Cut again, it counts.
TEST(Merger, IdsThatStayAreMergedWithDfOnly) {
  const auto fixed = [](unsigned n) {
    return frame()
        .eth(mac(2), mac(1))
        .ipv4("10.0.0.2", "10.0.0.1")
        .dont_fragment()
        .ip_id(9)
        .tcp(80, 4000)
        .seq(n * size)
        .pattern(size);
  };
  EXPECT_EQ(read(stream(fixed, 4)).frames.size(), 1u);
  const auto without_df = [](unsigned n) {
    return frame()
        .eth(mac(2), mac(1))
        .ipv4("10.0.0.2", "10.0.0.1")
        .ip_id(9)
        .tcp(80, 4000)
        .seq(n * size)
        .pattern(size);
  };
  EXPECT_EQ(read(stream(without_df, 4)).frames.size(), 4u);
}

// The second frame of three is not what would follow the first.
struct Odd {
  const char* name;
  FrameBuilder second;
};
void PrintTo(const Odd& row, std::ostream* out) {
  *out << row.name;
}

class MergerRefuses : public ::testing::TestWithParam<Odd> {};

TEST_P(MergerRefuses, AndHandsAllOnAsTheyCame) {
  const std::vector<Bytes> frames{v4(0).bytes(), GetParam().second.bytes()};
  const Read r = read(frames);
  EXPECT_EQ(r.frames, frames);
  for (const Offload& o : r.offloads) EXPECT_FALSE(o.any());
}

FrameBuilder ip(const char* source, const char* destination) {
  return frame().eth(mac(2), mac(1)).ipv4(source, destination).dont_fragment().ip_id(0xffff);
}
FrameBuilder tcp(FrameBuilder below, uint16_t from = 80, uint16_t to = 4000) {
  return below.tcp(from, to).seq(0xffffff00 + size).ack(77).window(500).pattern(size);
}
FrameBuilder usual() {
  return ip("10.0.0.2", "10.0.0.1");
}
const uint8_t router_alert[] = {0x94, 4, 0, 0};

INSTANTIATE_TEST_SUITE_P(
    Table, MergerRefuses,
    ::testing::Values(
        Odd{"source_mac", tcp(frame()
                                  .eth(mac(3), mac(1))
                                  .ipv4("10.0.0.2", "10.0.0.1")
                                  .dont_fragment()
                                  .ip_id(0xffff))},
        Odd{"source", tcp(ip("10.0.0.3", "10.0.0.1"))},
        Odd{"destination", tcp(ip("10.0.0.2", "10.0.0.3"))}, Odd{"source_port", tcp(usual(), 81)},
        Odd{"destination_port", tcp(usual(), 80, 4001)}, Odd{"a_gap", v4(1).seq(1)},
        Odd{"the_same_again", v4(1).seq(0xffffff00)}, Odd{"acknowledgment", v4(1).ack(78)},
        Odd{"window", v4(1).window(501)}, Odd{"no_ack", v4(1).flags("")},
        Odd{"fin", v4(1).flags("FA")}, Odd{"syn", v4(1).flags("SA")}, Odd{"rst", v4(1).flags("RA")},
        Odd{"urg", v4(1).flags("UA")}, Odd{"cwr", v4(1).flags("CA")},
        Odd{"ece_in_one_only", v4(1).flags("AE")}, Odd{"no_payload", v4(1, 0)},
        Odd{"longer", v4(1, size + 1)}, Odd{"padding", v4(1, 4).pad(70)},
        Odd{"ttl", tcp(usual().ttl(63))}, Odd{"dscp", tcp(usual().tos(0x20))},
        Odd{"ecn", tcp(usual().tos(3))}, Odd{"id_goes_back", tcp(usual().ip_id(0xfffd))},
        Odd{"id_jumps", tcp(usual().ip_id(1))},
        Odd{"no_df", tcp(frame().eth(mac(2), mac(1)).ipv4("10.0.0.2", "10.0.0.1").ip_id(0xffff))},
        Odd{"fragment", tcp(usual().fragment(0, true))},
        Odd{"ip_options", tcp(ip("10.0.0.2", "10.0.0.1").ip_options(router_alert))},
        Odd{"ip_checksum", tcp(usual()).ip_checksum(0x1234)},
        Odd{"ip_length", tcp(usual()).ip_length(139)},
        Odd{"tcp_options",
            usual().tcp(80, 4000).tcp_options(timestamps).seq(0).ack(77).window(500).pattern(size)},
        Odd{"data_offset", v4(1).data_offset(15)}, Odd{"checksum", v4(1).l4_checksum(0x1234)},
        Odd{"udp", usual().udp(80, 4000).pattern(size)}, Odd{"ipv6", v6(1)},
        Odd{"arp", frame().eth(mac(2), mac(1)).arp_request(mac(2), "10.0.0.2", "10.0.0.1")}),
    [](const auto& row) { return std::string(row.param.name); });

// What is said by the first frame alone keeps the second away too.
TEST(Merger, NothingFollowsAFrameThatStandsAlone) {
  const auto pair = [](const FrameBuilder& first) {
    return read({first.bytes(), v4(1).bytes()}).frames;
  };
  EXPECT_EQ(pair(v4(0)).size(), 1u);
  EXPECT_EQ(read({v4(0).bytes(), tcp(usual()).bytes()}).frames.size(), 1u)
      << "what the odd ones differ from";
  for (const FrameBuilder& first : {v4(0).flags("PA"), v4(0).flags("FA"), v4(0).flags("SA"),
                                    v4(0).l4_checksum(0x1234), v4(0).ip_checksum(0x1234)}) {
    EXPECT_EQ(pair(first), (std::vector{first.bytes(), v4(1).bytes()}));
  }
  // Segments that small would make no super-segment that anybody takes.
  const std::vector<Bytes> tiny{v4(0, 7).bytes(), v4(1, 7).seq(0xffffff07).bytes()};
  EXPECT_EQ(read(tiny).frames, tiny);
}

TEST(Merger, NothingFollowsAPushOrAShorterSegment) {
  const std::vector<Bytes> frames{v4(0).bytes(), v4(1).flags("PA").bytes(), v4(2).bytes(),
                                  v4(3, 50).bytes(), v4(4).seq(0xffffff00 + 350).bytes()};
  const Read r = read(frames);
  EXPECT_EQ(r.frames.size(), 3u);
  EXPECT_EQ(r.again, frames);
}

// TR-1: nobody behind may mistake a damaged segment for a sound one.
TEST(Merger, ADamagedSegmentIsHandedOnDamagedAndInItsPlace) {
  std::vector<Bytes> frames = stream([](unsigned n) { return v4(n); }, 5);
  frames[2][60] ^= 1;
  const Read r = read(frames);
  ASSERT_EQ(r.frames.size(), 3u);
  EXPECT_EQ(r.frames[1], frames[2]);
  EXPECT_FALSE(r.offloads[1].any());
  EXPECT_EQ(r.again, frames);
}

TEST(Merger, FlowsThatAlternateStayInOrder) {
  std::vector<Bytes> frames;
  for (unsigned n = 0; n < 4; ++n) {
    frames.push_back(v4(n).bytes());
    frames.push_back(v6(n).bytes());
  }
  EXPECT_EQ(read(frames).frames, frames);
}

}  // namespace
}  // namespace uswitch
