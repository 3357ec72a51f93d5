// The main table that uswitch shares with others: switch/ip_config.h.
#include "gmock/gmock.h"
#include "host_port.h"
#include "switch/device_error.h"

namespace uswitch {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class HostRoutesTest : public HostPortTest {
 protected:
  std::vector<std::string> routes() { return shown_routes(*here_, usw0_); }
  static Route ours(const char* to, const char* via) {
    return {
        .to = prefix(to), .via = address(via), .metric = 2048, .protocol = uswitch_route_protocol};
  }
};

TEST_F(HostRoutesTest, AddedRoutesAreInADumpAndRemovedOnesNot) {
  for (const Route& route : {ours("10.1.0.0/24", "10.0.0.1"), ours("fd00:b::/64", "fd00:a::1"),
                             ours("0.0.0.0/0", "10.0.0.1"), ours("::/0", "fd00:a::1")}) {
    std::string shown = route.to.to_string() + " via " + route.via->to_string() + " proto 117";
    EXPECT_THAT(routes(), Not(Contains(shown)));
    add_route(*here_, usw0_, route);
    EXPECT_THAT(routes(), Contains(shown));
    remove_route(*here_, usw0_, route);
    EXPECT_THAT(routes(), Not(Contains(shown)));
    remove_route(*here_, usw0_, route);  // there is none: fine
  }
}

TEST_F(HostRoutesTest, DumpTellsEverythingOfARoute) {
  Route route = ours("10.1.0.0/24", "10.7.7.1");
  route.onlink = true;
  add_route(*here_, usw0_, route);
  std::vector<TableRoute> found;
  for_each_route(*here_, [&](const TableRoute& r) {
    if (r.route.to == route.to) found.push_back(r);
  });
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].link_index, usw0_.index);
  EXPECT_EQ(found[0].route.via, route.via);
  EXPECT_EQ(found[0].route.metric, 2048u);
  EXPECT_EQ(found[0].route.protocol, uswitch_route_protocol);
  EXPECT_TRUE(found[0].route.onlink);
}

// The kernel's local table has an entry for every address and broadcast address.
TEST_F(HostRoutesTest, DumpIsOfTheMainTable) {
  EXPECT_THAT(routes(), Contains("10.0.0.0/24 proto 2"));
  EXPECT_THAT(routes(), Contains("fd00:a::/64 proto 2"));
  EXPECT_THAT(routes(), Not(Contains("10.0.0.254/32 proto 2")));
}

TEST_F(HostRoutesTest, RouteOfAnotherMakerOrMetricIsNotRemoved) {
  for (auto [to, via] : {std::pair{"10.1.0.0/24", "10.0.0.1"}, {"fd00:b::/64", "fd00:a::1"}}) {
    add_route(*here_, usw0_, {.to = prefix(to), .via = address(via), .metric = 2048});
    std::string shown = std::string(to) + " via " + via + " proto 4";
    remove_route(*here_, usw0_, ours(to, via));
    EXPECT_THAT(routes(), Contains(shown));
    remove_route(*here_, usw0_, {.to = prefix(to), .via = address(via), .metric = 7});
    EXPECT_THAT(routes(), Contains(shown));
  }
}

TEST_F(HostRoutesTest, RemovalAfterTheDeviceIsFine) {
  add_route(*here_, usw0_, ours("10.1.0.0/24", "10.0.0.1"));
  delete_devices();
  ASSERT_TRUE(eventually([&] { return !find_link(*here_, usw0_.index); }));
  EXPECT_EQ(complaint<DeviceError>([&] {
              remove_route(*here_, usw0_, ours("10.1.0.0/24", "10.0.0.1"));
              remove_route(*here_, usw0_, ours("fd00:b::/64", "fd00:a::1"));
            }),
            "");
}

TEST_F(HostRoutesTest, RefusedRouteCarriesTheKernelsWords) {
  EXPECT_THAT(
      complaint<DeviceError>([&] { add_route(*here_, usw0_, ours("10.1.0.0/24", "10.9.9.9")); }),
      HasSubstr("cannot add the route to 10.1.0.0/24 via 10.9.9.9 on device usw0"));
}

}  // namespace
}  // namespace uswitch
