// What the control socket says of the router.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "tests/unit/control/api_fixture.h"

namespace uswitch {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr NetworkId office = 0, lab = 1;

IpAddress ip(const std::string& text) {
  return *IpAddress::parse(text);
}
RouteHop onlink(NetworkId network) {
  return {network, true, {}};
}
RouteHop through(NetworkId network, const std::string& gateway) {
  return {network, false, ip(gateway)};
}

// The fixture's switch with a router in both networks.
class ApiRouterTest : public test::ApiFixture {
 protected:
  ApiRouterTest() {
    tables_ = std::make_shared<Tables>(*tables_);
    tables_->routing.routes = routes_;
    tables_->routing.neighbours = neighbours_;
    tables_->router_stats = std::make_shared<PortStats>(2);
    engine_.publish(tables_);
  }

  void route(const std::string& to, RouteKind kind, RouteOrigin origin,
             const std::vector<RouteHop>& hops) {
    RouteTarget target;
    target.kind = kind;
    target.origin = origin;
    target.count = static_cast<uint8_t>(hops.size());
    std::ranges::copy(hops, target.hops.begin());
    ASSERT_EQ(routes_->set(*IpPrefix::parse(to), target), RouteTable::Change::added) << to;
  }
  // Of each type and origin one.
  void some_routes() {
    route("0.0.0.0/0", RouteKind::forward, RouteOrigin::configured, {through(lab, "10.1.0.254")});
    route("10.0.0.0/24", RouteKind::forward, RouteOrigin::connected, {onlink(office)});
    route("10.0.0.1/32", RouteKind::local, RouteOrigin::local, {onlink(office)});
    route("10.0.0.255/32", RouteKind::broadcast, RouteOrigin::connected, {onlink(office)});
    route("10.8.0.0/16", RouteKind::blackhole, RouteOrigin::configured, {});
    route("10.9.0.0/16", RouteKind::forward, RouteOrigin::configured,
          {through(office, "10.0.0.2"), through(lab, "10.1.0.2")});
    route("172.17.0.1/32", RouteKind::forward, RouteOrigin::host, {through(office, "10.0.0.254")});
    route("fd00:8::/48", RouteKind::unreachable, RouteOrigin::configured, {});
    route("fd00:9::/48", RouteKind::prohibit, RouteOrigin::configured, {});
  }
  std::vector<std::string> routes(const std::string& query = "") {
    std::vector<std::string> to;
    const json::value body = get("/v1/routes" + query);
    for (const json::value& one : body.at("routes").as_array()) {
      to.emplace_back(one.at("to").as_string());
    }
    return to;
  }

  void hear(NetworkId network, const std::string& address, uint64_t mac, Duration ago) {
    neighbours_->heard_request(neighbours_->key(network, ip(address)), MacAddress::from_u64(mac),
                               start - ago, true);
  }
  void ask(NetworkId network, const std::string& address) {
    std::ignore = neighbours_->ask(neighbours_->key(network, ip(address)), start, 0);
  }
  std::vector<std::string> neighbours(const std::string& query = "") {
    std::vector<std::string> found;
    const json::value body = get("/v1/neighbours" + query);
    for (const json::value& one : body.at("neighbours").as_array()) {
      found.push_back(std::string(one.at("network").as_string()) + " " +
                      std::string(one.at("address").as_string()));
    }
    return found;
  }

  PortCounters& router(unsigned worker) { return tables_->router_stats->of_worker[worker]; }

