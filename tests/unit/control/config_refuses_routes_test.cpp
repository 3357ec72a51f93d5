// Refused files: the router's routes. One row is a file and everything that is said about it.
#include "tests/unit/control/config_errors.h"

namespace uswitch::test {
namespace {

// A file of three networks and this route, which begins in line 6, column 5.
std::string route(const std::string& text) {
  return R"(networks:
  n: {router: [10.0.0.1/24, 'fd00::1/64']}
  m: {router: 10.1.0.1/24}
  plain: {}
routes:
  - )" + text +
         "\n";
}

std::string gateways(int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += (i ? ", 10.0.0." : "10.0.0.") + std::to_string(i + 2);
  return text;
}

const RefusedFile rows[] = {
    {"RoutesMap",
     "routes: {to: 10.9.0.0/16}\n",
     {"1:9: configuration: 'routes' is a map; write a list, such as [{to: 0.0.0.0/0, via: "
      "10.0.0.254}]"}},
    {"RouteText",
     route("default"),
     {"6:5: route is a single value; write a map of keys, such as {key: value}"}},
    {"Key",
     route("{to: 10.9.0.0/16, vai: 10.0.0.2}"),
     {"6:5: route: the route leads nowhere; give it 'via: ADDRESS', 'network: NAME' or 'type: "
      "blackhole'",
      "6:23: route: unknown key 'vai'; did you mean 'via'?"}},
    {"WithoutTo",
     route("{via: 10.0.0.2}"),
     {"6:5: route: 'to' is missing; write {to: 10.9.0.0/16, via: 10.0.0.2}"}},
    {"GatewaysOfTwoNetworksWithNat",
     route("{to: 10.9.0.0/16, via: [10.0.0.2, 10.1.0.2]}") +
         "nat: {masquerade: [{from: 10.0.0.0/24, out: m}]}\n",
     {"6:39: route: with 'nat', the gateways of a route are in one network, and '10.1.0.2' is in "
      "'m' "
      "while the first is in 'n'; how a flow is translated follows from the network it leaves by; "
      "keep the gateways of one network"}},
    {"LeadsNowhere",
     route("{to: 10.9.0.0/16}"),
     {"6:5: route: the route leads nowhere; give it 'via: ADDRESS', 'network: NAME' or 'type: "
      "blackhole'"}},
    {"ToWithoutLength",
     route("{to: 10.9.0.0, via: 10.0.0.2}"),
     {"6:10: route: '10.9.0.0' is not a prefix; write a prefix, such as 10.9.0.0/16"}},
    {"ToWithHostBits",
     route("{to: 10.9.1.0/16, via: 10.0.0.2}"),
     {"6:10: route: '10.9.1.0/16' has bits set behind its prefix length; did you mean "
      "'10.9.0.0/16'?"}},
    {"ToMulticast",
     route("{to: 224.0.0.0/4, type: blackhole}"),
     {"6:10: route: 224.0.0.0/4 is a prefix of multicast addresses; remove the route: the router "
      "forwards to none of them"}},
    {"ToLinkLocal",
     route("{to: 'fe80::/10', network: n}"),
     {"6:10: route: fe80::/10 is a prefix of link-local addresses; remove the route: the router "
      "forwards to none of them"}},
    {"ToLoopback",
     route("{to: 127.0.0.0/8, via: 10.0.0.2}"),
     {"6:10: route: 127.0.0.0/8 is a prefix of loopback addresses; remove the route: the router "
      "forwards to none of them"}},
    {"ToAConnectedPrefix",
     route("{to: 10.0.0.0/24, via: 10.0.0.2}"),
     {"6:10: route: 10.0.0.0/24 is on network 'n' already; remove the route: it follows from the "
      "network's 'router'"}},
    {"ToTheRouter",
     route("{to: 10.0.0.1/32, type: prohibit}"),
     {"6:10: route: 10.0.0.1/32 is the router itself, in network 'n'; remove the route"}},
    {"ToTwice",
     route("{to: 10.9.0.0/16, via: 10.0.0.2}\n  - {to: 10.9.0.0/16, type: blackhole}"),
     {"7:10: route: a second route to 10.9.0.0/16; the first is on line 6; remove one of them, or "
      "write the gateways as one list"}},
    {"ViaGarbage",
     route("{to: 10.9.0.0/16, via: web}"),
     {"6:28: route: 'web' is not an address; write the address of another router, in a network of "
      "this one"}},
    {"ViaPrefix",
     route("{to: 10.9.0.0/16, via: 10.0.0.2/24}"),
     {"6:28: route: '10.0.0.2/24' is not an address; write the address of another router, in a "
      "network of this one"}},
    {"ViaMap",
     route("{to: 10.9.0.0/16, via: {a: b}}"),
     {"6:28: route: 'via' is a map; write a list, such as [10.0.0.2, 10.0.0.3]"}},
    {"ViaEmptyList",
     route("{to: 10.9.0.0/16, via: []}"),
     {"6:28: route: 'via' is an empty list; write at least one, such as [10.0.0.2, 10.0.0.3]"}},
    {"ViaElsewhere",
     route("{to: 10.9.0.0/16, via: 10.2.0.2}"),
     {"6:28: route: '10.2.0.2' is in no network of the router; write the address of another "
      "router, in a network of this one"}},
    {"ViaTheRouter",
     route("{to: 10.9.0.0/16, via: 10.0.0.1}"),
     {"6:28: route: '10.0.0.1' is the router's own address; write the address of another router, "
      "in a network of this one"}},
    {"ViaTheNetwork",
     route("{to: 10.9.0.0/16, via: 10.0.0.0}"),
     {"6:28: route: '10.0.0.0' is the address of the network itself; write the address of another "
      "router, in a network of this one"}},
    {"ViaBroadcast",
     route("{to: 10.9.0.0/16, via: 10.0.0.255}"),
     {"6:28: route: '10.0.0.255' is the network's broadcast address; write the address of another "
      "router, in a network of this one"}},
    {"ViaBroadcastOfTheLongestPrefixAround",
     R"(networks: {m: {router: [10.1.0.1/24, 10.1.0.2/30]}}
routes: [{to: 10.9.0.0/16, via: 10.1.0.3}]
)",
     {"2:33: route: '10.1.0.3' is the network's broadcast address; write the address of another "
      "router, in a network of this one"}},
    {"ViaInAnotherNetwork",
     route("{to: 10.9.0.0/16, via: 10.0.0.2, network: m}"),
     {"6:28: route: '10.0.0.2' is in network 'n', not in 'm'; correct 'network', or remove it: the "
      "address says where it is"}},
    {"ViaOfAnotherVersion",
     route("{to: '::/0', via: [10.0.0.2, 'fd00::2']}"),
     {"6:24: route: 'to' and 'via' are of different IP versions; write addresses of the same one"}},
    {"EcmpTwice",
     route("{to: 10.9.0.0/16, via: [10.0.0.2, 10.0.0.3, 10.0.0.2]}"),
     {"6:49: route: '10.0.0.2' stands here twice; remove one of them"}},
    {"EcmpTwiceInTwoSpellings",
     route("{to: '::/0', via: ['fd00::2', 'fd00:0::2']}"),
     {"6:35: route: 'fd00:0::2' stands here twice; remove one of them"}},
    {"EcmpTooMany",
     route("{to: 10.9.0.0/16, via: [" + gateways(17) + "]}"),
     {"6:28: route: 17 gateways; one route has at most 16"}},
    {"EcmpFaults",
     route("{to: 10.9.0.0/16, via: [web, 10.0.0.2, 10.0.0.1]}"),
     {"6:29: route: 'web' is not an address; write the address of another router, in a network of "
      "this one",
      "6:44: route: '10.0.0.1' is the router's own address; write the address of another router, "
      "in a network of this one"}},
    {"ViaLinkLocalOfNoNetwork",
     route("{to: '::/0', via: 'fe80::1'}"),
     {"6:23: route: 'fe80::1' is a link-local address, of any network; say which, with 'network: "
      "NAME'"}},
    {"ViaLinkLocalWithoutIpv6",
     route("{to: '::/0', via: 'fe80::1', network: m}"),
     {"6:23: route: the router has no IPv6 address in network 'm'; give the network's 'router' "
      "one"}},
    {"UnknownNetwork",
     route("{to: 10.9.0.0/16, network: office}"),
     {"6:32: route: no network is named 'office'; the networks are 'n', 'm', 'plain'"}},
    {"NetworkWithoutARouter",
     route("{to: 10.9.0.0/16, network: plain}"),
     {"6:32: route: network 'plain' has no router; give the network 'router: [10.0.0.1/24]'"}},
    {"OnlinkWithoutIpv6",
     route("{to: 'fd09::/64', network: m}"),
     {"6:32: route: the router has no IPv6 address in network 'm'; give the network's 'router' "
      "one"}},
    {"TypeUnknown",
     route("{to: 10.9.0.0/16, type: blakhole}"),
     {"6:29: route: unknown type 'blakhole'; did you mean 'blackhole'?"}},
    {"TypeWithVia",
     route("{to: 10.9.0.0/16, type: blackhole, via: 10.0.0.2}"),
     {"6:40: route: 'via' on a route of type 'blackhole'; packets end there; remove 'via' or "
      "'type'"}},
    {"TypeWithNetwork",
     route("{to: 10.9.0.0/16, network: n, type: unreachable}"),
     {"6:23: route: 'network' on a route of type 'unreachable'; packets end there; remove "
      "'network' or 'type'"}},
};

INSTANTIATE_TEST_SUITE_P(Routes, RefusedConfig, ::testing::ValuesIn(rows), name_of_row);

}  // namespace
}  // namespace uswitch::test
