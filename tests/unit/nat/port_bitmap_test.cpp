#include "nat/port_bitmap.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace uswitch {
namespace {

using Parity = PortBitmap::Parity;

constexpr PortBitmap::Range high{1024, 65535};

TEST(PortBitmap, U3_PortIsTakenOnceUntilItIsReleased) {
  PortBitmap ports;
  EXPECT_TRUE(ports.take(5000));
  EXPECT_FALSE(ports.take(5000));
  EXPECT_TRUE(ports.take(5001));
  ports.release(5000);
  EXPECT_TRUE(ports.take(5000));
  EXPECT_EQ(ports.taken(), 2u);
}

TEST(PortBitmap, P1_ReservedPortIsNotGivenOut) {
  PortBitmap ports;
  ports.reserve(8080, true);
  EXPECT_FALSE(ports.take(8080));
  for (int i = 0; i < 100; ++i) EXPECT_NE(ports.take_any({8080, 8181}, Parity::any, i), 8080);
  EXPECT_EQ(ports.take_any({8080, 8080}, Parity::any, 0), std::nullopt);
  ports.reserve(8080, false);
  EXPECT_EQ(ports.take_any({8080, 8080}, Parity::any, 0), 8080);
}

TEST(PortBitmap, TR11_EveryPortOfTheRangeIsFoundAndNoOther) {
  std::mt19937_64 random(1);
  for (const PortBitmap::Range range :
       {high, {1, 1023}, {0, 65535}, {7, 9}, {64, 127}, {60, 70}, {65535, 65535}, {0, 0}}) {
    PortBitmap ports;
    std::set<uint16_t> found;
    while (const auto port = ports.take_any(range, Parity::any, random())) {
      EXPECT_TRUE(*port >= range.first && *port <= range.last) << *port;
      EXPECT_TRUE(found.insert(*port).second) << *port;
    }
    EXPECT_EQ(found.size(), range.last - range.first + 1u);
    EXPECT_EQ(ports.taken(), found.size());
  }
}

TEST(PortBitmap, U4_ParityIsKept) {
  std::mt19937_64 random(2);
  for (const unsigned odd : {0u, 1u}) {
    PortBitmap ports;
    size_t count = 0;
    while (const auto port = ports.take_any(high, odd ? Parity::odd : Parity::even, random())) {
      EXPECT_EQ(*port % 2, odd);
      ++count;
    }
    EXPECT_EQ(count, (65536u - 1024u) / 2);
  }
}

TEST(PortBitmap, N5_FirstPortsAreSpreadOverTheRange) {
  std::mt19937_64 random(3);
  std::set<unsigned> places;
  for (int i = 0; i < 200; ++i) {
    PortBitmap ports;
    places.insert(*ports.take_any(high, Parity::any, random()) / 1024u);
  }
  EXPECT_GT(places.size(), 55u);  // of 63; 200 draws miss 3 on average
}

}  // namespace
}  // namespace uswitch
