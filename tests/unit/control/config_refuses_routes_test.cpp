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
{"@@"}},
{"RouteText",
route("default"),
{"@@"}},
{"Key",
route("{to: 10.9.0.0/16, vai: 10.0.0.2}"),
{"@@"}},
{"WithoutTo",
route("{via: 10.0.0.2}"),
{"@@"}},
{"LeadsNowhere",
route("{to: 10.9.0.0/16}"),
{"@@"}},
{"ToWithoutLength",
route("{to: 10.9.0.0, via: 10.0.0.2}"),
{"@@"}},
{"ToWithHostBits",
route("{to: 10.9.1.0/16, via: 10.0.0.2}"),
{"@@"}},
{"ToMulticast",
route("{to: 224.0.0.0/4, type: blackhole}"),
{"@@"}},
{"ToLinkLocal",
route("{to: 'fe80::/10', network: n}"),
{"@@"}},
{"ToLoopback",
route("{to: 127.0.0.0/8, via: 10.0.0.2}"),
{"@@"}},
{"ToAConnectedPrefix",
route("{to: 10.0.0.0/24, via: 10.0.0.2}"),
{"@@"}},
{"ToTheRouter",
route("{to: 10.0.0.1/32, type: prohibit}"),
{"@@"}},
{"ToTwice",
route("{to: 10.9.0.0/16, via: 10.0.0.2}\n  - {to: 10.9.0.0/16, type: blackhole}"),
{"@@"}},
{"ViaGarbage",
route("{to: 10.9.0.0/16, via: web}"),
{"@@"}},
{"ViaPrefix",
route("{to: 10.9.0.0/16, via: 10.0.0.2/24}"),
{"@@"}},
{"ViaMap",
route("{to: 10.9.0.0/16, via: {a: b}}"),
{"@@"}},
{"ViaEmptyList",
route("{to: 10.9.0.0/16, via: []}"),
{"@@"}},
{"ViaElsewhere",
route("{to: 10.9.0.0/16, via: 10.2.0.2}"),
{"@@"}},
{"ViaTheRouter",
route("{to: 10.9.0.0/16, via: 10.0.0.1}"),
{"@@"}},
{"ViaTheNetwork",
route("{to: 10.9.0.0/16, via: 10.0.0.0}"),
{"@@"}},
{"ViaBroadcast",
route("{to: 10.9.0.0/16, via: 10.0.0.255}"),
{"@@"}},
{"ViaInAnotherNetwork",
route("{to: 10.9.0.0/16, via: 10.0.0.2, network: m}"),
{"@@"}},
{"ViaOfAnotherVersion",
route("{to: '::/0', via: [10.0.0.2, 'fd00::2']}"),
{"@@"}},
{"EcmpTwice",
route("{to: 10.9.0.0/16, via: [10.0.0.2, 10.0.0.3, 10.0.0.2]}"),
{"@@"}},
{"EcmpTwiceInTwoSpellings",
route("{to: '::/0', via: ['fd00::2', 'fd00:0::2']}"),
{"@@"}},
{"EcmpTooMany",
route("{to: 10.9.0.0/16, via: [" + gateways(17) + "]}"),
{"@@"}},
{"EcmpFaults",
route("{to: 10.9.0.0/16, via: [web, 10.0.0.2, 10.0.0.1]}"),
{"@@"}},
{"ViaLinkLocalOfNoNetwork",
route("{to: '::/0', via: 'fe80::1'}"),
{"@@"}},
{"ViaLinkLocalWithoutIpv6",
route("{to: '::/0', via: 'fe80::1', network: m}"),
{"@@"}},
{"UnknownNetwork",
route("{to: 10.9.0.0/16, network: office}"),
{"@@"}},
{"NetworkWithoutARouter",
route("{to: 10.9.0.0/16, network: plain}"),
{"@@"}},
{"OnlinkWithoutIpv6",
route("{to: 'fd09::/64', network: m}"),
{"@@"}},
{"TypeUnknown",
route("{to: 10.9.0.0/16, type: blakhole}"),
{"@@"}},
{"TypeWithVia",
route("{to: 10.9.0.0/16, type: blackhole, via: 10.0.0.2}"),
{"@@"}},
{"TypeWithNetwork",
route("{to: 10.9.0.0/16, network: n, type: unreachable}"),
{"@@"}},
};

INSTANTIATE_TEST_SUITE_P(Routes, RefusedConfig, ::testing::ValuesIn(rows), name_of_row);

}  // namespace
}  // namespace uswitch::test
