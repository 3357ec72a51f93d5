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
{"@@"}},
{"RouterEmptyList",
network("router: []"),
{"@@"}},
{"RouterNothing",
network("router: "),
{"@@"}},
{"RouterWithoutLength",
network("router: 10.0.0.1"),
{"@@"}},
{"RouterGarbage",
network("router: [10.0.0.300/24]"),
{"@@"}},
{"RouterMulticast",
network("router: [224.0.0.1/24, 'ff02::1/64']"),
{"@@"}},
{"RouterIsTheNetwork",
network("router: [10.0.0.0/24, 'fd00::/64']"),
{"@@"}},
{"RouterBroadcast",
network("router: [10.0.0.255/24]"),
{"@@"}},
{"RouterLoopback",
network("router: [127.0.0.1/8]"),
{"@@"}},
{"ND7_RouterLinkLocal",
network("router: ['fe80::1/64']"),
{"@@"}},
{"R4_RouterLinkLocal",
network("router: [169.254.0.1/16]"),
{"@@"}},
{"RouterNeedsTheMtuOfIpv6",
network("router: [10.0.0.1/24, 'fd00::1/64'], mtu: 1279"),
{"@@"}},
{"RouterTwice",
network("router: [10.0.0.1/24, 10.0.0.1/16]"),
{"@@"}},
{"RouterTwiceInTwoSpellings",
network("router: ['fd00::1/64', 'fd00:0::1/64']"),
{"@@"}},
{"RouterOfAnotherNetwork",
R"(networks:
  a: {router: 10.0.0.1/24}
  b: {router: [10.1.0.1/24, 10.0.0.1/16]}
)",
{"@@"}},
{"RouterOverlapsWithin",
R"(networks:
  a: {router: 10.0.0.1/16}
  b: {router: [10.1.0.1/24, 10.0.7.1/24]}
)",
{"@@"}},
{"RouterOverlapsAround",
R"(networks:
  a: {router: [10.0.7.1/24, 10.0.8.1/24]}
  b: {router: 10.0.0.1/16}
)",
{"@@"}},
{"RouterOverlapsEqual",
R"(networks:
  a: {router: 'fd00::1/64'}
  b: {router: 'fd00::2/64'}
)",
{"@@"}},
{"RouterOverlapsBesideARefusedOne",
R"(networks:
  a: {router: [10.0.0.0/16, 10.0.0.1/16]}
  b: {router: [nothing, 10.0.7.1/24]}
)",
{"@@"}},
{"RouterOverlapsAcrossItsOwn",
R"(networks:
  a: {router: [10.0.0.1/8, 10.0.0.2/24]}
  b: {router: 10.0.1.1/24}
)",
{"@@"}},
{"RouterMacGroup",
network("router: 10.0.0.1/24, router_mac: '01:00:5e:00:00:01'"),
{"@@"}},
{"RouterMacText",
network("router: 10.0.0.1/24, router_mac: eth0"),
{"@@"}},
{"R4_10_ReversePath",
network("router: 10.0.0.1/24, reverse_path: lose"),
{"@@"}},
{"R4_10_ReversePathTruthValue",
network("router: 10.0.0.1/24, reverse_path: true"),
{"@@"}},
{"PM4_ClampMssNumber",
network("router: 10.0.0.1/24, clamp_mss: 1460"),
{"@@"}},
{"OutsideText",
network("router: 10.0.0.1/24, outside: maybe"),
{"@@"}},
{"ND7_AdvertiseWithoutIpv6",
network("router: 10.0.0.1/24, advertise: true"),
{"@@"}},
{"ND7_AdvertiseText",
network("router: 'fd00::1/64', advertise: always"),
{"@@"}},
{"KeysOfARouterWithoutOne",
network("router_mac: '02:00:00:00:00:01', reverse_path: off, clamp_mss: on, advertise: off, outside: on"),
{"@@"}},
{"PolicyMisspelt",
"policy: close\n",
{"@@"}},
{"PolicyUnknown",
"policy: everything\n",
{"@@"}},
{"PolicyMap",
"policy: {a: b}\n",
{"@@"}},
{"MaxNeighboursTooFew",
"max_neighbours: 255\n",
{"@@"}},
{"MaxNeighboursTooMany",
"max_neighbours: 17M\n",
{"@@"}},
{"EndpointHasTheRoutersAddress",
port("type: tap, device: d, network: n, address: [10.0.0.1/16]", "{router: 10.0.0.1/24}"),
{"@@"}},
{"EndpointHasTheRoutersMac",
port("type: tap, device: d, network: n, mac: '02:00:00:00:00:01'",
"{router: 10.0.0.1/24, router_mac: '02:00:00:00:00:01'}"),
{"@@"}},
{"StaticHasTheRoutersMac",
port("type: raw, device: d, tagged: {7: n}, static: ['02:00:00:00:00:01']",
"{router: 10.0.0.1/24, router_mac: '02:00:00:00:00:01'}"),
{"@@"}},
{"DefaultRouteWithoutARouter",
port("type: tap, device: d, network: n, address: [10.0.0.11/24], routes: default", "{}"),
{"@@"}},
{"DefaultRouteWithoutAnAddress",
port("type: tap, device: d, network: n, routes: default", "{router: 10.0.0.1/24}"),
{"@@"}},
{"DefaultRouteOfAnEmptyList",
port("type: tap, device: d, network: n, address: [], routes: default", "{router: 10.0.0.1/24}"),
{"@@"}},
{"DefaultRouteElsewhere",
port("type: tap, device: d, network: n, address: [10.1.0.11/24], routes: default", "{router: 10.0.0.1/24}"),
{"@@"}},
{"DefaultRouteOfOneVersionElsewhere",
port("type: tap, device: d, network: n, address: [10.0.0.11/24, 'fd00:1::11/64'], routes: default", "{router: [10.0.0.1/24, 'fd00::1/64']}"),
{"@@"}},
{"DefaultRouteOfTheOtherVersion",
port("type: tap, device: d, network: n, address: ['fd00::11/64'], routes: default", "{router: 10.0.0.1/24}"),
{"@@"}},
{"DefaultRouteBesideARefusedAddress",
port("type: tap, device: d, network: n, address: [10.0.0.300/24], routes: default", "{router: 10.0.0.1/24}"),
{"@@"}},
{"DefaultRouteInNoNetwork",
port("type: tap, device: d, network: m, address: [10.0.0.1/24], routes: default"),
{"@@"}},
};

INSTANTIATE_TEST_SUITE_P(Router, RefusedConfig, ::testing::ValuesIn(rows), name_of_row);

}  // namespace
}  // namespace uswitch::test
