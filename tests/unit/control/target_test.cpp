#include "control/target.h"

#include <gtest/gtest.h>

namespace uswitch {
namespace {

TEST(Target, TakesPathAndQueryApart) {
  const auto target = Target::parse("/v1/fdb?network=office&port=web");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v1/fdb");
  EXPECT_EQ(target->query, (Query{{"network", "office"}, {"port", "web"}}));
}

TEST(Target, DecodesPercentAfterSplittingSoThatAnEncodedSeparatorIsData) {
  const auto target = Target::parse("/a%2Fb?x%3d=1%262&y=%c3%A9");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a/b");
  EXPECT_EQ(target->query, (Query{{"x=", "1&2"}, {"y", "\xc3\xa9"}}));
}

TEST(Target, ToleratesEmptyPairsAndMissingValues) {
  const auto target = Target::parse("/a?&x&&y=&=z");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->query, (Query{{"x", ""}, {"y", ""}, {"", "z"}}));
}

TEST(Target, RefusesWhatIsNoTarget) {
  for (const char* bad : {"", "v1/ports", "*", "http://uswitch/v1", "/%", "/%4", "/%zz", "/a?x=%4g",
                          "/a?%=1", "/%+1", "/% 1"}) {
    EXPECT_FALSE(Target::parse(bad)) << bad;
  }
}

TEST(Target, SurvivesTheWayOutAndBackIn) {
  std::string every_byte;
  for (int c = 0; c < 256; ++c) every_byte += static_cast<char>(c);
  const Target out{"/v1/fdb", {{every_byte, "a b"}, {"", every_byte}}};
  const auto in = Target::parse(out.to_string());
  ASSERT_TRUE(in);
  EXPECT_EQ(in->path, out.path);
  EXPECT_EQ(in->query, out.query);
}

}  // namespace
}  // namespace uswitch
