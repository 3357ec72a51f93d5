// What the configuration says of the router: its addresses and settings in a network, its routes,
// and the default routes of endpoints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/control/config_accepted.h"

namespace uswitch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace test;

NetworkConfig network_of(const std::string& keys, const std::string& rest = "") {
  Config config = accepted("networks: {n: {" + keys + "}}\n" + rest);
  return config.networks.empty() ? NetworkConfig{} : config.networks[0];
}

// A file of three networks and these routes, each a line of its own.
std::vector<RouterRouteConfig> routes_of(const std::string& routes) {
  return accepted(R"(networks:
  n: {router: [10.0.0.1/24, 'fd00::1/64']}
  m: {router: [10.1.0.1/24, 10.1.0.2/30]}
  plain: {}
routes:
)" + routes)
      .routes;
}

std::vector<RouteConfig> default_routes_of(const std::string& address, const std::string& router) {
  const Config config =
      accepted("networks: {n: {router: " + router +
               "}}\nports: {p: {type: tap, netns: p, device: d, network: n, address: " + address +
               ", routes: default}}");
  return config.ports.empty() ? std::vector<RouteConfig>{} : config.ports[0].routes;
}

RouterRouteConfig via(const char* to, std::vector<RouterRouteConfig::Hop> hops) {
  return {prefix(to), RouteType::via, std::move(hops)};
}

// What the contract with users shows, but for what comes later.
constexpr const char* contract = R"(workers: 1
networks:
  office:
    router: [10.0.0.1/24, fd00:a::1/64]
    mtu: 1500
    ageing: 300s
    max_addresses: 8192
    isolated: false
  outside:
    router: [198.51.100.1/24]
ports:
  web:  {type: tap,  netns: web, device: eth0, network: office, address: [10.0.0.11/24], routes: default}
  db:   {type: veth, netns: db,  device: eth0, network: office, address: [10.0.0.21/24], routes: default}
  host: {type: tap,  device: usw0, network: office, address: [10.0.0.254/24]}
  wan:  {type: raw,  device: eth1, network: outside}
  trunk: {type: raw, device: eth2, tagged: {10: office, 20: outside}}
  play: {type: pcap, read: in.pcap, write: out.pcap, network: office}
routes:
  - {to: 0.0.0.0/0, via: 198.51.100.254}
  - {to: 10.9.0.0/16, via: [10.0.0.2, 10.0.0.3]}
)";

TEST(ConfigRouter, TheContractWithUsersIsAccepted) {
  const Config config = accepted(contract);
  ASSERT_EQ(config.networks.size(), 2u);
  const NetworkConfig& office = config.networks[0];
  EXPECT_THAT(office.router, ElementsAre(prefix("10.0.0.1/24"), prefix("fd00:a::1/64")));
  EXPECT_TRUE(office.advertise);
  EXPECT_FALSE(office.outside);
  EXPECT_TRUE(config.networks[1].outside);
  EXPECT_FALSE(config.networks[1].advertise);
  ASSERT_EQ(config.ports.size(), 6u);
  const RouteConfig by_router{prefix("0.0.0.0/0"), address("10.0.0.1")};
  EXPECT_THAT(config.ports[0].routes, ElementsAre(by_router));
  EXPECT_THAT(config.ports[1].routes, ElementsAre(by_router));
  EXPECT_THAT(config.routes, ElementsAre(via("0.0.0.0/0", {{"outside", address("198.51.100.254")}}),
                                         via("10.9.0.0/16", {{"office", address("10.0.0.2")},
                                                             {"office", address("10.0.0.3")}})));
}

TEST(ConfigRouter, WhatIsLeftOutHasItsDefault) {
  const Config config = accepted("networks: {n: {}}");
  EXPECT_TRUE(config.routed_together);
  EXPECT_EQ(config.max_neighbours, 131072u);
  EXPECT_THAT(config.routes, IsEmpty());
  for (const NetworkConfig& n : {config.networks.at(0), network_of("router: 10.0.0.1/24")}) {
    EXPECT_EQ(n.router_mac, std::nullopt);
    EXPECT_EQ(n.reverse_path, ReversePath::off);  // R4-10: off for asymmetric set-ups
    EXPECT_FALSE(n.clamp_mss);                    // PM-4
    EXPECT_FALSE(n.advertise);                    // ND-7
    EXPECT_FALSE(n.outside);
  }
}

