// What the configuration says of NAT: masquerading, published ports, filtering and timeouts, and
// what follows for who is outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/control/config_accepted.h"

namespace uswitch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace test;
using namespace std::chrono_literals;

constexpr const char* networks = R"(networks:
  office: {router: [10.0.0.1/24, 'fd00:a::1/64']}
  outside: {router: [198.51.100.1/24, 198.51.100.2/24, '2001:db8::1/64']}
ports:
  host: {type: tap, device: usw0, network: office, address: [10.0.0.254/24]}
  web: {type: tap, netns: web, device: eth0, network: office, address: [10.0.0.11/24]}
)";

NatConfig nat_of(const std::string& keys) {
  return accepted(networks + std::string("nat: {") + keys + "}").nat;
}

std::vector<MasqueradeConfig> masquerade_of(const std::string& entries) {
  return nat_of("masquerade: [" + entries + "]").masquerade;
}

// The pool of one entry, as text.
std::vector<std::string> pool_of(const std::string& from, const std::string& to) {
  std::vector<std::string> pool;
  const auto entries = masquerade_of("{from: " + from + ", out: outside, to: " + to + "}");
  if (entries.empty()) return pool;
  for (const IpAddress& a : entries[0].to) pool.push_back(a.to_string());
  return pool;
}

std::vector<PublishConfig> publish_of(const std::string& entries) {
  return nat_of("publish: [" + entries + "]").publish;
}

PublishConfig one_of(const std::string& keys) {
  const auto entries = publish_of("{" + keys + "}");
  return entries.empty() ? PublishConfig{} : entries[0];
}

PublishConfig web(uint16_t port) {
  return {.on = "outside",
          .first_port = port,
          .last_port = port,
          .tcp = true,
          .to = address("10.0.0.11"),
          .to_port = 80};
}

