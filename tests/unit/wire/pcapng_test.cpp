#include "wire/pcapng.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <random>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace uswitch::pcapng {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}
std::span<const uint8_t> view(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

const Bytes frame = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6, 0x55};

EnhancedPacket packet() {
  EnhancedPacket p;
  p.time = 0x1122334455667788;
  p.length = 100;
  p.bytes = frame;
  p.direction = Direction::inbound;
  p.id = 0x0102030405060708;
  p.queue = 3;
  p.comment = "hi";
  return p;
}

TEST(Pcapng, PC1_PC2_SectionIsByteForByteAsTheFormatHasIt) {
  std::string out;
  write_section(out, "us");
  EXPECT_EQ(bytes_of(out),
            (Bytes{0x0a, 0x0d, 0x0d, 0x0a, 40,   0,    0,    0,    0x4d, 0x3c, 0x2b, 0x1a, 1, 0,
                   0,    0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4,    0,    2, 0,
                   'u',  's',  0,    0,    0,    0,    0,    0,    40,   0,    0,    0}));
}

TEST(Pcapng, PC3_InterfaceIsByteForByteAsTheFormatHasIt) {
  std::string out;
  write_interface(out, {.name = "web", .description = "d", .filter = "tcp", .snaplen = 0x10000});
  EXPECT_EQ(bytes_of(out), (Bytes{1,  0, 0, 0, 56,  0,   0,   0,   1, 0, 0, 0,  // Ethernet
                                  0,  0, 1, 0,                                  // snaplen
                                  2,  0, 3, 0, 'w', 'e', 'b', 0,   3, 0, 1, 0, 'd', 0, 0, 0,  //
                                  9,  0, 1, 0, 9,   0,   0,   0,                              // ns
                                  11, 0, 4, 0, 0,   't', 'c', 'p', 0, 0, 0, 0,                //
                                  56, 0, 0, 0}));
}

TEST(Pcapng, PC4_PacketIsByteForByteAsTheFormatHasIt) {
  std::string out;
  write_packet(out, packet());
  EXPECT_EQ(bytes_of(out),
            (Bytes{6,    0,    0,    0,    88,   0,    0,    0,    0, 0, 0, 0,  // IDB 0
                   0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55,              // time
                   15,   0,    0,    0,    100,  0,    0,    0,                 // lengths
                   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,    0,    0, 0, 0, 1,  //
                   8,    6,    0x55, 0,                                         //
                   2,    0,    4,    0,    0x0d, 0,    0,    0,                 // flags
                   5,    0,    8,    0,    8,    7,    6,    5,    4, 3, 2, 1,  // id
                   6,    0,    4,    0,    3,    0,    0,    0,                 // queue
                   1,    0,    2,    0,    'h',  'i',  0,    0,    0, 0, 0, 0,  //
                   88,   0,    0,    0}));
}

uint32_t flags_of(const EnhancedPacket& p) {
  std::string out;
  write_packet(out, p);
  const size_t at = 28 + (p.bytes.size() + 3) / 4 * 4 + 4;
  uint32_t flags;
  std::memcpy(&flags, &out[at], sizeof flags);
  return flags;
}

TEST(Pcapng, PC5_FlagsSayWayReceptionAndOffload) {
  EnhancedPacket p = packet();
  p.direction = Direction::outbound;
  EXPECT_EQ(flags_of(p), 2u | 3u << 2);
  p.checksum_not_ready = true;
  EXPECT_EQ(flags_of(p), 2u | 3u << 2 | 1u << 9);
  p.segmentation_offload = true;
  EXPECT_EQ(flags_of(p), 2u | 3u << 2 | 1u << 9 | 1u << 11);
  const Bytes multicast = {1, 0, 0x5e, 0, 0, 1, 2, 0, 0, 0, 0, 1, 8, 0},
              unicast = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
  p = packet();
  p.bytes = multicast;
  EXPECT_EQ(flags_of(p), 1u | 2u << 2);
  p.bytes = unicast;
  EXPECT_EQ(flags_of(p), 1u | 1u << 2);
  p.bytes = p.bytes.first(5);
  EXPECT_EQ(flags_of(p), 1u);
}

TEST(Pcapng, PC7_StatisticsAreByteForByteAsTheFormatHasThem) {
  std::string out;
  write_statistics(out, {.interface = 1, .time = 2, .received = 3, .dropped = 4, .accepted = 5});
  EXPECT_EQ(bytes_of(out), (Bytes{5, 0, 0, 0, 64, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,  //
                                  2, 0, 0, 0,                                       // time
                                  4, 0, 8, 0, 3,  0, 0, 0, 0, 0, 0, 0,              //
                                  5, 0, 8, 0, 4,  0, 0, 0, 0, 0, 0, 0,              //
                                  6, 0, 8, 0, 5,  0, 0, 0, 0, 0, 0, 0,              //
                                  0, 0, 0, 0, 64, 0, 0, 0}));
}

// A whole file with everything.
std::string file() {
  std::string out;
  write_section(out, "uswitch");
  write_interface(out, {.name = "web", .description = "inbound is in", .filter = "", .snaplen = 0});
  for (uint64_t n = 0; n < 3; ++n) {
    EnhancedPacket p = packet();
    p.time = 1'700'000'000'123'456'789 + n;
    p.bytes = p.bytes.first(frame.size() - n);
    p.dropped = n;
    if (n == 1) write_interface(out, {.name = "db", .description = "", .filter = "", .snaplen = 0});
    p.interface = n == 0 ? 0 : 1;
    write_packet(out, p);
  }
  write_statistics(out, {});
  return out;
}

