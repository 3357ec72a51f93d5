// What the control socket says of the whole, and of its networks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/control/api_fixture.h"

namespace uswitch {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class ApiStatusTest : public test::ApiFixture {
 protected:
  void add_router() {
    auto tables = std::make_shared<Tables>(*tables_);
    tables->routing.routes = std::make_shared<RouteTable>();
    tables->routing.neighbours = std::make_shared<Neighbours>(1024);
    tables->router_stats = std::make_shared<PortStats>(2);
    tables->routing.interfaces.resize(2);
    RouterInterface& router = tables->routing.interfaces[1];
    router.present = router.isolated = true;
    router.mac = MacAddress::from_u64(0x0200000000fe);
    router.addresses = {*IpPrefix::parse("10.1.0.1/24"), *IpPrefix::parse("fd00:b::1/64")};
    tables_ = tables;
    engine_.publish(tables_);
  }
};

TEST_F(ApiStatusTest, CountsWhatThereIs) {
  const json::object status = get("/v1/status").as_object();
  EXPECT_EQ(status.at("uptime_seconds"), 90.0);
  EXPECT_EQ(status.at("workers"), 2);
  EXPECT_EQ(status.at("networks"), 2);
  EXPECT_EQ(status.at("ports"), 3);
  EXPECT_EQ(status.at("ports_up"), 2);
  EXPECT_EQ(status.at("tables"), json::array());
}

TEST_F(ApiStatusTest, TablesSayHowFullTheyAre) {
  add_router();
  EXPECT_EQ(get("/v1/status").at("tables"),
            json::parse(R"([{"name": "routes", "entries": 0, "max_entries": null},
                            {"name": "neighbours", "entries": 0, "max_entries": 1024}])"));
  EXPECT_THAT(table("status"), HasSubstr("2 of 3 ports up, 2 networks, 2 workers\n"));
  EXPECT_THAT(table("status"), HasSubstr("neighbours        0      1024   0 %\n"));
}

TEST_F(ApiStatusTest, ANetworkHasItsPortsAndItsRouter) {
  tables_->settings[0].present = tables_->settings[2].present = true;
  learn(1, 0x020000000002, 2, std::chrono::seconds(3));
  add_router();
  EXPECT_EQ(get("/v1/networks"), json::parse(R"({"networks": [
      {"name": "office", "mtu": 1500, "router": [], "router_mac": null, "isolated": false,
       "outside": false, "ports": ["web", "trunk"], "addresses": 0, "max_addresses": 64},
      {"name": "lab", "mtu": 1500, "router": ["10.1.0.1/24", "fd00:b::1/64"],
       "router_mac": "02:00:00:00:00:fe", "isolated": true, "outside": false,
       "ports": ["trunk"], "addresses": 1, "max_addresses": 64}]})"));
  EXPECT_EQ(table("networks"),
            "NETWORK  ROUTER                    ROUTER MAC         KIND       MTU  ADDRESSES  ROOM "
            "FOR  PORTS\n"
            "office                                                          1500          0       "
            " 64  web,trunk\n"
            "lab      10.1.0.1/24,fd00:b::1/64  02:00:00:00:00:fe  isolated  1500          1       "
            " 64  trunk\n");
}

}  // namespace
}  // namespace uswitch
