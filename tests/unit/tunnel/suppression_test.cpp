// The table of stations behind other nodes. What the messages say is tested in
// tests/flow/tunnel_suppression_test.cpp.
#include "tunnel/suppression.h"

#include <gtest/gtest.h>

#include "tests/support/frame_builder.h"

namespace uswitch {
namespace {

using test::Ip;
using test::mac;

constexpr HashKey key{
    {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9, 0xd6e8feb86659fd93}};
constexpr Duration ageing = std::chrono::seconds(300);
constexpr Time start{std::chrono::hours(1)};

IpAddress address(unsigned n) {
  return IpAddress::from_v4(0x0a000000 + n);
}

TEST(Suppression, KnowsWhatItLearnedUntilItIsTooOld) {
  Suppression s(64, key);
  s.learn(1, address(1), {mac(1), true}, start);
  EXPECT_EQ(s.find(1, address(1), start + ageing, ageing), (Suppression::Station{mac(1), true}));
  EXPECT_EQ(s.find(1, address(1), start + ageing + std::chrono::seconds(1), ageing), std::nullopt);
  EXPECT_EQ(s.find(2, address(1), start, ageing), std::nullopt);
  EXPECT_EQ(s.find(1, address(2), start, ageing), std::nullopt);
}

TEST(Suppression, HearingAStationAgainMakesItYoung) {
  Suppression s(64, key);
  s.learn(1, address(1), {mac(1)}, start);
  s.learn(1, address(1), {mac(1)}, start + std::chrono::seconds(200));
  EXPECT_TRUE(s.find(1, address(1), start + std::chrono::seconds(400), ageing));
}

TEST(Suppression, AnAddressHasOneStation) {
  Suppression s(64, key);
  for (unsigned n = 1; n <= 100; ++n) s.learn(1, address(1), {mac(n)}, start);
  EXPECT_EQ(s.find(1, address(1), start, ageing)->mac, mac(100));
  s.forget(1, address(1));
  EXPECT_EQ(s.find(1, address(1), start, ageing), std::nullopt);
}

TEST(Suppression, IsBoundedAndKeepsTheYoungest) {
  Suppression s(64, key);
  for (unsigned n = 0; n < 10'000; ++n) {
    s.learn(1, address(n), {mac(n + 1)}, start + std::chrono::seconds(n));
    ASSERT_EQ(s.find(1, address(n), start + std::chrono::seconds(n), ageing)->mac, mac(n + 1));
  }
  unsigned known = 0;
  for (unsigned n = 0; n < 10'000; ++n)
    known += s.find(1, address(n), start, Duration::max()) ? 1 : 0;
  EXPECT_LE(known, 64u);
  EXPECT_GE(known, 60u);
}

TEST(Suppression, HoldsItsSizeWithoutLosingMany) {
  Suppression s(Suppression::default_stations);
  unsigned known = 0;
  for (unsigned n = 0; n < 4096; ++n) s.learn(1, address(n), {mac(n + 1)}, start);
  for (unsigned n = 0; n < 4096; ++n) known += s.find(1, address(n), start, ageing) ? 1 : 0;
  EXPECT_GT(known, 3800u) << "half full, no bucket should be much more than full";
}

}  // namespace
}  // namespace uswitch
