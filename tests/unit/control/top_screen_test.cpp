#include "control/top_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace uswitch {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

// Two seconds apart.
TopSample before() {
  TopSample sample;
  sample.version = "1.2";
  sample.uptime = 100;
  sample.ports = {{"web", "office", true, 10, 1000, 20, 2000, 3},
                  {"db", "office", true, 0, 0, 0, 0, 0},
                  {"wan", "", false, 0, 0, 0, 0, 0}};
  sample.drops = {{"guard_mac", "", 3, {{"web", 3}}}};
  sample.workers = {{1.0, 30}};
  sample.connections = {{"tcp", "established", "a -> b", 1000}, {"udp", "replied", "c -> d", 9000}};
  sample.tables = {{"connections", 2}};
  return sample;
}

TopSample now() {
  TopSample sample = before();
  sample.uptime = 102;
  sample.ports[0].rx_bytes += 2'500'000;  // 10 Mb/s
  sample.ports[0].rx_packets += 2000;
  sample.ports[0].drops += 9;
  sample.ports[1].tx_bytes += 5'000'000;
  sample.drops[0].packets += 9;
  sample.drops.push_back({"no_route", "", 1, {{"db", 1}}});
  sample.workers[0].cpu_seconds += 0.5;
  sample.connections[0].bytes += 2'500'000;
  return sample;
}

std::vector<std::string> draw(ScreenSize size = {}, bool colour = false) {
  return draw_top(now(), before(), size, colour);
}

std::string line_with(const std::vector<std::string>& lines, const std::string& start) {
  const auto it = std::ranges::find_if(lines, [&](const auto& l) { return l.starts_with(start); });
  return it == lines.end() ? "(no line " + start + ")" : *it;
}

TEST(TopScreen, TheFirstLineSumsUp) {
  EXPECT_EQ(draw().at(0),
            "uswitch 1.2  up 1m 42s  2/3 ports  10.0 Mb/s  1000 packets/s  4.5 drops/s");
  EXPECT_EQ(draw().at(1), "workers  0: 25 %   connections 2");
}

TEST(TopScreen, TheRouterIsNoPort) {
  TopSample router = now();
  router.ports.push_back({"(router)", "", true, 50, 5000, 0, 0, 0});
  router.ports.push_back({"(removed)", "", false, 50, 5000, 0, 0, 0});
  const auto lines = draw_top(router, before(), {}, false);
  EXPECT_EQ(lines.at(0), draw().at(0));
  EXPECT_THAT(line_with(lines, "(removed)"), Not(HasSubstr("down")));
}

TEST(TopScreen, TheBusiestPortComesFirst) {
  const auto lines = draw();
  EXPECT_THAT(line_with(lines, "web"), ContainsRegex("office +10.0 Mb/s +1000 /s +0 b/s +0 /s +4.5 "
                                                     "/s +12$"));
  const auto at = [&](const std::string& start) {
    return std::ranges::find_if(lines, [&](const auto& l) { return l.starts_with(start); });
  };
  EXPECT_LT(at("db"), at("web"));
  EXPECT_LT(at("web"), at("wan"));
  EXPECT_THAT(line_with(lines, "wan"), HasSubstr("down"));
}

TEST(TopScreen, DropsHaveReasonsAndAFirstOneIsARate) {
  const auto lines = draw();
  EXPECT_THAT(line_with(lines, "guard_mac"), ContainsRegex("4.5 /s +12 +web 3$"));
  EXPECT_THAT(line_with(lines, "no_route"), ContainsRegex("0.5 /s +1 +db 1$"));
}

TEST(TopScreen, TheBusiestConnectionIsThatOfThisMoment) {
  const auto lines = draw();
  EXPECT_THAT(line_with(lines, "tcp a -> b"), ContainsRegex("established +10.0 Mb/s +2.50 MB$"));
  const auto tcp = std::ranges::find(lines, line_with(lines, "tcp"));
  EXPECT_LT(tcp, std::ranges::find(lines, line_with(lines, "udp")));
}

TEST(TopScreen, ACounterThatSteppedBackHasNoRate) {
  TopSample restarted = before();
  restarted.uptime = 1;
  EXPECT_THAT(draw_top(restarted, now(), {}, false).at(0), HasSubstr("  0 b/s  0 packets/s"));
}

TopSample crowd() {
  TopSample sample = now();
  for (int i = 0; i < 100; ++i) {
    sample.ports.push_back({"port" + std::to_string(i), "office", true, 0, 0, 0, 0, 0});
    sample.connections.push_back({"tcp", "established", "a -> " + std::to_string(i), 0});
  }
  return sample;
}

TEST(TopScreen, FitsEveryScreen) {
  for (size_t rows = 1; rows < 60; ++rows) {
    for (size_t columns : {1, 10, 79, 80, 200}) {
      for (const std::string& line : draw_top(crowd(), before(), {columns, rows}, false)) {
        EXPECT_LE(line.size(), columns);
      }
      EXPECT_LE(draw_top(crowd(), before(), {columns, rows}, true).size(), rows);
    }
  }
}

TEST(TopScreen, CountsWhatDoesNotFit) {
  const auto lines = draw_top(crowd(), before(), {80, 24}, false);
  ASSERT_THAT(lines, SizeIs(24));
  EXPECT_EQ(line_with(lines, "and "), "and 95 more ports");
  EXPECT_THAT(lines.back(), StartsWith("and 98 more connections"));
}

TEST(TopScreen, NamesCannotSteerTheTerminal) {
  TopSample sample = now();
  sample.ports[0].name = "we\033[2Jb";
  EXPECT_THAT(draw_top(sample, before(), {}, false), Each(Not(HasSubstr("\033"))));
}

TEST(Clipped, CountsWhatIsSeen) {
  EXPECT_EQ(clipped("abc", 2), "ab");
  EXPECT_EQ(clipped("abc", 3), "abc");
  EXPECT_EQ(clipped("\033[1mabc\033[0m", 2), "\033[1mab");
  EXPECT_EQ(clipped("\033[1mab\033[0m", 2), "\033[1mab\033[0m");
  EXPECT_EQ(clipped("äöü", 2), "äö");
  EXPECT_EQ(clipped("abc", 0), "");
  EXPECT_EQ(clipped("ab\033[", 5), "ab\033[");
}

}  // namespace
}  // namespace uswitch