  std::shared_ptr<RouteTable> routes_ = std::make_shared<RouteTable>();
  std::shared_ptr<Neighbours> neighbours_ = std::make_shared<Neighbours>(256);
};

class ApiWithoutRouterTest : public test::ApiFixture {};

TEST_F(ApiWithoutRouterTest, ThereIsNothingToShow) {
  tables_->router_stats = std::make_shared<PortStats>(2);
  EXPECT_EQ(get("/v1/routes"),
            json::parse(R"({"routes": [], "truncated": false, "left_out": 0, "entries": 0})"));
  EXPECT_EQ(get("/v1/routes?to=10.0.0.1").at("routes").as_array().size(), 0u);
  EXPECT_EQ(get("/v1/neighbours"),
            json::parse(R"({"neighbours": [], "truncated": false, "left_out": 0, "entries": 0,
                            "max_entries": 0})"));
  EXPECT_EQ(get("/v1/ports").at("ports").as_array().size(), 3u);
  EXPECT_EQ(table("routes"), "no routes\n");
  EXPECT_EQ(table("neighbours"), "no neighbours\n");
}

TEST_F(ApiRouterTest, RoutesSayWhatBecomesOfPackets) {
  some_routes();
  const json::value view = get("/v1/routes?all=1");
  EXPECT_EQ(view, json::parse(R"({"truncated": false, "left_out": 0, "entries": 9, "routes": [
    {"to": "0.0.0.0/0", "type": "forward", "origin": "configured",
     "via": [{"network": "lab", "gateway": "10.1.0.254"}]},
    {"to": "10.0.0.0/24", "type": "forward", "origin": "connected",
     "via": [{"network": "office", "gateway": null}]},
    {"to": "10.0.0.1/32", "type": "local", "origin": "local",
     "via": [{"network": "office", "gateway": null}]},
    {"to": "10.0.0.255/32", "type": "broadcast", "origin": "connected",
     "via": [{"network": "office", "gateway": null}]},
    {"to": "10.8.0.0/16", "type": "blackhole", "origin": "configured", "via": []},
    {"to": "10.9.0.0/16", "type": "forward", "origin": "configured",
     "via": [{"network": "office", "gateway": "10.0.0.2"}, {"network": "lab", "gateway": "10.1.0.2"}]},
    {"to": "172.17.0.1/32", "type": "forward", "origin": "host",
     "via": [{"network": "office", "gateway": "10.0.0.254"}]},
    {"to": "fd00:8::/48", "type": "unreachable", "origin": "configured", "via": []},
    {"to": "fd00:9::/48", "type": "prohibit", "origin": "configured", "via": []}]})"));
}

TEST_F(ApiRouterTest, LocalAndBroadcastRoutesAreShownWhenAskedFor) {
  some_routes();
  EXPECT_THAT(routes(), ElementsAre("0.0.0.0/0", "10.0.0.0/24", "10.8.0.0/16", "10.9.0.0/16",
                                    "172.17.0.1/32", "fd00:8::/48", "fd00:9::/48"));
  EXPECT_EQ(get("/v1/routes").at("entries"), 9);
  EXPECT_EQ(get("/v1/routes").at("left_out"), 0);
  EXPECT_EQ(routes("?all=1").size(), 9u);
  EXPECT_THAT(routes("?origin=local"), ElementsAre("10.0.0.1/32"));
  EXPECT_THAT(routes("?origin=connected"), ElementsAre("10.0.0.0/24"));
  EXPECT_THAT(routes("?origin=connected&all=1"), ElementsAre("10.0.0.0/24", "10.0.0.255/32"));
  EXPECT_THAT(routes("?to=10.0.0.255"), ElementsAre("10.0.0.255/32"));
}

TEST_F(ApiRouterTest, RoutesAreFilteredByNetworkAndOrigin) {
  some_routes();
  EXPECT_THAT(routes("?network=lab"), ElementsAre("0.0.0.0/0", "10.9.0.0/16"));
  EXPECT_THAT(routes("?network=office&origin=configured"), ElementsAre("10.9.0.0/16"));
  EXPECT_THAT(routes("?network=office&origin=local"), ElementsAre("10.0.0.1/32"));
  EXPECT_THAT(routes("?origin=host"), ElementsAre("172.17.0.1/32"));
  EXPECT_THAT(routes("?to=10.9.0.1&network=lab"), ElementsAre("10.9.0.0/16"));
  EXPECT_THAT(routes("?to=10.0.0.7&network=lab"), ElementsAre());
}

