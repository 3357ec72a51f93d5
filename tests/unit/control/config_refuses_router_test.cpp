// Refused files: the router's addresses and settings in a network, and what ports must leave to it.
// One row is a file and everything that is said about it.
#include "tests/unit/control/config_errors.h"

namespace uswitch::test {
namespace {

// A file with one network, `n`, whose keys begin in column 15.
std::string network(const std::string& keys) {
  return "networks: {n: {" + keys + "}}\n";
}

const RefusedFile rows[] = {
    {"RouterMap",
     network("router: {a: 1}"),
     {"1:24: network 'n': 'router' is a map; write a list, such as [10.0.0.1/24]"}},
    {"RouterEmptyList",
     network("router: []"),
     {"1:24: network 'n': 'router' is an empty list; write at least one, such as [10.0.0.1/24]"}},
    {"RouterNothing",
     network("router: "),
     {"1:16: network 'n': 'router' is empty; write a list, such as [10.0.0.1/24]"}},
    {"RouterWithoutLength",
     network("router: 10.0.0.1"),
     {"1:24: network 'n': '10.0.0.1' has no prefix length; write an address with its prefix "
      "length, such as 10.0.0.11/24"}},
    {"RouterGarbage",
     network("router: [10.0.0.300/24]"),
     {"1:25: network 'n': '10.0.0.300/24' is not an address; write an address with its prefix "
      "length, such as 10.0.0.11/24"}},
    {"RouterMulticast",
     network("router: [224.0.0.1/24, 'ff02::1/64']"),
     {"1:25: network 'n': '224.0.0.1/24' is a multicast address; write an address that one station "
      "can have",
      "1:39: network 'n': 'ff02::1/64' is a multicast address; write an address that one station "
      "can have"}},
    {"RouterIsTheNetwork",
     network("router: [10.0.0.0/24, 'fd00::/64']"),
     {"1:25: network 'n': '10.0.0.0/24' is the address of the network itself; write an address "
      "that one station can have",
      "1:38: network 'n': 'fd00::/64' is the address of the network itself; write an address that "
      "one station can have"}},
    {"RouterBroadcast",
     network("router: [10.0.0.255/24]"),
     {"1:25: network 'n': '10.0.0.255/24' is the network's broadcast address; write an address "
      "that one station can have"}},
    {"RouterLoopback",
     network("router: [127.0.0.1/8]"),
     {"1:25: network 'n': '127.0.0.1/8' is a loopback address; write an address that one station "
      "can have"}},
    {"ND7_RouterLinkLocal",
     network("router: ['fe80::1/64']"),
     {"1:25: network 'n': 'fe80::1/64' is a link-local address; remove it: the router makes its "
      "own"}},
    {"R4_RouterLinkLocal",
     network("router: [169.254.0.1/16]"),
     {"1:25: network 'n': '169.254.0.1/16' is a link-local address; write an address that may be "
      "routed (RFC 3927 2.7)"}},
    {"RouterNeedsTheMtuOfIpv6",
     network("router: [10.0.0.1/24, 'fd00::1/64'], mtu: 1279"),
     {"1:16: network 'n': an IPv6 address of the router with an MTU of 1279; IPv6 needs an 'mtu' "
      "of at least 1280"}},
    {"RouterTwice",
     network("router: [10.0.0.1/24, 10.0.0.1/16]"),
     {"1:38: network 'n': router address 10.0.0.1 stands here twice; remove one of them"}},
    {"RouterTwiceInTwoSpellings",
     network("router: ['fd00::1/64', 'fd00:0::1/64']"),
     {"1:39: network 'n': router address fd00::1 stands here twice; remove one of them"}},
    {"RouterOfAnotherNetwork",
     R"(networks:
  a: {router: 10.0.0.1/24}
  b: {router: [10.1.0.1/24, 10.0.0.1/16]}
)",
     {"3:29: network 'b': router address 10.0.0.1 is used by network 'a' (line 2) already; give "
      "the router an address of its own in each network"}},
    {"RouterOverlapsWithin",
     R"(networks:
  a: {router: 10.0.0.1/16}
  b: {router: [10.1.0.1/24, 10.0.7.1/24]}
)",
     {"3:29: network 'b': router address 10.0.7.1/24 overlaps with 10.0.0.1/16 of network 'a' "
      "(line 2); networks with a router share one table of routes: give each a prefix of its own"}},
    {"RouterOverlapsAround",
     R"(networks:
  a: {router: [10.0.7.1/24, 10.0.8.1/24]}
  b: {router: 10.0.0.1/16}
)",
     {"3:15: network 'b': router address 10.0.0.1/16 overlaps with 10.0.7.1/24 of network 'a' "
      "(line 2); networks with a router share one table of routes: give each a prefix of its own"}},
    {"RouterOverlapsEqual",
     R"(networks:
  a: {router: 'fd00::1/64'}
  b: {router: 'fd00::2/64'}
)",
     {"3:15: network 'b': router address fd00::2/64 overlaps with fd00::1/64 of network 'a' (line "
      "2); networks with a router share one table of routes: give each a prefix of its own"}},
    {"RouterOverlapsBesideARefusedOne",
     R"(networks:
  a: {router: [10.0.0.0/16, 10.0.0.1/16]}
  b: {router: [nothing, 10.0.7.1/24]}
)",
     {"2:16: network 'a': '10.0.0.0/16' is the address of the network itself; write an address "
      "that one station can have",
      "3:16: network 'b': 'nothing' is not an address; write an address with its prefix length, "
      "such as 10.0.0.11/24",
      "3:25: network 'b': router address 10.0.7.1/24 overlaps with 10.0.0.1/16 of network 'a' "
      "(line 2); networks with a router share one table of routes: give each a prefix of its own"}},
    {"RouterOverlapsAcrossItsOwn",
     R"(networks:
  a: {router: [10.0.0.1/8, 10.0.0.2/24]}
  b: {router: 10.0.1.1/24}
)",
     {"3:15: network 'b': router address 10.0.1.1/24 overlaps with 10.0.0.1/8 of network 'a' (line "
      "2); networks with a router share one table of routes: give each a prefix of its own"}},
    {"RouterMacGroup",
     network("router: 10.0.0.1/24, router_mac: '01:00:5e:00:00:01'"),
     {"1:49: network 'n': '01:00:5e:00:00:01' is a group address; write the address of one "
      "station: its first byte is even"}},
    {"RouterMacText",
     network("router: 10.0.0.1/24, router_mac: eth0"),
     {"1:49: network 'n': 'eth0' is not a MAC address; write a MAC address, such as "
      "02:00:00:00:00:01"}},
    {"R4_10_ReversePath",
     network("router: 10.0.0.1/24, reverse_path: lose"),
     {"1:51: network 'n': unknown reverse_path 'lose'; did you mean 'loose'?"}},
    {"R4_10_ReversePathTruthValue",
     network("router: 10.0.0.1/24, reverse_path: true"),
     {"1:51: network 'n': unknown reverse_path 'true'; the reverse_paths are 'off', 'loose', "
      "'strict'"}},
    {"PM4_ClampMssNumber",
     network("router: 10.0.0.1/24, clamp_mss: 1460"),
     {"1:48: network 'n': 'clamp_mss' is '1460'; write true or false"}},
    {"OutsideText",
     network("router: 10.0.0.1/24, outside: maybe"),
     {"1:46: network 'n': 'outside' is 'maybe'; write true or false"}},
    {"ND7_AdvertiseWithoutIpv6",
     network("router: 10.0.0.1/24, advertise: true"),
     {"1:48: network 'n': 'advertise' without an IPv6 address of the router; give 'router' one, "
      "such as fd00:a::1/64: advertisements are of IPv6"}},
    {"ND7_AdvertiseText",
     network("router: 'fd00::1/64', advertise: always"),
     {"1:49: network 'n': 'advertise' is 'always'; write true or false"}},
    {"KeysOfARouterWithoutOne",
     network("router_mac: '02:00:00:00:00:01', reverse_path: off, clamp_mss: on, advertise: off, "
             "outside: on"),
     {"1:16: network 'n': 'router_mac' in a network without a router; give the network 'router: "
      "[10.0.0.1/24]', or remove 'router_mac'",
      "1:49: network 'n': 'reverse_path' in a network without a router; give the network 'router: "
      "[10.0.0.1/24]', or remove 'reverse_path'",
      "1:68: network 'n': 'clamp_mss' in a network without a router; give the network 'router: "
      "[10.0.0.1/24]', or remove 'clamp_mss'",
      "1:83: network 'n': 'advertise' in a network without a router; give the network 'router: "
      "[10.0.0.1/24]', or remove 'advertise'",
      "1:99: network 'n': 'outside' in a network without a router; give the network 'router: "
      "[10.0.0.1/24]', or remove 'outside'"}},
    {"PolicyMisspelt",
     "policy: close\n",
     {"1:9: configuration: unknown policy 'close'; did you mean 'closed'?"}},
    {"PolicyUnknown",
     "policy: everything\n",
     {"1:9: configuration: unknown policy 'everything'; the policies are 'open', 'closed'"}},
    {"PolicyMap", "policy: {a: b}\n", {"1:9: configuration: 'policy' is a map; write one word"}},
    {"MaxNeighboursTooFew",
     "max_neighbours: 255\n",
     {"1:17: configuration: 'max_neighbours' is '255'; write a whole number from 256 to 16777216"}},
    {"MaxNeighboursTooMany",
     "max_neighbours: 17M\n",
     {"1:17: configuration: 'max_neighbours' is '17M'; write a whole number from 256 to 16777216"}},
    {"EndpointHasTheRoutersAddress",
     port("type: tap, device: d, network: n, address: [10.0.0.1/16]", "{router: 10.0.0.1/24}"),
     {"3:51: port 'p': address 10.0.0.1 is used by the router already; give each port of network "
      "'n' its own"}},
    {"EndpointHasTheRoutersMac",
     port("type: tap, device: d, network: n, mac: '02:00:00:00:00:01'",
          "{router: 10.0.0.1/24, router_mac: '02:00:00:00:00:01'}"),
     {"3:46: port 'p': MAC 02:00:00:00:00:01 is used by the router already; in network 'n' a MAC "
      "is behind one port"}},
    {"StaticHasTheRoutersMac",
     port("type: raw, device: d, tagged: {7: n}, static: ['02:00:00:00:00:01']",
          "{router: 10.0.0.1/24, router_mac: '02:00:00:00:00:01'}"),
     {"3:54: port 'p': MAC 02:00:00:00:00:01 is used by the router already; in network 'n' a MAC "
      "is behind one port"}},
    {"DefaultRouteWithoutARouter",
     port("type: tap, device: d, network: n, address: [10.0.0.11/24], routes: default", "{}"),
     {"3:74: port 'p': 'routes: default' needs a router in network 'n'; give the network 'router: "
      "[10.0.0.1/24]', or write the routes as a list"}},
    {"DefaultRouteWithoutAnAddress",
     port("type: tap, device: d, network: n, routes: default", "{router: 10.0.0.1/24}"),
     {"3:49: port 'p': 'routes: default' needs an address in a prefix of the network's router; "
      "give the port one in 10.0.0.0/24, or write the routes as a list"}},
    {"DefaultRouteOfAnEmptyList",
     port("type: tap, device: d, network: n, address: [], routes: default",
          "{router: 10.0.0.1/24}"),
     {"3:62: port 'p': 'routes: default' needs an address in a prefix of the network's router; "
      "give the port one in 10.0.0.0/24, or write the routes as a list"}},
    {"DefaultRouteElsewhere",
     port("type: tap, device: d, network: n, address: [10.1.0.11/24], routes: default",
          "{router: 10.0.0.1/24}"),
     {"3:74: port 'p': 'routes: default' needs an IPv4 address in a prefix of the network's "
      "router; give the port one in 10.0.0.0/24, or write the routes as a list"}},
    {"DefaultRouteOfOneVersionElsewhere",
     port("type: tap, device: d, network: n, address: [10.0.0.11/24, 'fd00:1::11/64'], routes: "
          "default",
          "{router: [10.0.0.1/24, 'fd00::1/64']}"),
     {"3:91: port 'p': 'routes: default' needs an IPv6 address in a prefix of the network's "
      "router; give the port one in fd00::/64, or write the routes as a list"}},
    {"DefaultRouteOfTheOtherVersion",
     port("type: tap, device: d, network: n, address: ['fd00::11/64'], routes: default",
          "{router: 10.0.0.1/24}"),
     {"3:75: port 'p': 'routes: default' needs an address in a prefix of the network's router; "
      "give the port one in 10.0.0.0/24, or write the routes as a list"}},
    {"DefaultRouteBesideARefusedAddress",
     port("type: tap, device: d, network: n, address: [10.0.0.300/24], routes: default",
          "{router: 10.0.0.1/24}"),
     {"3:51: port 'p': '10.0.0.300/24' is not an address; write an address with its prefix length, "
      "such as 10.0.0.11/24"}},
    {"DefaultRouteInNoNetwork",
     port("type: tap, device: d, network: m, address: [10.0.0.1/24], routes: default"),
     {"3:38: port 'p': no network is named 'm'; the networks are 'n'"}},
};

INSTANTIATE_TEST_SUITE_P(Router, RefusedConfig, ::testing::ValuesIn(rows), name_of_row);

}  // namespace
}  // namespace uswitch::test