TEST(ConfigRouter, EveryKeyIsRead) {
  const Config config = accepted(R"(policy: closed
max_neighbours: 64k
networks:
  n:
    router: [10.0.0.1/24, 10.0.0.129/25, fd00::1/64]
    router_mac: 02-00-00-00-00-0A
    reverse_path: strict
    clamp_mss: on
    advertise: off
    outside: on
)");
  EXPECT_FALSE(config.routed_together);
  EXPECT_EQ(config.max_neighbours, 65536u);
  ASSERT_EQ(config.networks.size(), 1u);
  EXPECT_EQ(config.networks[0],
            (NetworkConfig{
                .name = "n",
                .router = {prefix("10.0.0.1/24"), prefix("10.0.0.129/25"), prefix("fd00::1/64")},
                .router_mac = mac("02:00:00:00:00:0a"),
                .reverse_path = ReversePath::strict,
                .clamp_mss = true,
                .advertise = false,
                .outside = true}));
  EXPECT_TRUE(accepted("policy: open").routed_together);
  EXPECT_EQ(network_of("router: 10.0.0.1/24, reverse_path: loose").reverse_path,
            ReversePath::loose);
}

TEST(ConfigRouter, OneAddressNeedsNoList) {
  EXPECT_THAT(network_of("router: 10.0.0.1/24").router, ElementsAre(prefix("10.0.0.1/24")));
  EXPECT_THAT(network_of("router: 10.0.0.0/31").router, ElementsAre(prefix("10.0.0.0/31")));
}

TEST(ConfigRouter, ND7_AdvertisesWhereItHasIpv6UnlessToldOtherwise) {
  EXPECT_TRUE(network_of("router: [10.0.0.1/24, 'fd00::1/64']").advertise);
  EXPECT_TRUE(network_of("router: 'fd00::1/64', advertise: yes").advertise);
  EXPECT_FALSE(network_of("router: 'fd00::1/64', outside: yes").advertise);
  EXPECT_TRUE(network_of("router: 'fd00::1/64', outside: yes, advertise: yes").advertise);
  EXPECT_FALSE(network_of("router: 'fd00::1/64', advertise: no").advertise);
  EXPECT_FALSE(network_of("router: 10.0.0.1/24, advertise: no").advertise);
}

TEST(ConfigRouter, TheOutsideIsWhereADefaultRouteLeads) {
  const std::string router = "router: [10.0.0.1/24, 'fd00::1/64']";
  auto route = [](const std::string& text) { return "routes: [{" + text + "}]"; };
  for (auto text : {"to: 0.0.0.0/0, via: 10.0.0.2", "to: '::/0', via: 'fd00::2'",
                    "to: '::/0', via: 'fe80::1', network: n", "to: 0.0.0.0/0, network: n"}) {
    EXPECT_TRUE(network_of(router, route(text)).outside) << text;
    EXPECT_FALSE(network_of(router + ", outside: false", route(text)).outside) << text;
  }
  for (auto text : {"to: 0.0.0.0/1, via: 10.0.0.2", "to: 0.0.0.0/0, type: unreachable"}) {
    EXPECT_FALSE(network_of(router, route(text)).outside) << text;
    EXPECT_TRUE(network_of(router + ", outside: true", route(text)).outside) << text;
  }
}

TEST(ConfigRouter, EachPathOfADefaultRouteLeadsOutside) {
  const Config config = accepted(R"(networks:
  a: {router: 10.0.0.1/24}
  b: {router: 10.1.0.1/24}
  c: {router: 10.2.0.1/24}
routes: [{to: 0.0.0.0/0, via: [10.0.0.2, 10.2.0.2]}])");
  ASSERT_EQ(config.networks.size(), 3u);
  EXPECT_TRUE(config.networks[0].outside);
  EXPECT_FALSE(config.networks[1].outside);
  EXPECT_TRUE(config.networks[2].outside);
}

TEST(ConfigRouter, NeighbouringPrefixesDoNotOverlap) {
  const Config config = accepted(R"(networks:
  a: {router: [10.0.0.1/25, 'fd00::1/64', 10.0.2.1/23]}
  b: {router: [10.0.0.129/25, 'fd00:0:0:1::1/64', 10.0.1.1/24]}
  c: {router: '::2/64'})");  // the bits in front of every IPv4 address, held as ::ffff:a.b.c.d
  EXPECT_EQ(config.networks.size(), 3u);
}

