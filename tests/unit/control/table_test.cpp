#include "control/table.h"

#include <gtest/gtest.h>

namespace uswitch {
namespace {

constexpr auto right = Table::Align::right;

TEST(Table, AlignsAndLeavesNoTrailingBlanks) {
  Table table({{"PORT"}, {"RX", right}, {"WHY"}});
  table.add({"web", "1", "a"});
  table.add({"database", "12345", ""});
  table.add({"x", "", "long reason"});
  EXPECT_EQ(table.render(false),
            "PORT         RX  WHY\n"
            "web           1  a\n"
            "database  12345\n"
            "x                long reason\n");
}

TEST(Table, ColourDoesNotChangeTheAlignment) {
  Table table({{"STATE"}, {"N", right}});
  table.add({{"up", Table::Style::green}, {"7", Table::Style::red}});
  EXPECT_EQ(table.render(false), "STATE  N\nup     7\n");
  EXPECT_EQ(table.render(true),
            "\033[1mSTATE\033[0m  \033[1mN\033[0m\n"
            "\033[32mup\033[0m     \033[31m7\033[0m\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table({{"A"}, {"B"}});
  table.add({"b\xc3\xbcro", "x"});
  table.add({"lab", "y"});
  EXPECT_EQ(table.render(false), "A     B\nb\xc3\xbcro  x\nlab   y\n");
}

TEST(Table, KeepsControlCharactersFromTheTerminal) {
  Table table({{"A"}});
  table.add({"x\033[2Jy\n\x7f"});
  EXPECT_EQ(table.render(false), "A\nx?[2Jy??\n");
}

TEST(Table, HidesColumnsThatNoRowFills) {
  Table table({{"A"}, {"B"}, {"C", right}, {"D"}});
  table.add({"a", "", "1"});
  table.add({"aa", "", "22", ""});
  table.hide_empty_columns();
  EXPECT_EQ(table.render(false), "A    C\na    1\naa  22\n");
}

}  // namespace
}  // namespace uswitch
