#include "control/metrics_text.h"

#include <gtest/gtest.h>

namespace uswitch {
namespace {

using Type = MetricsText::Type;

TEST(MetricsText, WritesAFamilyAndItsSamples) {
  MetricsText text;
  text.family("a_total", Type::counter, "What it is.");
  text.sample({{"port", "web"}}, uint64_t{7});
  text.sample({{"port", "db"}, {"mode", "user"}}, 0.25);
  EXPECT_EQ(text.take(),
            "# HELP a_total What it is.\n"
            "# TYPE a_total counter\n"
            "a_total{port=\"web\"} 7\n"
            "a_total{port=\"db\",mode=\"user\"} 0.25\n");
}

TEST(MetricsText, ASampleWithoutLabelsHasNoBraces) {
  MetricsText text;
  text.single("a", Type::gauge, "A.", uint64_t{18446744073709551615u});
  EXPECT_EQ(text.take(), "# HELP a A.\n# TYPE a gauge\na 18446744073709551615\n");
}

TEST(MetricsText, EscapesWhatNamesMayHold) {
  MetricsText text;
  text.family("a", Type::gauge, "A \"quote\", a \\ and a\nline.");
  text.sample({{"port", "a\"b\\c\nd"}}, uint64_t{1});
  EXPECT_EQ(text.take(),
            "# HELP a A \"quote\", a \\\\ and a\\nline.\n"
            "# TYPE a gauge\n"
            "a{port=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(MetricsText, ANumberReadsBackAsItWas) {
  MetricsText text;
  text.single("a", Type::gauge, "A.", 1764057600.125);
  EXPECT_TRUE(text.take().ends_with("\na 1764057600.125\n"));
}

}  // namespace
}  // namespace uswitch