// R4-5
TEST_F(ApiRouterTest, TheRouteToAnAddressIsTheOneThatPacketsTake) {
  some_routes();
  EXPECT_THAT(routes("?to=10.0.0.7"), ElementsAre("10.0.0.0/24"));
  EXPECT_THAT(routes("?to=10.0.0.1"), ElementsAre("10.0.0.1/32"));
  EXPECT_THAT(routes("?to=192.0.2.1"), ElementsAre("0.0.0.0/0"));
  EXPECT_THAT(routes("?to=fd00:9::1"), ElementsAre("fd00:9::/48"));
  EXPECT_THAT(routes("?to=fd00::1"), ElementsAre());  // the IPv4 default route is not for it
  route("::/0", RouteKind::forward, RouteOrigin::configured, {through(lab, "fd00:1::fe")});
  route("fd00:9::1/128", RouteKind::blackhole, RouteOrigin::configured, {});
  EXPECT_THAT(routes("?to=fd00::1"), ElementsAre("::/0"));
  EXPECT_THAT(routes("?to=fd00:9::1"), ElementsAre("fd00:9::1/128"));
  for (const char* to : {"10.0.0.7", "10.8.255.255", "192.0.2.1", "fd00:9::1", "fd00:9::2"}) {
    const json::value view = get(std::string("/v1/routes?to=") + to);
    const auto shown = IpPrefix::parse(std::string(view.at("routes").at(0).at("to").as_string()));
    EXPECT_EQ(routes_->get(*shown), *routes_->lookup(ip(to))) << to;
  }
}

TEST_F(ApiRouterTest, RoutesAreBoundedAndSayWhatTheyLeftOut) {
  for (int i = 0; i < 200; ++i) {
    route("10.0." + std::to_string(i) + ".0/24", RouteKind::forward, RouteOrigin::configured,
          {through(i < 150 ? office : lab, "10.0.0.2")});
  }
  const json::value view = get("/v1/routes?network=office&limit=100");
  EXPECT_EQ(view.at("routes").as_array().size(), 100u);
  EXPECT_EQ(view.at("truncated"), true);
  EXPECT_EQ(view.at("left_out"), 50);
  EXPECT_EQ(view.at("entries"), 200);
  EXPECT_EQ(get("/v1/routes?network=office&limit=150").at("truncated"), false);
}

TEST_F(ApiRouterTest, NeighboursAreSortedByNetworkAndAddress) {
  hear(lab, "10.1.0.2", 0x020000000004, 0s);
  hear(office, "fd00::2", 0x020000000003, 0s);
  hear(office, "10.0.0.20", 0x020000000002, 45s);
  ask(office, "10.0.0.3");
  const json::value view = get("/v1/neighbours");
  EXPECT_THAT(neighbours(),
              ElementsAre("office 10.0.0.3", "office 10.0.0.20", "office fd00::2", "lab 10.1.0.2"));
  EXPECT_EQ(view.at("neighbours").at(0), json::parse(R"({
    "network": "office", "address": "10.0.0.3", "mac": null, "state": "incomplete",
    "router": false, "age": 0})"));
  EXPECT_EQ(view.at("neighbours").at(2), json::parse(R"({
    "network": "office", "address": "fd00::2", "mac": "02:00:00:00:00:03", "state": "stale",
    "router": false, "age": 0})"));
  EXPECT_NEAR(view.at("neighbours").at(1).at("age").to_number<double>(), 45, 1);
  EXPECT_EQ(view.at("truncated"), false);
  EXPECT_EQ(view.at("entries"), 4);
  EXPECT_EQ(view.at("max_entries"), 256);
}

