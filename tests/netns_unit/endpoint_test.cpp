#include "switch/endpoint.h"

#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "sandbox.h"
#include "switch/device_error.h"
#include "switch/named_netns.h"
#include "switch/sysctl.h"
#include "switch/tun.h"
#include "tests/support/frame_builder.h"

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
  const Tap& tap() const { return tap_; }
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

// Router advertisements as they come out of the switch: the test is the router fe80::1 with
// the prefix 2001:db8:1::/64.
class AdvertisedTest : public EndpointTest {
 protected:
  void SetUp() override {
    EndpointTest::SetUp();
    if (IsSkipped()) return;
    if (!read_sysctl(netns(), key("accept_ra"))) GTEST_SKIP() << "the kernel has no IPv6";
  }
  static std::string key(const char* setting) {
    return std::string("net/ipv6/conf/eth0/") + setting;
  }
  std::string setting(const char* name) { return read_sysctl(netns(), key(name)).value_or("none"); }

  static void advertise(const Tap& tap) {
    const auto prefix_option = std::to_array<uint8_t>(
        {3,    4,    64,   0xc0, 0, 0, 14, 16, 0, 0, 7, 8, 0, 0, 0, 0,  // on-link, autonomous
         0x20, 0x01, 0x0d, 0xb8, 0, 1, 0,  0,  0, 0, 0, 0, 0, 0, 0, 0});
    auto f = test::frame()
                 .eth(test::mac(1), "33:33:00:00:00:01")
                 .ipv6("fe80::1", "ff02::1")
                 .router_advertisement(test::mac(1))
                 .payload(prefix_option)
                 .bytes();
    f.insert(f.begin(), 10, 0);  // the virtio-net header
    ASSERT_EQ(::write(tap.queues[0].get(), f.data(), f.size()), static_cast<ssize_t>(f.size()));
  }
  static bool has_advertised_address(const NetNs& where) {
    NetlinkSocket netlink(where);
    auto all = list_addresses(netlink, get_link(netlink, "eth0"));
    return std::any_of(all.begin(), all.end(), [](const IpPrefix& a) {
      return prefix("2001:db8:1::/64").contains(a.address);
    });
  }
  static bool has_route(const NetNs& where, const char* to, std::optional<IpAddress> via = {}) {
    NetlinkSocket netlink(where);
    bool found = false;
    for_each_route(netlink, [&](const TableRoute& r) {
      found |= r.route.to == prefix(to) && r.route.via == via;
    });
    return found;
  }
  static bool has_default_route(const NetNs& where) {
    return has_route(where, "::/0", address("fe80::1"));
  }
};

TEST_F(AdvertisedTest, ND7_WithoutAnAddressItTakesOneAndTheDefaultRoute) {
  write_sysctl(netns(), key("disable_ipv6"), "1");
  write_sysctl(netns(), key("accept_ra"), "0");
  configure_endpoint(
      netns(), {.device = "eth0", .addresses = {prefix("10.0.0.11/24")}, .autoconfigure = true});
  EXPECT_TRUE(eventually([&] {
    advertise(tap());
    return has_advertised_address(netns()) && has_default_route(netns());
  }));
}

TEST_F(AdvertisedTest, AlsoWhereTheNamespaceForwards) {
  write_sysctl(netns(), "net/ipv6/conf/all/forwarding", "1");
  configure_endpoint(netns(), {.device = "eth0", .autoconfigure = true});
  EXPECT_TRUE(eventually([&] {
    advertise(tap());
    return has_advertised_address(netns()) && has_default_route(netns());
  }));
}

TEST_F(AdvertisedTest, ConfiguredAddressIsTheOnlyOneAndTheDefaultRouteIsTaken) {
  for (bool asked : {false, true}) {
    configure_endpoint(netns(), {.device = "eth0",
                                 .addresses = {prefix(asked ? "fd00:a::12/64" : "fd00:a::11/64")},
                                 .autoconfigure = asked});
    EXPECT_TRUE(eventually([&] {
      advertise(tap());
      return has_default_route(netns()) && has_route(netns(), "2001:db8:1::/64");
    }));
    EXPECT_FALSE(has_advertised_address(netns()));
  }
}

TEST_F(AdvertisedTest, NotAskedForTheSettingsStay) {
  write_sysctl(netns(), key("disable_ipv6"), "1");
  write_sysctl(netns(), key("accept_ra"), "0");
  configure_endpoint(netns(), {.device = "eth0", .addresses = {prefix("10.0.0.11/24")}});
  EXPECT_EQ(setting("disable_ipv6"), "1");
  EXPECT_EQ(setting("accept_ra"), "0");
  EXPECT_EQ(setting("autoconf"), "1");
  EXPECT_EQ(setting("accept_ra_defrtr"), "1");
}

TEST_F(AdvertisedTest, TooSmallAnMtuForIpv6IsNoError) {
  EXPECT_EQ(refused({.device = "eth0", .mtu = 1000, .autoconfigure = true}), "");
}

// /proc/sys as an unprivileged container has it, while this lives.
class ReadOnlySettings {
 public:
  ReadOnlySettings() {
    constexpr auto keep = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    bound_ = ::mount("/proc/sys", "/proc/sys", nullptr, MS_BIND | MS_REC, nullptr) == 0;
    read_only_ = bound_ && ::mount(nullptr, "/proc/sys", nullptr,
                                   MS_REMOUNT | MS_BIND | MS_RDONLY | keep, nullptr) == 0;
  }
  ~ReadOnlySettings() {
    if (bound_) ::umount2("/proc/sys", MNT_DETACH);
  }
  explicit operator bool() const { return read_only_; }

 private:
  bool bound_ = false, read_only_ = false;
};

TEST_F(AdvertisedTest, ReadOnlySettingsAreAnErrorOnlyWhereAnAddressNeedsThem) {
  write_sysctl(netns(), key("disable_ipv6"), "1");
  ReadOnlySettings settings;
  if (!settings) GTEST_SKIP() << "/proc/sys cannot be made read-only here";
  EXPECT_EQ(refused({.device = "eth0", .autoconfigure = true}), "");
  EXPECT_THAT(refused({.device = "eth0", .addresses = {prefix("fd00:a::11/64")}}),
              HasSubstr("/proc/sys or /run is mounted read-only here"));
}

TEST_F(AdvertisedTest, ReadOnlySettingsThatAreRightAlreadyAreNoObstacle) {
  ReadOnlySettings settings;
  if (!settings) GTEST_SKIP() << "/proc/sys cannot be made read-only here";
  EXPECT_EQ(refused({.device = "eth0", .addresses = {prefix("fd00:a::11/64")}}), "");
}

TEST_F(AdvertisedTest, HostTakesAnAddressButNoDefaultRoute) {
  Tap host = create_tap(NetNs::own(), {.name = "eth0"});
  configure_endpoint(NetNs::own(), {.device = "eth0", .autoconfigure = true});
  // The address comes after the default route in the kernel's handling of an advertisement.
  EXPECT_TRUE(eventually([&] {
    advertise(host);
    return has_advertised_address(NetNs::own());
  }));
  EXPECT_FALSE(has_default_route(NetNs::own()));
}

}  // namespace
}  // namespace uswitch
