#include "router/icmp_limit.h"

#include <gtest/gtest.h>

#include "tests/support/frame_builder.h"

namespace uswitch {
namespace {

using std::chrono::milliseconds;
using test::Ip;

constexpr KeyedHash key(KeyedHash::Seed{{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
                                         0xd6e8feb86659fd93, 0x2545f4914f6cdd1d, 0x5851f42d4c957f2d,
                                         3, 5}});
constexpr Time start{std::chrono::hours(1)};

// How many of `tries` at that moment are allowed.
int allowed(IcmpLimit& limit, const Ip& destination, Time now, int tries, bool too_big = false) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limit.allow(destination, too_big, now);
  return count;
}

TEST(IcmpLimit, IC4_ADestinationGetsABurstOfSixAndThenOneASecond) {
  IcmpLimit limit(key);
  EXPECT_EQ(allowed(limit, "10.0.0.1", start, 20), 6);
  EXPECT_EQ(allowed(limit, "10.0.0.1", start + milliseconds(999), 20), 0);
  EXPECT_EQ(allowed(limit, "10.0.0.1", start + milliseconds(1000), 20), 1);
  EXPECT_EQ(allowed(limit, "10.0.0.1", start + milliseconds(3500), 20), 2);
  EXPECT_EQ(allowed(limit, "10.0.0.1", start + milliseconds(60000), 20), 6);
}

TEST(IcmpLimit, IC4_AnotherDestinationHasItsOwn) {
  IcmpLimit limit(key);
  EXPECT_EQ(allowed(limit, "10.0.0.1", start, 20), 6);
  EXPECT_EQ(allowed(limit, "10.0.0.2", start, 20), 6);
}

TEST(IcmpLimit, I62_AnIpv6DestinationGetsOneAnHundredMilliseconds) {
  IcmpLimit limit(key);
  EXPECT_EQ(allowed(limit, "fd00::1", start, 20), 6);
  EXPECT_EQ(allowed(limit, "fd00::1", start + milliseconds(99), 20), 0);
  EXPECT_EQ(allowed(limit, "fd00::1", start + milliseconds(100), 20), 1);
  EXPECT_EQ(allowed(limit, "fd00::1", start + milliseconds(350), 20), 2);
}

TEST(IcmpLimit, I62_TooBigIsHeldOnlyByTheGlobalLimit) {
  for (const Ip& destination : {Ip("fd00::1"), Ip("10.0.0.1")}) {
    IcmpLimit limit(key);
    EXPECT_EQ(allowed(limit, destination, start, 6), 6);
    EXPECT_EQ(allowed(limit, destination, start, 1), 0);
    EXPECT_EQ(allowed(limit, destination, start, 1000, true), 44);
  }
}

// All destinations, both families, whatever the kind of error: 50 at once, 1000 a second.
TEST(IcmpLimit, IC4_TR18_AScanOfANetworkGetsAThousandASecond) {
  IcmpLimit limit(key);
  int count = 0;
  for (uint32_t i = 0; i < 5000; ++i)
    count += limit.allow(IpAddress::from_v4(0x0a000001 + i), false, start);
  EXPECT_EQ(count, 50);
  count = 0;
  for (uint32_t i = 0; i < 10000; ++i)
    count += limit.allow(IpAddress::from_v4(0x0b000001 + i), false, start + milliseconds(i / 10));
  // A few meet a destination of before in its bucket.
  EXPECT_GE(count, 980);
  EXPECT_LE(count, 1000);
}

TEST(IcmpLimit, WhatIsRefusedCostsNothing) {
  IcmpLimit limit(key);
  EXPECT_EQ(allowed(limit, "10.0.0.1", start, 1000), 6);
  EXPECT_EQ(allowed(limit, "10.0.0.2", start, 1000, true), 44) << "refused ones were counted";
  IcmpLimit other(key);
  EXPECT_EQ(allowed(other, "10.0.0.2", start, 1000, true), 50);
  EXPECT_EQ(allowed(other, "10.0.0.1", start, 1000), 0);
  EXPECT_EQ(allowed(other, "10.0.0.1", start + milliseconds(50), 1000), 6);
}

TEST(IcmpLimit, WorksFromTheFirstMomentOfAClock) {
  IcmpLimit limit(key);
  EXPECT_EQ(allowed(limit, "10.0.0.1", Time{}, 20), 6);
}

}  // namespace
}  // namespace uswitch