TEST_F(ApiRouterTest, NeighboursSayWhatIsKnownOfThem) {
  const auto key = neighbours_->key(office, ip("fd00::2"));
  ask(office, "fd00::2");
  neighbours_->heard_advertisement(key, MacAddress::from_u64(0x020000000002), true, true, true,
                                   start);
  ASSERT_TRUE(neighbours_->add_permanent(office, ip("fd00::3"), MacAddress::from_u64(0x02)));
  std::ignore = neighbours_->ask(neighbours_->key(office, ip("fd00::4")), start - 4s, 0);
  std::vector<Neighbours::Question> questions;
  for (const auto ago : {3s, 2s, 1s}) neighbours_->sweep(start - ago, questions);
  const json::value view = get("/v1/neighbours").at("neighbours");
  ASSERT_EQ(view.as_array().size(), 3u);
  EXPECT_EQ(view.at(0).at("state"), "reachable");
  EXPECT_EQ(view.at(0).at("router"), true);
  EXPECT_EQ(view.at(1).at("state"), "permanent");
  EXPECT_EQ(view.at(1).at("mac"), "00:00:00:00:00:02");
  EXPECT_EQ(view.at(1).at("age"), 0);
  EXPECT_EQ(view.at(2).at("state"), "failed");
  EXPECT_TRUE(view.at(2).at("mac").is_null());
  EXPECT_EQ(table("neighbours", "?state=permanent"),
            "NETWORK  ADDRESS  MAC                STATE\n"
            "office   fd00::3  00:00:00:00:00:02  permanent\n");
  EXPECT_THAT(table("neighbours"), HasSubstr("reachable  router  0 s\n"));
}

TEST_F(ApiRouterTest, NeighboursAreFiltered) {
  hear(office, "10.0.0.2", 0x020000000002, 0s);
  hear(lab, "10.0.0.2", 0x020000000003, 0s);
  ask(office, "10.0.0.3");
  EXPECT_THAT(neighbours("?network=office"), ElementsAre("office 10.0.0.2", "office 10.0.0.3"));
  EXPECT_THAT(neighbours("?address=10.0.0.2"), ElementsAre("office 10.0.0.2", "lab 10.0.0.2"));
  EXPECT_THAT(neighbours("?state=incomplete"), ElementsAre("office 10.0.0.3"));
  EXPECT_THAT(neighbours("?state=stale&network=lab"), ElementsAre("lab 10.0.0.2"));
  EXPECT_THAT(neighbours("?state=permanent"), ElementsAre());
}

TEST_F(ApiRouterTest, NeighboursAreBoundedAndSayWhatTheyLeftOut) {
  for (int i = 1; i <= 20; ++i) hear(office, "10.0.0." + std::to_string(i), 0x020000000001, 0s);
  ask(office, "10.0.0.99");
  const json::value view = get("/v1/neighbours?state=stale&limit=15");
  EXPECT_EQ(view.at("neighbours").as_array().size(), 15u);
  EXPECT_EQ(view.at("truncated"), true);
  EXPECT_EQ(view.at("left_out"), 5);
  EXPECT_EQ(view.at("entries"), 21);
  EXPECT_EQ(get("/v1/neighbours?state=stale&limit=20").at("truncated"), false);
}

TEST_F(ApiRouterTest, BadParametersAre400AndSayWhatIsTaken) {
  EXPECT_THAT(refused("/v1/neighbours?port=web"),
              HasSubstr("unknown parameter 'port'; there are network, address, state, limit"));
  EXPECT_THAT(refused("/v1/neighbours?network=ofice"), HasSubstr("there are office, lab"));
  EXPECT_THAT(refused("/v1/neighbours?address=10.0.0.0/24"), HasSubstr("an address like"));
  EXPECT_THAT(refused("/v1/neighbours?state=Stale"),
              HasSubstr("state is 'Stale', it takes one of incomplete, reachable, stale, delay, "
                        "probe, failed, permanent"));
  EXPECT_THAT(refused("/v1/neighbours?limit=0"), HasSubstr("1 to 100000"));
  EXPECT_THAT(refused("/v1/routes?via=10.0.0.1"),
              HasSubstr("unknown parameter 'via'; there are to, network, origin, limit, all"));
  EXPECT_THAT(refused("/v1/routes?to="), HasSubstr("an address like"));
  EXPECT_THAT(refused("/v1/routes?to=10.0.0.0/24"), HasSubstr("an address like"));
  EXPECT_THAT(refused("/v1/routes?to=::1&to=::1"), HasSubstr("twice"));
  EXPECT_THAT(refused("/v1/routes?network="), HasSubstr("there are office, lab"));
  EXPECT_THAT(refused("/v1/routes?origin=static"),
              HasSubstr("it takes one of local, connected, configured, host"));
  EXPECT_THAT(refused("/v1/routes?limit=100001"), HasSubstr("1 to 100000"));
  EXPECT_THAT(refused("/v1/routes?all=0"), HasSubstr("all takes 1"));
}

