#include "control/host_link.h"

#include <poll.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "host_port.h"
#include "switch/sysctl.h"
#include "tests/support/frame_builder.h"

namespace uswitch {
namespace {

using test::frame;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const HostRoute lab{prefix("10.1.0.0/24"), address("10.0.0.1")};
const HostRoute lab6{prefix("fd00:b::/64"), address("fd00:a::1")};

// What is logged while this lives.
class CapturedLog {
 public:
  CapturedLog() {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(text_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::move(sink)));
    spdlog::set_pattern("%v");
  }
  ~CapturedLog() { spdlog::set_default_logger(before_); }
  std::string take() { return std::exchange(text_, std::ostringstream()).str(); }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

class HostLinkTest : public HostPortTest {
 protected:
  // Of usw0, without those that the kernel made by itself.
  std::vector<std::string> routes() {
    auto all = shown_routes(*here_, usw0_);
    std::erase_if(all, [](const std::string& text) { return text.ends_with(" proto 2"); });
    return all;
  }
  CapturedLog log_;
};

TEST_F(HostLinkTest, RoutesFollowTheWishAndGoWithTheOwner) {
  {
    HostLink host("usw0");
    host.update({lab, lab6});
    EXPECT_THAT(routes(), ElementsAre("10.1.0.0/24 via 10.0.0.1 proto 117",
                                      "fd00:b::/64 via fd00:a::1 proto 117"));
    host.update({{lab.to, address("10.0.0.2")}, {prefix("10.2.0.7/16"), address("10.0.0.1")}});
    EXPECT_THAT(routes(), ElementsAre("10.1.0.0/24 via 10.0.0.2 proto 117",
                                      "10.2.0.0/16 via 10.0.0.1 proto 117"));
    host.update({lab});
    EXPECT_THAT(routes(), ElementsAre("10.1.0.0/24 via 10.0.0.1 proto 117"));
  }
  EXPECT_THAT(routes(), IsEmpty());
  EXPECT_EQ(log_.take(), "");
}

TEST_F(HostLinkTest, NetworkOfTheDeviceItselfIsPassedOver) {
  HostLink host("usw0");
  host.update({{prefix("10.0.0.0/24"), address("10.0.0.1")},
               {prefix("fd00:a::/64"), address("fd00:a::1")}});
  EXPECT_THAT(routes(), IsEmpty());
  EXPECT_EQ(log_.take(), "");
}

TEST_F(HostLinkTest, RouteOfSomebodyElseIsLeftAloneAndLoggedOnce) {
  Link other = make_device("eth9", {prefix("10.9.0.2/24"), prefix("fd00:9::2/64")});
  // Also with a metric that would lose against most.
  add_route(*here_, other, {.to = lab.to, .via = address("10.9.0.1"), .metric = 4000});
  add_route(*here_, other, {.to = lab6.to, .via = address("fd00:9::1"), .metric = 4000});
  auto before = shown_routes(*here_, other);
  {
    HostLink host("usw0");
    host.update({lab, lab6});
    EXPECT_THAT(routes(), IsEmpty());
    std::string said = log_.take();
    EXPECT_THAT(said, HasSubstr("host: no route to 10.1.0.0/24 via 10.0.0.1: the host has one "
                                "already, on device eth9, which is left alone"));
    EXPECT_THAT(said, HasSubstr("host: no route to fd00:b::/64 via fd00:a::1: the host has one"));
    host.update({lab, lab6});
    EXPECT_EQ(log_.take(), "");

    remove_route(*here_, other, {.to = lab.to, .via = address("10.9.0.1"), .metric = 4000});
    host.update({lab, lab6});
    EXPECT_THAT(routes(), ElementsAre("10.1.0.0/24 via 10.0.0.1 proto 117"));
    add_route(*here_, other, {.to = lab.to, .via = address("10.9.0.1"), .metric = 4000});
  }
  EXPECT_EQ(shown_routes(*here_, other), before);
}

TEST_F(HostLinkTest, SomebodyMayAddARouteOfHisOwnLater) {
  Link other = make_device("eth9", {prefix("10.9.0.2/24"), prefix("fd00:9::2/64")});
  HostLink host("usw0");
  host.update({lab, lab6});
  add_route(*here_, other, {.to = lab.to, .via = address("10.9.0.1")});
  add_route(*here_, other, {.to = lab6.to, .via = address("fd00:9::1")});
  host.update({});
  EXPECT_THAT(routes(), IsEmpty());
  EXPECT_THAT(shown_routes(*here_, other), Contains("10.1.0.0/24 via 10.9.0.1 proto 4"));
  EXPECT_THAT(shown_routes(*here_, other), Contains("fd00:b::/64 via fd00:9::1 proto 4"));
}

TEST_F(HostLinkTest, RouteThatTheKernelRefusesIsLoggedOnceAndTheOthersAreAdded) {
  HostLink host("usw0");
  std::vector<HostRoute> wanted{{prefix("10.3.0.0/16"), address("192.0.2.1")}, lab};
  host.update(wanted);
  EXPECT_THAT(log_.take(), HasSubstr("host: no route to 10.3.0.0/16 via 192.0.2.1: cannot add"));
  host.update(wanted);
  EXPECT_EQ(log_.take(), "");
  EXPECT_THAT(routes(), ElementsAre("10.1.0.0/24 via 10.0.0.1 proto 117"));
}

// A device that goes down keeps its IPv4 addresses and loses those of IPv6.
TEST_F(HostLinkTest, RoutesComeBackWithTheDeviceAndItsAddresses) {
  HostLink host("usw0");
  host.update({lab, lab6});
  change_link(*here_, usw0_, {.up = false});
  host.refresh();
  EXPECT_THAT(routes(), IsEmpty());
  EXPECT_EQ(log_.take(), "");
  change_link(*here_, usw0_, {.up = true});
  host.refresh();
  EXPECT_THAT(routes(), ElementsAre("10.1.0.0/24 via 10.0.0.1 proto 117"));
  add_address(*here_, usw0_, prefix("fd00:a::fe/64"));
  EXPECT_TRUE(eventually([&] {
    host.refresh();
    return routes().size() == 2;
  }));
  EXPECT_THAT(routes(), Contains("fd00:b::/64 via fd00:a::1 proto 117"));
}

TEST_F(HostLinkTest, EndsQuietlyAfterTheDevice) {
  {
    HostLink host("usw0");
    host.update({lab, lab6});
    delete_devices();
    ASSERT_TRUE(eventually([&] { return !find_link(*here_, usw0_.index); }));
    host.refresh();
    host.update({lab});
  }
  EXPECT_EQ(log_.take(), "");
}

TEST_F(HostLinkTest, AddressesAreThoseThatNeedARoute) {
  add_address(*here_, lo_, prefix("10.255.0.1/32"));
  make_device("eth9", {prefix("198.51.100.7/24"), prefix("2001:db8::7/64")});
  add_address(*here_, usw0_, prefix("10.0.0.253/24"));   // on the network, as 10.0.0.254 is
  add_address(*here_, usw0_, prefix("10.0.0.99/32"));    // in its prefix
  add_address(*here_, usw0_, prefix("203.0.113.1/32"));  // nobody there would ask for it
  HostLink host("usw0");
  EXPECT_THAT(host.addresses(), ElementsAre(address("10.255.0.1"), address("198.51.100.7"),
                                            address("203.0.113.1"), address("2001:db8::7")));
}

TEST_F(HostLinkTest, AddressesFollowTheHost) {
  HostLink host("usw0");
  EXPECT_THAT(host.addresses(), IsEmpty());
  EXPECT_FALSE(host.refresh());
  add_address(*here_, lo_, prefix("10.255.0.1/32"));
  pollfd waiting{host.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 1);
  EXPECT_TRUE(host.refresh());
  EXPECT_THAT(host.addresses(), ElementsAre(address("10.255.0.1")));
  // One that is on the network already changes nothing.
  add_address(*here_, usw0_, prefix("10.0.0.253/24"));
  EXPECT_FALSE(host.refresh());
  remove_address(*here_, lo_, prefix("10.255.0.1/32"));
  EXPECT_TRUE(host.refresh());
  EXPECT_THAT(host.addresses(), IsEmpty());
}

TEST_F(HostLinkTest, AddressesAreRightAfterEventsWereLost) {
  HostLink host("usw0");
  for (int i = 0; i < 1000; ++i) {
    add_address(*here_, lo_, prefix("192.0.2.1/32"));
    remove_address(*here_, lo_, prefix("192.0.2.1/32"));
  }
  add_address(*here_, lo_, prefix("10.255.0.1/32"));
  EXPECT_TRUE(host.refresh());
  EXPECT_THAT(host.addresses(), ElementsAre(address("10.255.0.1")));
}

// Packets to the host from a network behind the router, with the routes and settings that a host
// has: the test is the router 10.0.0.1 on the wire.
class HostTraffic : public HostLinkTest {
 protected:
  static constexpr size_t header = 10;  // virtio-net, all zeros

