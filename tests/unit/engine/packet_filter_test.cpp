#include "engine/packet_filter.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "core/batch.h"
#include "tests/support/frame_builder.h"

namespace uswitch {
namespace {

using test::frame;
using test::mac;
using Bytes = std::vector<uint8_t>;

// The judge: libpcap's own compiler and interpreter.
class Judge {
 public:
  explicit Judge(const std::string& expression) {
    pcap_t* format = pcap_open_dead(DLT_EN10MB, 65535);
    if (pcap_compile(format, &program_, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
      ADD_FAILURE() << expression << ": " << pcap_geterr(format);
    pcap_close(format);
  }
  ~Judge() { pcap_freecode(&program_); }
  bool matches(const Bytes& b) const {
    const auto length = static_cast<u_int>(b.size());
    return bpf_filter(program_.bf_insns, b.data(), length, length) != 0;
  }

 private:
  bpf_program program_{};
};

const std::vector<std::string> expressions = {
    "tcp",
    "udp port 53",
    "port 80",
    "tcp port 443 or udp port 53",
    "host 10.0.0.1",
    "src host 10.0.0.1 and dst net 10.1.0.0/16",
    "net 10.0.0.0/8",
    "ip6",
    "ip6 host fd00::1",
    "net fd00::/16",
    "icmp or icmp6",
    "icmp[icmptype] == icmp-echo",
    "arp",
    "arp or (udp and port 67)",
    "ether host 02:00:00:00:00:01",
    "ether src 02:00:00:00:00:02 and not broadcast",
    "ether multicast",
    "broadcast",
    "vlan",
    "vlan 10",
    "vlan 10 and tcp port 80",
    "portrange 1000-2000",
    "tcp portrange 1-79",
    "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn",
    "ip[6:2] & 0x1fff != 0",
    "ip[8] < 5",
    "ip[2:2] > 100",
    "ip[2:2] >= 46",
    "len > 100",
    "greater 60",
    "less 60",
    "less 100 and udp",
    "ether proto 0x88b5",
    "ether[14:4] = 0",
    "ether[0] & 1 != 0",
    "ether[58] = 0",
    "ip proto 47",
    "ip protochain 6",
    "ip6 protochain 58",
    "(ip[2:2] - ((ip[0] & 0xf) << 2)) > 20",
    "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420",
    "not tcp and not udp",
    "ip[0] & 0xf != 5",
    "udp[4:2] > 8 and udp[4:2] < 1000",
    "ip multicast",
    "dst host 10.0.0.2 and tcp dst port 80 and ether dst 02:00:00:00:00:02",
};

// Frames that the expressions are about, and the same with bytes changed and cut anywhere.
class Frames {
 public:
  Frames() {
    const auto eth = [] { return frame().eth(mac(1), mac(2)); };
    add(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1000, 80).flags("S").payload("GET /"));
    add(eth().ipv4("10.0.0.2", "10.1.0.2").udp(53, 1500).payload("hello"));
    add(eth().ipv4("10.0.0.2", "10.1.0.2").fragment(1480, false).udp(53, 1500).zeros(100));
    add(eth().ipv6("fd00::1", "fd00::2").tcp(443, 5000).flags("SA"));
    add(eth().ipv6("fd00::1", "fd00::2").udp(67, 68).zeros(200));
    add(eth().ipv6("fd00::1", "fd00::2").extension(0).icmp(128, 0).zeros(8));
    add(eth().ipv4("10.0.0.1", "10.0.0.2").echo_request(1, 2));
    add(eth().vlan(10).ipv4("10.0.0.1", "10.0.0.2").tcp(1000, 80));
    add(eth().vlan(20).ipv6("fd00::1", "fd00::2").tcp(1000, 80));
    add(frame().eth(mac(2), "ff:ff:ff:ff:ff:ff").arp_request(mac(2), "10.0.0.2", "10.0.0.1"));
    add(eth().ether_type(0x88b5).zeros(46));
    add(frame().eth(mac(3), "01:00:5e:00:00:01").ipv4("10.0.0.3", "224.0.0.1").ttl(1).udp(9, 9));
    add(eth().ipv4("10.0.0.1", "10.0.0.2").protocol(47).zeros(30));
    const uint8_t options[] = {7, 3, 4, 0};
    add(eth().ipv4("10.0.0.1", "10.0.0.2").ip_options(options).tcp(1, 79).payload("GET /"));
  }

  const Bytes& any() {
    scratch_ = bases_[random_() % bases_.size()];
    for (unsigned n = random_() % 4; n > 0; --n) {
      scratch_[random_() % std::min<size_t>(scratch_.size(), 64)] = interesting();
    }
    if (random_() % 4 == 0) scratch_.resize(random_() % (scratch_.size() + 1));
    scratch_.shrink_to_fit();  // so that a sanitizer sees each byte too far
    return scratch_;
  }

 private:
  void add(const test::FrameBuilder& f) { bases_.push_back(f.bytes()); }
  uint8_t interesting() {
    constexpr uint8_t values[] = {0, 1, 6, 17, 58, 80, 0x45, 0x46, 0x4f, 0x60, 0x81, 0xff};
    return random_() % 2 ? values[random_() % std::size(values)] : static_cast<uint8_t>(random_());
  }

  std::mt19937 random_{1};
  std::vector<Bytes> bases_;
  Bytes scratch_;
};

TEST(PacketFilter, AnswersAsLibpcapDoes) {
  Frames frames;
  for (const std::string& expression : expressions) {
    const PacketFilter filter(expression);
    const Judge judge(expression);
    unsigned taken = 0;
    for (int i = 0; i < 20'000; ++i) {
      const Bytes& b = frames.any();
      const bool wanted = judge.matches(b);
      taken += wanted;
      ASSERT_EQ(filter.matches(b), wanted) << expression << ", length " << b.size();
    }
    EXPECT_GT(taken, 0u) << expression << ": the test proves nothing";
  }
}

// Random programs, sound as bpf_validate sees it, with what the compiler never makes of it.
TEST(PacketFilter, RunsProgramsAsLibpcapDoes) {
  std::mt19937 random(2);
  constexpr uint16_t codes[] = {
      BPF_LD | BPF_B | BPF_ABS,   BPF_LD | BPF_H | BPF_ABS,  BPF_LD | BPF_W | BPF_ABS,
      BPF_LD | BPF_B | BPF_IND,   BPF_LD | BPF_H | BPF_IND,  BPF_LD | BPF_W | BPF_IND,
      BPF_LD | BPF_W | BPF_LEN,   BPF_LDX | BPF_MSH | BPF_B, BPF_ALU | BPF_AND | BPF_K,
      BPF_JMP | BPF_JEQ | BPF_K,  BPF_JMP | BPF_JGT | BPF_K, BPF_JMP | BPF_JGE | BPF_K,
      BPF_JMP | BPF_JSET | BPF_K, BPF_JMP | BPF_JA,          BPF_RET | BPF_K};
  Frames frames;
  unsigned translated = 0;
  for (int n = 0; n < 20'000; ++n) {
    std::vector<bpf_insn> program(2 + random() % 10);
    for (size_t i = 0; i + 1 < program.size(); ++i) {
      const auto left = static_cast<unsigned>(program.size() - i - 1);
      bpf_insn& p = program[i];
      // A load, a comparison, a load ...: else nearly nothing could be translated.
      p.code = i % 2 == 0 ? codes[random() % 8] : codes[8 + random() % 7];
      const bool number = BPF_CLASS(p.code) == BPF_JMP || BPF_CLASS(p.code) == BPF_ALU;
      p.k = number ? (random() % 2 ? random() % 300 : random()) : random() % 40;
      if (p.code == (BPF_JMP | BPF_JA)) p.k = random() % left;
      p.jt = static_cast<uint8_t>(random() % left);
      p.jf = static_cast<uint8_t>(random() % left);
    }
    program.back() = {BPF_RET | BPF_K, 0, 0, static_cast<bpf_u_int32>(random() % 2)};
    ASSERT_TRUE(bpf_validate(program.data(), static_cast<int>(program.size())));
    const PacketFilter filter(program);
    translated += filter.is_translated();
    for (int i = 0; i < 20; ++i) {
      const Bytes& b = frames.any();
      const auto length = static_cast<u_int>(b.size());
      ASSERT_EQ(filter.matches(b), bpf_filter(program.data(), b.data(), length, length) != 0)
          << "program " << n << ", length " << b.size();
    }
  }
  EXPECT_GT(translated, 1000u);
}

TEST(PacketFilter, TranslatesWhatPeopleAskFor) {
  for (const char* expression :
       {"tcp port 80", "host 10.0.0.1", "ip6 host fd00::1 and udp", "arp or icmp",
        "ether host 02:00:00:00:00:01", "vlan 10", "net 10.0.0.0/8", "portrange 1000-2000",
        "len > 100", "tcp[tcpflags] & tcp-syn != 0"}) {
    EXPECT_TRUE(PacketFilter(expression).is_translated()) << expression;
  }
}

TEST(PacketFilter, TakesAllWithoutAnExpression) {
  EXPECT_TRUE(PacketFilter("").takes_all());
  EXPECT_TRUE(PacketFilter(" ").matches(Bytes(14)));
}

TEST(PacketFilter, SaysWhatIsWrong) {
  const auto sentence = [](const char* expression) -> std::string {
    try {
      const PacketFilter filter(expression);
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(sentence("tcp prt 80"), "can't parse filter expression: syntax error");
  EXPECT_EQ(sentence("tcp and"), "can't parse filter expression: syntax error");
  EXPECT_NE(sentence("host no.such.name.invalid"), "");
}

// All sorts of frames go different ways through the nodes at once.
TEST(PacketFilter, MatchesABatchAsItDoesEach) {
  PacketPool pool(64);
  Frames frames;
  std::mt19937 random(3);
  for (const std::string& expression : expressions) {
    const PacketFilter filter(expression);
    const Judge judge(expression);
    for (int i = 0; i < 100; ++i) {
      Batch batch(pool);
      uint64_t wanted = 0;
      for (size_t n = random() % 65; batch.size() < n;) {
        const Bytes& b = frames.any();
        wanted |= uint64_t{judge.matches(b)} << batch.size();
        Packet* p = batch.append();
        std::ranges::copy(b, p->data);
        p->length = static_cast<uint32_t>(b.size());
      }
      ASSERT_EQ(filter.match(batch.packets()), wanted) << expression;
    }
  }
}

TEST(PacketFilter, TakesAWholeBatchWithoutAnExpression) {
  PacketPool pool(64);
  Batch batch(pool);
  for (int i = 0; i < 3; ++i) batch.append();
  EXPECT_EQ(PacketFilter("").match(batch.packets()), 0b111u);
}

}  // namespace
}  // namespace uswitch