TEST(ConfigNat, TheContractWithUsersIsAccepted) {
  const NatConfig nat = accepted(networks + std::string(R"(nat:
  masquerade:
    - {from: 10.0.0.0/24, out: outside}
  publish:
    - {on: outside, port: 8080, proto: tcp, to: "10.0.0.11:80"}
  timeouts: {tcp_established: 2h4m, udp: 300s}
  max_connections: 262144
)"))
                            .nat;
  EXPECT_THAT(nat.masquerade, ElementsAre(MasqueradeConfig{prefix("10.0.0.0/24"), "outside", {}}));
  EXPECT_THAT(nat.publish, ElementsAre(web(8080)));
  EXPECT_EQ(nat.timeouts, Timeouts{});
}

TEST(ConfigNat, IsThereWhenTheFileHasTheSection) {
  EXPECT_FALSE(accepted(networks).nat.present);
  EXPECT_TRUE(nat_of("").present);
  EXPECT_TRUE(nat_of("timeouts: {}").present);
}

TEST(ConfigNat, U5_T5_I2_N1_WhatIsLeftOutHasItsDefault) {
  const NatConfig nat = nat_of("");
  EXPECT_THAT(nat.masquerade, IsEmpty());
  EXPECT_THAT(nat.publish, IsEmpty());
  EXPECT_EQ(nat.filtering, Filtering::address_and_port_dependent);
  EXPECT_EQ(nat.max_connections, 262144u);
  EXPECT_EQ(nat.timeouts.tcp_established, 7440s);
  EXPECT_EQ(nat.timeouts.tcp_opening, 240s);
  EXPECT_EQ(nat.timeouts.tcp_closing, 240s);
  EXPECT_EQ(nat.timeouts.udp, 300s);
  EXPECT_EQ(nat.timeouts.icmp, 60s);
  EXPECT_EQ(nat.timeouts.other, 600s);
}

TEST(ConfigNat, EachTimeoutIsRead) {
  const Timeouts t = nat_of(
                         "timeouts: {tcp_established: 480h, tcp_opening: 1s, tcp_closing: 2s, "
                         "udp: 3s, icmp: 4s, other: 5m}")
                         .timeouts;
  EXPECT_EQ(t.tcp_established, 480h);
  EXPECT_EQ(t.tcp_opening, 1s);
  EXPECT_EQ(t.tcp_closing, 2s);
  EXPECT_EQ(t.udp, 3s);
  EXPECT_EQ(t.icmp, 4s);
  EXPECT_EQ(t.other, 5min);
}

TEST(ConfigNat, U8_EachFilteringIsRead) {
  EXPECT_EQ(nat_of("filtering: endpoint-independent").filtering, Filtering::endpoint_independent);
  EXPECT_EQ(nat_of("filtering: address-dependent").filtering, Filtering::address_dependent);
  EXPECT_EQ(nat_of("filtering: address-and-port-dependent").filtering,
            Filtering::address_and_port_dependent);
}

TEST(ConfigNat, ConnectionsAreCounted) {
  EXPECT_EQ(nat_of("max_connections: 1k").max_connections, 1024u);
  EXPECT_EQ(nat_of("max_connections: 16M").max_connections, 16u << 20);
}

TEST(ConfigNat, AReloadSeesWhatChanged) {
  const NatConfig nat = nat_of("");
  EXPECT_EQ(nat, nat_of("timeouts: {udp: 5m}, filtering: address-and-port-dependent"));
  EXPECT_NE(nat, accepted(networks).nat);
  EXPECT_NE(nat, nat_of("masquerade: [{from: 10.0.0.0/24, out: outside}]"));
  EXPECT_NE(nat, nat_of("publish: [{on: outside, port: 80, to: 10.0.0.11}]"));
  EXPECT_NE(nat, nat_of("filtering: address-dependent"));
  EXPECT_NE(nat, nat_of("max_connections: 128k"));
  for (auto key : {"tcp_established", "tcp_opening", "tcp_closing", "udp", "icmp", "other"}) {
    EXPECT_NE(nat, nat_of("timeouts: {" + std::string(key) + ": 7s}")) << key;
  }
}

TEST(ConfigMasquerade, KeepsTheOrderOfTheFile) {
  EXPECT_THAT(
      masquerade_of("{from: 10.0.0.16/28, out: outside, to: 198.51.100.9}, "
                    "{from: 10.0.0.0/24, out: outside}, {from: 10.0.0.0/24, out: office}, "
                    "{from: 'fd00::/16', out: outside}, {from: '::/0', out: outside}"),
      ElementsAre(MasqueradeConfig{prefix("10.0.0.16/28"), "outside", {address("198.51.100.9")}},
                  MasqueradeConfig{prefix("10.0.0.0/24"), "outside", {}},
                  MasqueradeConfig{prefix("10.0.0.0/24"), "office", {}},
                  MasqueradeConfig{prefix("fd00::/16"), "outside", {}},
                  MasqueradeConfig{prefix("::/0"), "outside", {}}));
}

TEST(ConfigMasquerade, ToIsAnAddressARangeOrAList) {
  EXPECT_THAT(pool_of("10.0.0.0/24", "198.51.100.9"), ElementsAre("198.51.100.9"));
  EXPECT_THAT(pool_of("10.0.0.0/24", "192.0.2.254-192.0.3.1"),
              ElementsAre("192.0.2.254", "192.0.2.255", "192.0.3.0", "192.0.3.1"));
  EXPECT_THAT(pool_of("'fd00:a::/64'", "'2001:db8::ffff-2001:db8::1:1'"),
              ElementsAre("2001:db8::ffff", "2001:db8::1:0", "2001:db8::1:1"));
  EXPECT_THAT(pool_of("10.0.0.0/24", "[198.51.100.8-198.51.100.9, 192.0.2.1]"),
              ElementsAre("198.51.100.8", "198.51.100.9", "192.0.2.1"));
}

TEST(ConfigMasquerade, ThePoolHasUpTo256Addresses) {
  EXPECT_THAT(pool_of("10.0.0.0/24", "203.0.113.0-203.0.113.255"), SizeIs(256));
}

// Unnumbered links have no address of their own to give.
TEST(ConfigMasquerade, ToMayBeTheRoutersAddressOfAnotherNetwork) {
  EXPECT_THAT(pool_of("10.0.0.0/24", "10.0.0.1"), ElementsAre("10.0.0.1"));
}

TEST(ConfigPublish, OnePort) {
  EXPECT_EQ(one_of("on: outside, port: 8080, proto: tcp, to: '10.0.0.11:80'"), web(8080));
  EXPECT_EQ(one_of("on: outside, port: 8080, to: 10.0.0.11:80"), web(8080));
  EXPECT_EQ(one_of("on: outside, port: '80', to: 10.0.0.11"), web(80));
}

TEST(ConfigPublish, ARangeIsOneEntry) {
  for (auto [to, first] :
       {std::pair("10.0.0.11", 9000), std::pair("10.0.0.11:7000", 7000),
        std::pair("10.0.0.11:7000-7099", 7000), std::pair("10.0.0.11:65436", 65436)}) {
    const PublishConfig p = one_of("on: outside, port: 9000-9099, to: '" + std::string(to) + "'");
    EXPECT_EQ(p.first_port, 9000) << to;
    EXPECT_EQ(p.last_port, 9099) << to;
    EXPECT_EQ(p.to, address("10.0.0.11")) << to;
    EXPECT_EQ(p.to_port, first) << to;
  }
  const PublishConfig all = one_of("on: outside, port: 1-65535, to: 10.0.0.11");
  EXPECT_EQ(all.first_port, 1);
  EXPECT_EQ(all.last_port, 65535);
  EXPECT_EQ(all.to_port, 1);
}

TEST(ConfigPublish, EachTransport) {
  const std::string entry = "on: outside, port: 53, to: 10.0.0.11, proto: ";
  for (auto [proto, tcp, udp] :
       {std::tuple("tcp", true, false), std::tuple("udp", false, true),
        std::tuple("[udp]", false, true), std::tuple("[udp, tcp]", true, true)}) {
    EXPECT_EQ(one_of(entry + proto).tcp, tcp) << proto;
    EXPECT_EQ(one_of(entry + proto).udp, udp) << proto;
  }
}

TEST(ConfigPublish, Ipv6StandsInBrackets) {
  const PublishConfig p = one_of(
      "on: outside, port: 8080, to: '[fd00:a::11]:80', address: '2001:db8::80', allow: "
      "'2001::/16'");
  EXPECT_EQ(p.to, address("fd00:a::11"));
  EXPECT_EQ(p.to_port, 80);
  EXPECT_EQ(p.address, address("2001:db8::80"));
  EXPECT_THAT(p.allow, ElementsAre(prefix("2001::/16")));
  EXPECT_EQ(one_of("on: outside, port: 8080, to: '[fd00:a::11]'").to_port, 8080);
}

// The router's own, another one of that network, one that is routed here, the router's elsewhere.
TEST(ConfigPublish, TheAddressMayBeAnyThatComesHere) {
  for (auto a : {"198.51.100.2", "198.51.100.80", "203.0.113.1", "10.0.0.1"}) {
    EXPECT_EQ(one_of("on: outside, port: 80, to: 10.0.0.11, address: " + std::string(a)).address,
              address(a));
  }
}

TEST(ConfigPublish, OnTheHost) {
  const PublishConfig p = one_of("on: host, port: 8080, to: 10.0.0.11:80, allow: [10.0.0.0/8]");
  EXPECT_EQ(p.on, "");
  EXPECT_EQ(p.address, std::nullopt);
  EXPECT_THAT(p.allow, ElementsAre(prefix("10.0.0.0/8")));
  for (auto a : {"127.0.0.1", "192.0.2.7", "10.0.0.254"}) {
    EXPECT_EQ(one_of("on: host, port: 80, to: 10.0.0.11, address: " + std::string(a)).address,
              address(a));
  }
}

// Another transport, port, version of IP or address; a network beside the host; an address that
// is routed here beside the router's own.
TEST(ConfigPublish, EachPortOfAnAddressOnce) {
  const std::string http = "port: 80, to: 10.0.0.11}";
  EXPECT_THAT(publish_of("{on: outside, " + http + ", {on: office, " + http + ", {on: host, " +
                         http + ", {on: outside, proto: udp, " + http +
                         ", {on: outside, port: 81-90, to: 10.0.0.11}"
                         ", {on: outside, port: 70-79, to: 10.0.0.11}"
                         ", {on: outside, port: 80, to: '[fd00:a::11]'}"
                         ", {on: outside, address: 203.0.113.1, " +
                         http + ", {on: outside, address: 203.0.113.2, " + http),
              SizeIs(9));
  EXPECT_THAT(publish_of("{on: host, address: 127.0.0.1, " + http +
                         ", {on: host, address: 10.0.0.254, " + http),
              SizeIs(2));
  EXPECT_THAT(publish_of("{on: outside, address: 198.51.100.1, " + http +
                         ", {on: outside, address: 198.51.100.2, " + http),
              SizeIs(2));
}

std::vector<bool> outside_of(const std::string& keys, const std::string& nat) {
  const Config config = accepted("networks: {a: {router: 10.0.0.1/24}, b: {router: 10.1.0.1/24" +
                                 keys + "}}\nnat: {" + nat + "}");
  std::vector<bool> outside;
  for (const NetworkConfig& n : config.networks) outside.push_back(n.outside);
  return outside;
}

TEST(ConfigNat, TheOutsideIsWhereSourcesAreMasqueraded) {
  const std::string nat = "masquerade: [{from: 10.0.0.0/24, out: b}]";
  EXPECT_THAT(outside_of("", nat), ElementsAre(false, true));
  EXPECT_THAT(outside_of(", isolated: on", nat), ElementsAre(false, true));
  EXPECT_THAT(outside_of(", outside: off", nat), ElementsAre(false, false));
}

// To publish a port to an isolated network must not open all the others to it.
TEST(ConfigNat, TheOutsideIsWherePortsArePublishedUnlessIsolated) {
  const std::string nat = "publish: [{on: b, port: 80, to: 10.0.0.11}]";
  EXPECT_THAT(outside_of("", nat), ElementsAre(false, true));
  EXPECT_THAT(outside_of(", isolated: on", nat), ElementsAre(false, false));
  EXPECT_THAT(outside_of(", isolated: on, outside: on", nat), ElementsAre(false, true));
  EXPECT_THAT(outside_of(", outside: off", nat), ElementsAre(false, false));
}

}  // namespace
}  // namespace uswitch
