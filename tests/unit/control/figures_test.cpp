#include "control/figures.h"

#include <gtest/gtest.h>

namespace uswitch {
namespace {

TEST(Figures, CountsAreExactWhileShort) {
  EXPECT_EQ(show_count(0), "0");
  EXPECT_EQ(show_count(9999), "9999");
  EXPECT_EQ(show_count(10'000), "10.0 k");
  EXPECT_EQ(show_count(12'345), "12.3 k");
  EXPECT_EQ(show_count(1'200'000), "1.20 M");
  EXPECT_EQ(show_count(UINT64_MAX), "18.4 E");
}

TEST(Figures, RoundingNeverGivesAThousandOfTheSmallerUnit) {
  EXPECT_EQ(show_bytes(999), "999 B");
  EXPECT_EQ(show_bytes(999'499), "999 kB");
  EXPECT_EQ(show_bytes(999'500), "1.00 MB");
  EXPECT_EQ(show_bytes(999'999'999), "1.00 GB");
  EXPECT_EQ(show_bytes(9'994), "9.99 kB");
  EXPECT_EQ(show_bytes(9'996), "10.0 kB");
  EXPECT_EQ(show_bytes(99'940), "99.9 kB");
  EXPECT_EQ(show_bytes(99'960), "100 kB");
}

TEST(Figures, BytesArePowersOfAThousand) {
  EXPECT_EQ(show_bytes(0), "0 B");
  EXPECT_EQ(show_bytes(1000), "1.00 kB");
  EXPECT_EQ(show_bytes(3'400'000'000), "3.40 GB");
}

TEST(Figures, SecondsTakeTheTwoLargestUnits) {
  EXPECT_EQ(show_seconds(0), "0 s");
  EXPECT_EQ(show_seconds(0.42), "0.42 s");
  EXPECT_EQ(show_seconds(59.9), "59 s");
  EXPECT_EQ(show_seconds(252), "4m 12s");
  EXPECT_EQ(show_seconds(7440), "2h 4m");
  EXPECT_EQ(show_seconds(86400 * 3 + 5 * 3600 + 59), "3d 5h");
}

}  // namespace
}  // namespace uswitch
