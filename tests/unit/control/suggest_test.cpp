#include "control/suggest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace uswitch {
namespace {

TEST(Suggest, CountsTypingErrors) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("mtu", ""), 3u);
  EXPECT_EQ(edit_distance("", "mtu"), 3u);
  EXPECT_EQ(edit_distance("network", "network"), 0u);
  EXPECT_EQ(edit_distance("netwrk", "network"), 1u);    // left out
  EXPECT_EQ(edit_distance("networkk", "network"), 1u);  // inserted
  EXPECT_EQ(edit_distance("metwork", "network"), 1u);   // wrong
  EXPECT_EQ(edit_distance("newtork", "network"), 1u);   // swapped
  EXPECT_EQ(edit_distance("mut", "mtu"), 1u);
  EXPECT_EQ(edit_distance("ab", "ba"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

constexpr std::string_view keys[] = {"network", "netns", "mtu", "mac"};

TEST(Suggest, NamesTheClosestWord) {
  EXPECT_EQ(closest("netwrok", keys), "network");
  EXPECT_EQ(closest("nets", keys), "netns");
  EXPECT_EQ(closest("mut", keys), "mtu");
  EXPECT_EQ(closest("colour", keys), "");
  EXPECT_EQ(closest(std::string(65, 'n'), keys), "");
}

TEST(Suggest, ListsTheWordsWhenNoneIsClose) {
  EXPECT_EQ(did_you_mean("netwrok", keys, "keys"), "did you mean 'network'?");
  EXPECT_EQ(did_you_mean("colour", keys, "keys"), "the keys are 'network', 'netns', 'mtu', 'mac'");
  EXPECT_EQ(did_you_mean("colour", {}, "keys"), "");
  const std::vector<std::string_view> many(13, "word");
  EXPECT_TRUE(did_you_mean("colour", many, "keys").ends_with("'word', ..."));
}

}  // namespace
}  // namespace uswitch