// libpcap's reader, of a file's bytes.
std::vector<pcap_pkthdr> read_by_libpcap(const std::string& bytes, std::string& error) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.pcapng");
  std::ofstream(path, std::ios::binary) << bytes;
  char text[PCAP_ERRBUF_SIZE] = "";
  pcap_t* reader =
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, text);
  std::vector<pcap_pkthdr> headers;
  if (reader == nullptr) {
    error = text;
    return headers;
  }
  pcap_pkthdr* header;
  const u_char* data;
  int result;
  while ((result = pcap_next_ex(reader, &header, &data)) == 1) {
    EXPECT_TRUE(std::equal(data, data + header->caplen, frame.begin()));
    headers.push_back(*header);
  }
  if (result != PCAP_ERROR_BREAK) error = pcap_geterr(reader);
  pcap_close(reader);
  return headers;
}

TEST(Pcapng, LibpcapReadsIt) {
  std::string error;
  const auto headers = read_by_libpcap(file(), error);
  EXPECT_EQ(error, "");
  ASSERT_EQ(headers.size(), 3u);
  for (size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(headers[n].ts.tv_sec, 1'700'000'000);
    EXPECT_EQ(headers[n].ts.tv_usec, 123'456'789 + static_cast<long>(n));
    EXPECT_EQ(headers[n].caplen, frame.size() - n);
    EXPECT_EQ(headers[n].len, 100u);
  }
}

TEST(Pcapng, PC7_LibpcapReadsOneThatEndsAfterAnyBlock) {
  const std::string whole = file();
  size_t packets = 0, end = 0;
  for (auto left = view(whole); !left.empty();) {
    const auto block = next_block(left);
    ASSERT_TRUE(block && !block->empty());
    end += block->size();
    left = left.subspan(block->size());
    if (type_of(*block) == enhanced_packet) ++packets;
    if (packets == 0) continue;
    std::string error;
    EXPECT_EQ(read_by_libpcap(whole.substr(0, end), error).size(), packets);
    EXPECT_EQ(error, "");
  }
  EXPECT_EQ(packets, 3u);
}

TEST(Pcapng, ReadsWhatItWrites) {
  std::string out;
  const Interface interface { .name = "web", .description = "d", .filter = "tcp", .snaplen = 7 };
  write_interface(out, interface);
  const auto i = read_interface(view(out));
  ASSERT_TRUE(i);
  EXPECT_EQ(i->name, "web");
  EXPECT_EQ(i->description, "d");
  EXPECT_EQ(i->filter, "tcp");
  EXPECT_EQ(i->snaplen, 7u);
  EXPECT_FALSE(read_packet(view(out)));

  out.clear();
  EnhancedPacket p = packet();
  p.interface = 9;
  p.dropped = 77;
  p.segmentation_offload = true;
  write_packet(out, p);
  const auto q = read_packet(view(out));
  ASSERT_TRUE(q);
  EXPECT_EQ(q->interface, 9u);
  EXPECT_EQ(q->time, p.time);
  EXPECT_EQ(q->length, 100u);
  EXPECT_TRUE(std::ranges::equal(q->bytes, frame));
  EXPECT_EQ(q->direction, Direction::inbound);
  EXPECT_TRUE(q->segmentation_offload);
  EXPECT_FALSE(q->checksum_not_ready);
  EXPECT_EQ(q->id, p.id);
  EXPECT_EQ(q->queue, 3u);
  EXPECT_EQ(q->dropped, 77u);
  EXPECT_EQ(q->comment, "hi");

  out.clear();
  write_statistics(out, {.interface = 1, .time = 2, .received = 3, .dropped = 4, .accepted = 5});
  const auto s = read_statistics(view(out));
  ASSERT_TRUE(s);
  EXPECT_EQ(s->dropped, 4u);
  EXPECT_EQ(s->accepted, 5u);
}

TEST(Pcapng, ABlockThatIsNotAllThereIsWaitedFor) {
  const std::string whole = file();
  const size_t first = next_block(view(whole))->size();
  for (size_t size = 0; size < first; ++size) {
    const auto block = next_block(view(whole).first(size));
    ASSERT_TRUE(block) << size;
    EXPECT_TRUE(block->empty()) << size;
  }
}

TEST(Pcapng, DamageIsNoticedAndDoesNoHarm) {
  EXPECT_FALSE(next_block(view("HTTP/1.1 400 Bad Request\r\n")));
  std::string swapped;
  write_section(swapped, "x");
  std::reverse(&swapped[8], &swapped[12]);
  EXPECT_FALSE(next_block(view(swapped)));
  std::mt19937 random(1);
  for (int n = 0; n < 20'000; ++n) {
    std::string out;
    EnhancedPacket p = packet();
    random() % 2
        ? write_packet(out, p)
        : write_interface(out, {.name = "n", .description = "d", .filter = "f", .snaplen = 1});
    for (int i = 0; i < 3; ++i) out[8 + random() % (out.size() - 8)] = static_cast<char>(random());
    const std::vector<uint8_t> exact(out.begin(), out.end());  // a sanitizer sees each byte too far
    (void)read_packet(exact);
    (void)read_interface(exact);
    (void)read_statistics(exact);
    (void)next_block(exact);
  }
}

}  // namespace
}  // namespace uswitch::pcapng
