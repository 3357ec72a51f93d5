#include "wire/checksum.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/support/frame_builder.h"
#include "tests/support/naive_checksum.h"

namespace uswitch {
namespace {

using test::naive_sum;

std::vector<uint8_t> random_bytes(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(count);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  return bytes;
}

TEST(Checksum, SumAgreesWithTheNaiveOneAtEveryLengthAndAlignment) {
  auto bytes = random_bytes(400, 1);
  for (size_t start = 0; start < 17; ++start) {
    for (size_t size = 0; size < 300; ++size) {
      auto part = std::span(bytes).subspan(start, size);
      ASSERT_EQ(checksum::sum(part), naive_sum(part)) << start << " " << size;
    }
    ASSERT_EQ(checksum::sum20(&bytes[start]), naive_sum(std::span(bytes).subspan(start, 20)));
  }
}

TEST(Checksum, SumOfLongRunsOfOnesKeepsEveryCarry) {
  for (size_t size : {64u, 1500u, 65535u, 65536u}) {
    std::vector<uint8_t> ones(size, 0xff);
    EXPECT_EQ(checksum::sum(ones), naive_sum(ones)) << size;
  }
  EXPECT_EQ(checksum::sum(std::vector<uint8_t>(100, 0)), 0);
}

TEST(Checksum, SumOfLargeRandomBuffers) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    auto bytes = random_bytes(60000 + seed * 311, seed);
    ASSERT_EQ(checksum::sum(bytes), naive_sum(bytes));
  }
}

TEST(Checksum, CopyAndSumCopiesAndSumsExactly) {
  auto from = random_bytes(400, 2);
  for (size_t start = 0; start < 17; ++start) {
    for (size_t size = 0; size < 200; ++size) {
      std::vector<uint8_t> to(size + 2, 0xee);
      auto part = std::span(from).subspan(start, size);
      ASSERT_EQ(checksum::copy_and_sum(to.data() + 1, part.data(), size), naive_sum(part));
      ASSERT_TRUE(std::equal(part.begin(), part.end(), to.begin() + 1));
      ASSERT_EQ(to.front(), 0xee);
      ASSERT_EQ(to.back(), 0xee);
    }
  }
}

TEST(Checksum, PseudoHeadersAgreeWithTheNaiveOnes) {
  auto a = random_bytes(32, 3);
  for (size_t length : {8u, 1480u, 65535u, 70000u}) {
    EXPECT_EQ(checksum::pseudo4(a.data(), 17, length),
              test::naive_pseudo_sum(std::span(a).first(8), 17, length));
    EXPECT_EQ(checksum::pseudo6(a.data(), 58, length), test::naive_pseudo_sum(a, 58, length));
  }
}

TEST(Checksum, R4_4_Rfc1624VectorGivesZeroNotItsNegative) {
  EXPECT_EQ(checksum::apply(0xdd2f, checksum::change(0x5555, 0x3285)), 0x0000);
}

// A header whose TTL goes down by one, for every value of the other half of its word.
TEST(Checksum, TR3_TtlDecrementMatchesRecomputation) {
  auto header = random_bytes(20, 4);
  for (unsigned ttl = 1; ttl < 256; ++ttl) {
    for (unsigned protocol = 0; protocol < 256; ++protocol) {
      header[8] = static_cast<uint8_t>(ttl);
      header[9] = static_cast<uint8_t>(protocol);
      store_be16(&header[10], 0);
      uint16_t before = checksum::finish(naive_sum(header));
      uint16_t old_word = load_be16(&header[8]);
      --header[8];
      uint16_t delta = checksum::change(old_word, load_be16(&header[8]));
      ASSERT_EQ(checksum::apply(before, delta), checksum::finish(naive_sum(header)));
    }
  }
}

TEST(Checksum, NG1_AddressAndPortChangesAddUpToOneDelta) {
  for (auto [from, to] :
       {std::pair{"10.0.0.1", "192.0.2.77"}, std::pair{"fd00::1", "2001:db8::9"}}) {
    test::Ip a(from), b(to);
    auto segment = random_bytes(101, 5);
    auto sum_with = [&](const IpAddress& address, uint16_t port) {
      store_be16(&segment[0], port);
      return checksum::add(naive_sum({address.wire(), address.wire_size()}), naive_sum(segment));
    };
    uint16_t before = checksum::finish(sum_with(a, 1234));
    uint16_t delta = checksum::add(checksum::change_address(a, b), checksum::change(1234, 40000));
    EXPECT_EQ(checksum::apply(before, delta), checksum::finish(sum_with(b, 40000)));
    uint16_t back = checksum::add(checksum::change_address(b, a), checksum::change(40000, 1234));
    EXPECT_EQ(checksum::apply(checksum::apply(before, delta), back), before);
  }
}

TEST(Checksum, Change32IsTheChangeOfBothHalves) {
  auto bytes = random_bytes(8, 6);
  uint16_t before = checksum::finish(naive_sum(bytes));
  uint32_t old_word = load_be32(&bytes[4]);
  store_be32(&bytes[4], 0xfffefdfc);
  EXPECT_EQ(checksum::apply(before, checksum::change32(old_word, 0xfffefdfc)),
            checksum::finish(naive_sum(bytes)));
}

TEST(Checksum, NG2_UdpZeroStaysZeroAndAComputedZeroBecomesAllOnes) {
  uint16_t delta = checksum::change(0x0a00, 0xc0a8);
  EXPECT_EQ(checksum::apply_udp(0, delta), 0);
  EXPECT_EQ(checksum::finish_udp(0xffff), 0xffff);
  EXPECT_EQ(checksum::finish_udp(0x1234), 0xedcb);
  EXPECT_EQ(checksum::apply_udp(0xdd2f, checksum::change(0x5555, 0x3285)), 0xffff);
}

// TR-2: whatever a payload word becomes, the update gives what computing anew would.
TEST(Checksum, TR2_UdpUpdateOfEveryWordValue) {
  std::vector<uint8_t> datagram = {0, 1, 0, 2, 0, 10, 0, 0, 0, 0};
  uint16_t before = checksum::finish_udp(naive_sum(datagram));
  unsigned all_ones = 0;
  for (unsigned value = 0; value < 0x10000; ++value) {
    auto word = static_cast<uint16_t>(value);
    store_be16(&datagram[8], word);
    uint16_t updated = checksum::apply_udp(before, checksum::change(0, word));
    ASSERT_EQ(updated, checksum::finish_udp(naive_sum(datagram))) << value;
    all_ones += updated == 0xffff;
  }
  EXPECT_EQ(all_ones, 1u);
}

TEST(Checksum, NG3_AWrongChecksumStaysWrongByTheSameAmount) {
  uint16_t delta = checksum::change(0x0a00, 0xc0a8);
  uint16_t right = 0x1234, wrong = 0x1235;
  EXPECT_EQ(checksum::apply(wrong, delta) - checksum::apply(right, delta), 1);
}

TEST(Checksum, VH4_PartialSumTakesTheAddressDeltaUncomplemented) {
  test::Ip a("10.0.0.1"), b("192.0.2.77"), far("10.0.0.2");
  auto pseudo = [&](const IpAddress& source) {
    std::vector<uint8_t> both(source.wire(), source.wire() + 4);
    both.insert(both.end(), far.wire(), far.wire() + 4);
    return test::naive_pseudo_sum(both, 6, 1500);
  };
  EXPECT_EQ(checksum::apply_partial(pseudo(a), checksum::change_address(a, b)), pseudo(b));
}

}  // namespace
}  // namespace uswitch