TEST(ConfigRoutes, EachKindIsRead) {
  EXPECT_THAT(
      routes_of(R"(
  - {to: 10.9.0.0/16, via: 10.0.0.2}
  - {to: "fd09::/32", via: "fd00::2"}
  - {to: "::/0", via: "fe80::1", network: n}
  - {to: 10.8.0.0/16, via: 10.1.0.7, network: m}
  - {to: 10.7.0.0/16, network: m}
  - {to: "fd07::/32", network: n}
  - {to: 10.6.0.0/16, type: blackhole}
  - {to: 10.5.0.0/16, type: unreachable}
  - {to: 10.0.0.77/32, type: prohibit}
)"),
      ElementsAre(
          via("10.9.0.0/16", {{"n", address("10.0.0.2")}}),
          via("fd09::/32", {{"n", address("fd00::2")}}), via("::/0", {{"n", address("fe80::1")}}),
          via("10.8.0.0/16", {{"m", address("10.1.0.7")}}),
          RouterRouteConfig{prefix("10.7.0.0/16"), RouteType::onlink, {{"m", address("0.0.0.0")}}},
          RouterRouteConfig{prefix("fd07::/32"), RouteType::onlink, {{"n", address("::")}}},
          RouterRouteConfig{prefix("10.6.0.0/16"), RouteType::blackhole, {}},
          RouterRouteConfig{prefix("10.5.0.0/16"), RouteType::unreachable, {}},
          RouterRouteConfig{prefix("10.0.0.77/32"), RouteType::prohibit, {}}));
}

// The paths may lead through several networks; link-local ones through the one that is named.
TEST(ConfigRoutes, EcmpHasUpToSixteenGateways) {
  std::string list;
  for (int i = 2; i <= 15; ++i) list += "10.0.0." + std::to_string(i) + ", ";
  const auto routes =
      routes_of("  - {to: 10.9.0.0/16, via: [" + list + "10.1.0.4, 10.1.0.5]}\n" +
                "  - {to: '::/0', via: ['fe80::1', 'fd00::2', 'fe80::2'], network: n}\n");
  ASSERT_EQ(routes.size(), 2u);
  ASSERT_EQ(routes[0].hops.size(), RouterRouteConfig::max_hops);
  EXPECT_EQ(routes[0].hops[13], (RouterRouteConfig::Hop{"n", address("10.0.0.15")}));
  EXPECT_EQ(routes[0].hops[14], (RouterRouteConfig::Hop{"m", address("10.1.0.4")}));
  EXPECT_EQ(routes[1].hops.size(), 3u);
}

TEST(ConfigRoutes, ThatLeadNowhereNeedNoNetwork) {
  const Config config = accepted("routes: [{to: 0.0.0.0/0, type: prohibit}]");
  EXPECT_THAT(config.routes,
              ElementsAre(RouterRouteConfig{prefix("0.0.0.0/0"), RouteType::prohibit, {}}));
}

TEST(ConfigRoutes, MayStandBeforeTheNetworksTheyReferTo) {
  const Config config = accepted(R"(routes: [{to: 10.9.0.0/16, via: 10.0.0.2}]
ports: {p: {type: tap, device: d, network: n, address: [10.0.0.3/24], routes: default}}
networks: {n: {router: 10.0.0.1/24}})");
  EXPECT_THAT(config.routes, ElementsAre(via("10.9.0.0/16", {{"n", address("10.0.0.2")}})));
}

TEST(ConfigRoutes, AReloadSeesOnlyWhatChanged) {
  const std::string one = "  - {to: 10.9.0.0/16, via: 10.0.0.2}\n";
  EXPECT_EQ(routes_of(one), routes_of("  - to: 10.9.0.0/16\n    via: [10.0.0.2]\n"));
  EXPECT_NE(routes_of(one), routes_of("  - {to: 10.9.0.0/16, via: 10.0.0.3}\n"));
  EXPECT_NE(routes_of(one), routes_of("  - {to: 10.9.0.0/16, network: n}\n"));
}

TEST(ConfigDefaultRoutes, LeadToTheRouterThatThePortIsBeside) {
  const RouteConfig v4{prefix("0.0.0.0/0"), address("10.0.0.1")};
  const RouteConfig v6{prefix("::/0"), address("fd00::1")};
  const std::string both = "[10.0.0.1/24, 'fd00::1/64']";
  EXPECT_THAT(default_routes_of("[10.0.0.11/24]", both), ElementsAre(v4));
  EXPECT_THAT(default_routes_of("['fd00::11/64']", both), ElementsAre(v6));
  EXPECT_THAT(default_routes_of("['fd00::11/64', 10.0.0.11/24]", both), ElementsAre(v4, v6));
  // The second of its addresses, and the second of the router's.
  EXPECT_THAT(default_routes_of("[192.0.2.1/24, 10.0.0.11/24]", "[10.7.0.1/24, 10.0.0.1/24]"),
              ElementsAre(v4));
}

// There is no router of the other version to miss.
TEST(ConfigDefaultRoutes, AreOfTheVersionsThatTheRouterHas) {
  EXPECT_THAT(default_routes_of("['fd00::11/64', 10.0.0.11/24]", "10.0.0.1/24"),
              ElementsAre(RouteConfig{prefix("0.0.0.0/0"), address("10.0.0.1")}));
}

}  // namespace
}  // namespace uswitch
