#include "wire/address.h"

#include <gtest/gtest.h>

namespace uswitch {
namespace {

TEST(MacAddress, ParsesAndPrints) {
  auto mac = MacAddress::parse("02:00:5E-10-00:fF");
  ASSERT_TRUE(mac);
  EXPECT_EQ(mac->to_string(), "02:00:5e:10:00:ff");
  EXPECT_EQ(MacAddress::from_u64(mac->to_u64()), *mac);
  for (auto bad :
       {"", "02:00:5e:10:00", "02:00:5e:10:00:0g", "02:00:5e:10:00:00:", "020:0:5e:10:00:00"})
    EXPECT_FALSE(MacAddress::parse(bad)) << bad;
}

TEST(MacAddress, Kinds) {
  EXPECT_TRUE(MacAddress::from_u64(0xffffffffffff).is_broadcast());
  EXPECT_TRUE(MacAddress::from_u64(0x01005e000001).is_group());
  EXPECT_FALSE(MacAddress::from_u64(0x020000000001).is_group());
  EXPECT_TRUE(MacAddress::from_u64(0x0180c200000f).is_link_local());   // BR-7
  EXPECT_FALSE(MacAddress::from_u64(0x0180c2000010).is_link_local());  // BR-7
}

TEST(IpAddress, FamiliesRoundTrip) {
  for (auto text :
       {"0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "::1", "fd00:a::1", "fe80::1"}) {
    auto a = IpAddress::parse(text);
    ASSERT_TRUE(a) << text;
    EXPECT_EQ(a->to_string(), text);
  }
  for (auto bad : {"", "10.0.0", "10.0.0.256", "1::2::3", "10.0.0.1/24"})
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
}

TEST(IpAddress, Kinds) {
  auto is = [](const char* text) { return *IpAddress::parse(text); };
  EXPECT_TRUE(is("127.1.2.3").is_loopback());
  EXPECT_TRUE(is("::1").is_loopback());
  EXPECT_TRUE(is("224.0.0.1").is_multicast());
  EXPECT_TRUE(is("ff02::1").is_multicast());
  EXPECT_TRUE(is("169.254.3.4").is_link_local());
  EXPECT_TRUE(is("febf::1").is_link_local());
  EXPECT_FALSE(is("fec0::1").is_link_local());
  EXPECT_TRUE(is("::").is_unspecified());
}

TEST(IpPrefix, ContainsAndBounds) {
  auto p = IpPrefix::parse("10.0.0.77/26");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->to_string(), "10.0.0.77/26");
  EXPECT_EQ(p->network().to_string(), "10.0.0.64");
  EXPECT_EQ(p->broadcast().to_string(), "10.0.0.127");
  EXPECT_TRUE(p->contains(*IpAddress::parse("10.0.0.64")));
  EXPECT_FALSE(p->contains(*IpAddress::parse("10.0.0.128")));
  EXPECT_FALSE(p->contains(*IpAddress::parse("::10.0.0.64")));
  auto all = IpPrefix::parse("::/0");
  EXPECT_TRUE(all->contains(*IpAddress::parse("fd00::1")));
  EXPECT_FALSE(all->contains(*IpAddress::parse("10.0.0.1")));
  for (auto bad : {"10.0.0.1", "10.0.0.1/33", "::1/129", "10.0.0.1/", "10.0.0.1/x", "10.0.0.1/2 "})
    EXPECT_FALSE(IpPrefix::parse(bad)) << bad;
}

TEST(Eui64, LinkLocalFlipsTheUniversalBit) {
  EXPECT_EQ(eui64_link_local(*MacAddress::parse("02:00:5e:10:00:01")).to_string(),
            "fe80::5eff:fe10:1");
}

}  // namespace
}  // namespace uswitch