TEST_F(ApiRouterTest, TheRouterIsTheLastRowOfThePorts) {
  router(0).rx_packets.add(2);
  router(1).rx_packets.add(3);
  router(0).rx_bytes.add(420);
  router(1).tx_packets.add(4);
  router(1).tx_bytes.add(336);
  router(0).copies.add(1);
  router(1).drop(Reason::egress_full);
  const json::value view = get("/v1/ports");
  ASSERT_EQ(view.at("ports").as_array().size(), 4u);
  EXPECT_EQ(view.at("ports").at(3), json::parse(R"J({
    "name": "(router)", "up": true, "type": "router", "netns": null, "device": null, "mac": null,
    "addresses": [], "mtu": 0, "network": null, "tagged": {}, "rx_packets": 5, "rx_bytes": 420,
    "tx_packets": 4, "tx_bytes": 336, "copies": 1, "drops": 1, "missed": 0, "moves": 0,
    "not_learned": 0})J"));
}

TEST_F(ApiRouterTest, DropsOfTheRoutersOwnPacketsAreCounted) {
  counters(0, 0).drop(Reason::no_route);
  router(1).drop(Reason::no_route);
  router(1).drop(Reason::egress_full);
  const json::value view = get("/v1/drops");
  EXPECT_EQ(view.at("total"), 3);
  EXPECT_EQ(view.at("drops").at(0).at("reason"), "egress_full");
  EXPECT_EQ(view.at("drops").at(0).at("ports"), json::parse(R"J({"(router)": 1})J"));
  EXPECT_EQ(view.at("drops").at(1).at("ports"), json::parse(R"J({"web": 1, "(router)": 1})J"));
  EXPECT_EQ(view.at("drops").at(1).at("workers"), json::parse("[1, 1]"));
}

TEST_F(ApiRouterTest, TablesForPeople) {
  some_routes();
  EXPECT_EQ(table("routes"),
            "TO             TYPE         VIA         NETWORK  ORIGIN\n"
            "0.0.0.0/0      forward      10.1.0.254  lab      configured\n"
            "10.0.0.0/24    forward                  office   connected\n"
            "10.8.0.0/16    blackhole                         configured\n"
            "10.9.0.0/16    forward      10.0.0.2    office   configured\n"
            "                            10.1.0.2    lab\n"
            "172.17.0.1/32  forward      10.0.0.254  office   host\n"
            "fd00:8::/48    unreachable                       configured\n"
            "fd00:9::/48    prohibit                          configured\n");
  EXPECT_EQ(table("routes", "?to=10.0.0.1"),
            "TO           TYPE   NETWORK  ORIGIN\n"
            "10.0.0.1/32  local  office   local\n");
  EXPECT_THAT(table("routes", "?limit=2"), HasSubstr("\nand 5 more: see --to, --network"));
  hear(office, "10.0.0.2", 0x020000000002, 0s);
  ask(office, "10.0.0.3");
  EXPECT_EQ(table("neighbours"),
            "NETWORK  ADDRESS   MAC                STATE       AGE\n"
            "office   10.0.0.2  02:00:00:00:00:02  stale       0 s\n"
            "office   10.0.0.3                     incomplete  0 s\n");
  EXPECT_THAT(table("neighbours", "?limit=1"), HasSubstr("\nand 1 more: see --network"));
  EXPECT_THAT(table("ports"), HasSubstr("\n(router)  router  up"));
}

}  // namespace
}  // namespace uswitch
