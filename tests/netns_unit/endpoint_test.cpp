#include "switch/endpoint.h"

#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "sandbox.h"
#include "switch/device_error.h"
#include "switch/named_netns.h"
#include "switch/sysctl.h"
#include "switch/tun.h"

namespace uswitch {
namespace {

using testing::Contains;
using testing::HasSubstr;

// What the kernel shows of itself, independent of the code under test.
std::string proc_net(const NetNs& netns, const std::string& file) {
  return in_namespace(netns, [&] {
    std::ostringstream text;
    text << std::ifstream("/proc/thread-self/net/" + file).rdbuf();
    return text.str();
  });
}

class EndpointTest : public NetnsTest {
 protected:
  void SetUp() override {
    NetnsTest::SetUp();
    if (IsSkipped()) return;
    web_.emplace("web");
    tap_ = create_tap(web_->open(), {.name = "eth0"});
  }
  void TearDown() override {
    tap_ = {};
    web_.reset();
    NetnsTest::TearDown();
  }
  NetNs netns() const { return web_->open(); }
  std::string refused(const EndpointOptions& options) {
    return complaint<DeviceError>([&] { configure_endpoint(netns(), options); });
  }

 private:
  std::optional<NamedNetNs> web_;
  Tap tap_;
};

IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}
IpAddress address(const char* text) {
  return IpAddress::parse(text).value();
}

TEST_F(EndpointTest, EverythingIsSetAndReadBack) {
  MacAddress mac = MacAddress::from_u64(0x02aabbccddee);
  configure_endpoint(netns(), {.device = "eth0",
                               .mac = mac,
                               .mtu = 1442,
                               .txqueuelen = 333,
                               .addresses = {prefix("10.0.0.11/24"), prefix("fd00:a::11/64")},
                               .routes = {{prefix("0.0.0.0/0"), address("10.0.0.1")},
                                          {prefix("10.9.1.1/16"), address("10.0.0.2")},
                                          {prefix("192.0.2.0/24")},
                                          {prefix("::/0"), address("fd00:a::1")}}});
  NetlinkSocket netlink(netns());
  Link link = get_link(netlink, "eth0");
  EXPECT_EQ(link.mac, mac);
  EXPECT_EQ(link.mtu, 1442u);
  EXPECT_EQ(link.txqueuelen, 333u);
  EXPECT_TRUE(link.up);
  EXPECT_TRUE(link.running);
  auto addresses = list_addresses(netlink, link);
  EXPECT_THAT(addresses, Contains(prefix("10.0.0.11/24")));
  EXPECT_THAT(addresses, Contains(prefix("fd00:a::11/64")));

  std::string v4 = proc_net(netns(), "route");
  EXPECT_THAT(v4, HasSubstr("eth0\t00000000\t0100000A"));
  EXPECT_THAT(v4, HasSubstr("eth0\t0000090A\t0200000A"));
  EXPECT_THAT(v4, HasSubstr("eth0\t000200C0\t00000000"));
  std::string zeros(32, '0');
  EXPECT_THAT(proc_net(netns(), "ipv6_route"),
              HasSubstr(zeros + " 00 " + zeros + " 00 fd00000a000000000000000000000001"));
}

TEST_F(EndpointTest, Ipv6AddressIsUsableAtOnce) {
  configure_endpoint(netns(), {.device = "eth0", .addresses = {prefix("fd00:a::11/64")}});
  std::string shown = proc_net(netns(), "if_inet6");
  // Flags: 0x02 no detection, 0x80 permanent; 0x40 would be tentative.
  EXPECT_THAT(shown, testing::ContainsRegex("fd00000a0+11 [0-9a-f]+ 40 00 82"));
}

TEST_F(EndpointTest, Ipv6IsSwitchedOnWhereAnEngineSwitchedItOff) {
  write_sysctl(netns(), "net/ipv6/conf/eth0/disable_ipv6", "1");
  configure_endpoint(netns(), {.device = "eth0", .addresses = {prefix("fd00:a::11/64")}});
  NetlinkSocket netlink(netns());
  EXPECT_THAT(list_addresses(netlink, get_link(netlink, "eth0")),
              Contains(prefix("fd00:a::11/64")));
}

TEST_F(EndpointTest, OnlinkGatewayOutsideEverySubnet) {
  EndpointOptions options{.device = "eth0", .addresses = {prefix("10.0.0.11/32")}};
  options.routes = {{prefix("0.0.0.0/0"), address("10.0.0.1")}};
  EXPECT_THAT(refused(options), HasSubstr("cannot add the route to 0.0.0.0/0 via 10.0.0.1"));
  options.addresses.clear();
  options.routes[0].onlink = true;
  EXPECT_EQ(refused(options), "");
}

TEST_F(EndpointTest, RefusalsCarryTheKernelsWords) {
  EXPECT_EQ(refused({.device = "eth7"}), "there is no device eth7 in namespace web");
  EXPECT_THAT(refused({.device = "eth0", .mtu = 70000}),
              HasSubstr("device eth0 (set MTU 70000) in namespace web: Invalid argument (mtu "));
  EXPECT_THAT(refused({.device = "eth0", .mac = MacAddress::from_u64(0x010000000000)}),
              HasSubstr("set MAC 01:00:00:00:00:00"));
  EXPECT_THAT(refused({.device = "eth0", .mtu = 1000, .addresses = {prefix("fd00::1/64")}}),
              HasSubstr("MTU is below 1280"));
}

TEST_F(EndpointTest, ExistingRouteIsNotReplaced) {
  EndpointOptions options{.device = "eth0", .addresses = {prefix("10.0.0.11/24")}};
  options.routes = {{prefix("0.0.0.0/0"), address("10.0.0.1")},
                    {prefix("0.0.0.0/0"), address("10.0.0.2")}};
  EXPECT_THAT(refused(options),
              HasSubstr("via 10.0.0.2 on device eth0 in namespace web: File exists"));
}

}  // namespace
}  // namespace uswitch