  void put(const test::Bytes& bytes) {
    test::Bytes all(header);
    all.insert(all.end(), bytes.begin(), bytes.end());
    ASSERT_EQ(::write(tap_fd(), all.data(), all.size()), static_cast<ssize_t>(all.size()));
  }
  void set(const char* key, const char* value) {
    ASSERT_TRUE(write_sysctl(NetNs::own(), std::string("net/ipv4/conf/") + key, value));
  }
  // Does the host's answer to the echo request from 10.1.0.5 come back to the router?
  bool answers(const char* to) {
    const MacAddress router = test::mac(1);
    put(frame()
            .eth(router, usw0_.mac)
            .arp_reply(router, "10.0.0.1", usw0_.mac, "10.0.0.254")
            .bytes());
    put(frame().eth(router, usw0_.mac).ipv4("10.1.0.5", to).echo_request(1, 1).bytes());
    return eventually([&] { return reply_waits(router, to); });
  }
  // Reads one frame; ARP requests for the router are answered.
  bool reply_waits(const MacAddress& router, const char* from) {
    std::vector<uint8_t> f(2048);
    ssize_t size = ::read(tap_fd(), f.data(), f.size());
    if (size < static_cast<ssize_t>(header + 42)) return false;
    f.erase(f.begin(), f.begin() + header);
    if (load_be16(&f[12]) == 0x0806 && load_be16(&f[20]) == 1)
      put(frame()
              .eth(router, usw0_.mac)
              .arp_reply(router, "10.0.0.1", usw0_.mac, "10.0.0.254")
              .bytes());
    return load_be16(&f[12]) == 0x0800 && f[23] == 1 && f[34] == 0 &&
           MacAddress::load(f.data()) == router && IpAddress::load4(&f[26]) == address(from) &&
           IpAddress::load4(&f[30]) == address("10.1.0.5");
  }
  // Packets that the filter dropped so far, as `nstat` has it.
  static unsigned long filtered() {
    std::ifstream file("/proc/thread-self/net/netstat");
    std::string names, values, name, value;
    std::getline(file, names);
    std::getline(file, values);
    std::istringstream name_stream(names), value_stream(values);
    while (name_stream >> name && value_stream >> value)
      if (name == "IPReversePathFilter") return std::stoul(value);
    ADD_FAILURE() << "the kernel does not count what the filter drops";
    return 0;
  }
};

TEST_F(HostTraffic, StrictReversePathFilterPassesWhatCameThroughTheRouter) {
  add_address(*here_, lo_, prefix("10.255.0.1/32"));
  // A default route elsewhere, as hosts have: without ours the way back would be that.
  Link other = make_device("eth9", {prefix("10.9.0.2/24")});
  add_route(*here_, other, {.to = prefix("0.0.0.0/0"), .via = address("10.9.0.1")});
  set("all/rp_filter", "1");
  set("usw0/rp_filter", "1");
  EXPECT_EQ(read_sysctl(NetNs::own(), "net/ipv4/conf/usw0/accept_local"), "0");
  const auto before = filtered();
  put(frame()
          .eth(test::mac(1), usw0_.mac)
          .ipv4("10.1.0.5", "10.255.0.1")
          .echo_request(1, 0)
          .bytes());
  EXPECT_TRUE(eventually([&] { return filtered() == before + 1; })) << "the filter is not on";

  HostLink host("usw0");
  host.update({lab});
  for (auto to : {"10.255.0.1", "10.0.0.254", "10.9.0.2"}) EXPECT_TRUE(answers(to)) << to;
  set("all/rp_filter", "0");
}

}  // namespace
}  // namespace uswitch
