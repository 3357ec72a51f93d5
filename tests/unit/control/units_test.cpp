#include "control/units.h"

#include <gtest/gtest.h>

namespace uswitch {
namespace {

using namespace std::chrono_literals;

TEST(Units, Durations) {
  const std::pair<const char*, Duration> good[] = {
      {"300s", 300s},      {"5m", 5min},     {"2h", 2h},
      {"2h4m", 2h + 4min}, {"500ms", 500ms}, {"1h1m1s1ms", 3661001ms},
      {"0s", 0s},          {"90m", 90min},   {"1000000s", 1000000s}};
  for (auto [text, value] : good) EXPECT_EQ(parse_duration(text), value) << text;
  for (auto bad :
       {"", "300", "s", "5 m", "-5s", "5min", "5M", "4m2h", "1s1s", "1.5s", "05s", "5s ", "2h4",
        "99999999999999999999s", "9223372036854775807h", "2562047h48m", "1ms1s"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

TEST(Units, DurationsPrintAsTheyAreRead) {
  for (auto text : {"300ms", "301s", "5m", "2h", "124m", "1000000s", "0ms"}) {
    ASSERT_TRUE(parse_duration(text)) << text;
    EXPECT_EQ(format_duration(*parse_duration(text)), text);
  }
}

TEST(Units, Sizes) {
  const std::pair<const char*, uint64_t> good[] = {{"0", 0},
                                                   {"1500", 1500},
                                                   {"64k", 65536},
                                                   {"1M", 1 << 20},
                                                   {"2G", uint64_t{2} << 30},
                                                   {"18446744073709551615", UINT64_MAX}};
  for (auto [text, value] : good) EXPECT_EQ(parse_size(text), value) << text;
  for (auto bad : {"", "k", "1K", "1m", "-1", "1.5k", "1kk", "0x10", "010", " 1", "1 ", "1_000",
                   "18446744073709551616", "18446744073709551615k"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
}

TEST(Units, IntegersTakeNoSuffix) {
  EXPECT_EQ(parse_integer("4094"), 4094u);
  EXPECT_FALSE(parse_integer("4k"));
}

}  // namespace
}  // namespace uswitch
