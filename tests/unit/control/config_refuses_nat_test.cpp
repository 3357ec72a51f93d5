// Refused files: NAT. One row is a file and everything that is said about it.
#include "tests/unit/control/config_errors.h"

namespace uswitch::test {
namespace {

// A file of four networks and what stands under `nat`, which begins in line 10, column 3.
std::string nat(const std::string& text) {
  return R"(networks:
  n: {router: [10.0.0.1/24, 'fd00::1/64']}
  m: {router: 10.1.0.1/24}
  out: {router: [198.51.100.1/24, 198.51.100.2/24]}
  plain: {}
ports:
  web: {type: tap, netns: web, device: eth0, network: n, address: [10.0.0.11/24]}
  lb: {type: tap, netns: lb, device: eth0, network: out, address: [198.51.100.7/24]}
nat:
  )" + text +
         "\n";
}

// Entries of one list; the first begins in column 5 of line 11.
std::string masquerade(const std::string& entries) {
  return nat("masquerade:\n  - " + entries);
}
std::string publish(const std::string& entries) {
  return nat("publish:\n  - " + entries);
}

// The same with a host, which stands in line 9: the first entry is in line 12.
std::string host(const std::string& keys, const std::string& entries) {
  std::string text = publish(entries);
  return text.insert(text.find("nat:"), "  host: {type: tap, device: usw0, " + keys + "}\n");
}

const RefusedFile section_rows[] = {
    {"Empty",
     "nat:\n",
     {""}},
    {"List",
     nat("- a"),
     {""}},
    {"Key", nat("masqerade: []"), {""}},
    {"Filtering", nat("filtering: address"), {""}},
    {"MaxConnections", nat("max_connections: 1000"), {""}},
    {"TimeoutKey", nat("timeouts: {tcp: 5m}"), {""}},
    {"TimeoutsText", nat("timeouts: 5m"), {""}},
    {"TimeoutShort", nat("timeouts: {udp: 999ms}"), {""}},
    {"TimeoutLong", nat("timeouts: {tcp_established: 481h}"), {""}},
    {"TimeoutWithoutUnit", nat("timeouts: {icmp: 60}"), {""}},
};

const RefusedFile masquerade_rows[] = {
    {"Map", nat("masquerade: {from: 10.0.0.0/24, out: out}"), {""}},
    {"Text", masquerade("all"), {""}},
    {"Key", masquerade("{from: 10.0.0.0/24, on: out}"), {""}},
    {"WithoutFrom", masquerade("{out: out}"), {""}},
    {"WithoutOut", masquerade("{from: 10.0.0.0/24}"), {""}},
    {"FromWithHostBits", masquerade("{from: 10.0.0.1/24, out: out}"), {""}},
    {"FromWithoutLength", masquerade("{from: 10.0.0.0, out: out}"), {""}},
    {"FromMulticast", masquerade("{from: 224.0.0.0/4, out: out}"), {""}},
    {"FromLinkLocal", masquerade("{from: 'fe80::/10', out: n}"), {""}},
    {"OutUnknown", masquerade("{from: 10.0.0.0/24, out: outt}"), {""}},
    {"OutWithoutARouter", masquerade("{from: 10.0.0.0/24, out: plain}"), {""}},
    {"OutWithoutIpv6", masquerade("{from: 'fd00::/64', out: out}"), {""}},
    {"ToGarbage", masquerade("{from: 10.0.0.0/24, out: out, to: me}"), {""}},
    {"ToPrefix", masquerade("{from: 10.0.0.0/24, out: out, to: 198.51.100.8/29}"), {""}},
    {"ToHalfARange", masquerade("{from: 10.0.0.0/24, out: out, to: 198.51.100.8-15}"), {""}},
    {"ToOfTwoVersions", masquerade("{from: 10.0.0.0/24, out: out, to: '198.51.100.8-fd00::1'}"), {""}},
    {"ToBackwards", masquerade("{from: 10.0.0.0/24, out: out, to: 198.51.100.9-198.51.100.8}"), {""}},
    {"ToOfAnotherVersion", masquerade("{from: 10.0.0.0/24, out: out, to: 'fd00::8'}"), {""}},
    {"ToMulticast", masquerade("{from: 10.0.0.0/24, out: out, to: 224.0.0.9}"), {""}},
    {"ToLinkLocal", masquerade("{from: 10.0.0.0/24, out: out, to: 169.254.0.9}"), {""}},
    {"ToTheNetwork", masquerade("{from: 10.0.0.0/24, out: out, to: 198.51.100.0}"), {""}},
    {"ToInAnotherNetwork", masquerade("{from: 10.0.0.0/24, out: out, to: 10.1.0.9}"), {""}},
    {"ToAStation", masquerade("{from: 10.0.0.0/24, out: out, to: 198.51.100.3-198.51.100.9}"), {""}},
    {"ToTwice", masquerade("{from: 10.0.0.0/24, out: out, to: [198.51.100.8-198.51.100.9, 198.51.100.9]}"), {""}},
    {"ToTooMany", masquerade("{from: 10.0.0.0/24, out: out, to: [203.0.113.0-203.0.114.0, 192.0.2.1]}"), {""}},
    {"ToFarTooMany", masquerade("{from: 'fd00::/64', out: n, to: '2001::-2fff::'}"), {""}},
    {"ToEmptyList", masquerade("{from: 10.0.0.0/24, out: out, to: []}"), {""}},
    {"ToMap", masquerade("{from: 10.0.0.0/24, out: out, to: {a: b}}"), {""}},
    {"Faults", masquerade("{from: 10.0.0.1/24, out: ouut, to: me}"), {""}},
    {"Twice", masquerade("{from: 10.0.0.0/24, out: out}\n  - {from: 10.0.0.0/24, out: out, to: 198.51.100.9}"), {""}},
    {"NeverReached", masquerade("{from: 10.0.0.0/8, out: out}\n  - {from: 10.0.0.0/24, out: out}"), {""}},
};

const RefusedFile publish_rows[] = {
    {"Map", nat("publish: {on: out}"), {""}},
    {"Text", publish("all"), {""}},
    {"Key", publish("{on: out, ports: 80, to: 10.0.0.11}"), {""}},
    {"WithoutOn", publish("{port: 80, to: 10.0.0.11}"), {""}},
    {"WithoutTo", publish("{on: out, port: 80}"), {""}},
    {"OnUnknown", publish("{on: outt, port: 80, to: 10.0.0.11}"), {""}},
    {"OnWithoutARouter", publish("{on: plain, port: 80, to: 10.0.0.11}"), {""}},
    {"OnWithoutIpv6", publish("{on: out, port: 80, to: '[fd00::11]:80'}"), {""}},
    {"PortZero", publish("{on: out, port: 0, to: 10.0.0.11}"), {""}},
    {"PortTooLarge", publish("{on: out, port: 65536, to: 10.0.0.11}"), {""}},
    {"PortWithTarget", publish("{on: out, port: '8080:80', to: 10.0.0.11}"), {""}},
    {"PortList", publish("{on: out, port: [80, 443], to: 10.0.0.11}"), {""}},
    {"PortOpenRange", publish("{on: out, port: 9000-, to: 10.0.0.11}"), {""}},
    {"PortBackwards", publish("{on: out, port: 9099-9000, to: 10.0.0.11}"), {""}},
    {"ProtoUnknown", publish("{on: out, port: 80, proto: tpc, to: 10.0.0.11}"), {""}},
    {"ProtoNotTranslated", publish("{on: out, port: 80, proto: [tcp, sctp], to: 10.0.0.11}"), {""}},
    {"ProtoTwice", publish("{on: out, port: 80, proto: [tcp, tcp], to: 10.0.0.11}"), {""}},
    {"ProtoEmptyList", publish("{on: out, port: 80, proto: [], to: 10.0.0.11}"), {""}},
    {"ToGarbage", publish("{on: out, port: 80, to: web}"), {""}},
    {"ToPortZero", publish("{on: out, port: 80, to: '10.0.0.11:0'}"), {""}},
    {"ToWithoutPortBehindColon", publish("{on: out, port: 80, to: '10.0.0.11:'}"), {""}},
    {"ToIpv6WithoutBrackets", publish("{on: n, port: 80, to: 'fd00::11:80'}"), {""}},
    {"ToIpv4InBrackets", publish("{on: out, port: 80, to: '[10.0.0.11]:80'}"), {""}},
    {"ToHalfABracket", publish("{on: n, port: 80, to: '[fd00::11'}"), {""}},
    {"ToElsewhere", publish("{on: out, port: 80, to: '192.0.2.7:80'}"), {""}},
    {"ToTheRouter", publish("{on: out, port: 80, to: '10.0.0.1:80'}"), {""}},
    {"ToBroadcast", publish("{on: out, port: 80, to: 10.0.0.255}"), {""}},
    {"ToPortsBackwards", publish("{on: out, port: 9000-9001, to: '10.0.0.11:9001-9000'}"), {""}},
    {"ToFewerPorts", publish("{on: out, port: 9000-9099, to: '10.0.0.11:9000-9098'}"), {""}},
    {"ToMorePorts", publish("{on: out, port: 9000, to: '10.0.0.11:9000-9001'}"), {""}},
    {"ToPortsBehindTheLast", publish("{on: out, port: 9000-9099, to: '10.0.0.11:65437'}"), {""}},
    {"AddressGarbage", publish("{on: out, address: 198.51.100.1/24, port: 80, to: 10.0.0.11}"), {""}},
    {"AddressOfAnotherVersion", publish("{on: n, address: 'fd00::1', port: 80, to: 10.0.0.11}"), {""}},
    {"AddressOfAStation", publish("{on: out, address: 198.51.100.7, port: 80, to: 10.0.0.11}"), {""}},
    {"AddressInAnotherNetwork", publish("{on: out, address: 10.1.0.9, port: 80, to: 10.0.0.11}"), {""}},
    {"AddressBroadcast", publish("{on: out, address: 198.51.100.255, port: 80, to: 10.0.0.11}"), {""}},
    {"AddressLoopback", publish("{on: out, address: 127.0.0.1, port: 80, to: 10.0.0.11}"), {""}},
    {"AllowWithHostBits", publish("{on: out, port: 80, to: 10.0.0.11, allow: [192.0.2.1/24]}"), {""}},
    {"AllowOfAnotherVersion", publish("{on: out, port: 80, to: 10.0.0.11, allow: [192.0.2.0/24, '::/0']}"), {""}},
    {"AllowTwice", publish("{on: out, port: 80, to: 10.0.0.11, allow: [192.0.2.0/24, 192.0.2.0/24]}"), {""}},
    {"AllowEmptyList", publish("{on: out, port: 80, to: 10.0.0.11, allow: []}"), {""}},
    {"Faults", publish("{on: outt, address: me, port: 0, proto: tpc, to: web, allow: all}"), {""}},
    {"Twice", publish("{on: out, port: 80, to: 10.0.0.11}\n  - {on: out, port: 80, to: 10.0.0.12}"), {""}},
    {"TwiceInOneOfTwoTransports", publish("{on: out, port: 80, proto: udp, to: 10.0.0.11}\n  - {on: out, port: 80, proto: [tcp, udp], to: 10.0.0.12}"), {""}},
    {"RangesOverlap", publish("{on: out, port: 9000-9099, to: 10.0.0.11}\n  - {on: out, port: 9099-9100, to: 10.0.0.12}"), {""}},
    {"RangeWithinARange", publish("{on: out, port: 9000-9099, to: 10.0.0.11}\n  - {on: out, port: 9050, to: 10.0.0.12}"), {""}},
    {"RangeAroundAPort", publish("{on: out, port: 9050, to: 10.0.0.11}\n  - {on: out, port: 9000-9099, to: 10.0.0.12}"), {""}},
    {"AllOfTheRoutersThenOne", publish("{on: out, port: 80, to: 10.0.0.11}\n  - {on: out, address: 198.51.100.2, port: 80, to: 10.0.0.12}"), {""}},
    {"OneOfTheRoutersThenAll", publish("{on: out, address: 198.51.100.2, port: 80, to: 10.0.0.11}\n  - {on: out, port: 80, to: 10.0.0.12}"), {""}},
    {"OneAddressOnTwoNetworks", publish("{on: out, address: 203.0.113.1, port: 80, to: 10.0.0.11}\n  - {on: m, address: 203.0.113.1, port: 80, to: 10.0.0.12}"), {""}},
    {"TheRoutersAddressByAnotherNetwork", publish("{on: m, port: 80, to: 10.0.0.11}\n  - {on: out, address: 10.1.0.1, port: 80, to: 10.0.0.12}"), {""}},
    {"BetweenRangesOfSeveralAddresses",
     publish("{on: out, address: 198.51.100.1, port: 20-30, to: 10.0.0.11}\n"
             "  - {on: out, address: 198.51.100.2, port: 10-40, to: 10.0.0.11}\n"
             "  - {on: out, port: 35, to: 10.0.0.12}\n"
             "  - {on: out, port: 5-9, to: 10.0.0.12}\n"
             "  - {on: out, port: 41, to: 10.0.0.12}\n"
             "  - {on: out, port: 25, to: 10.0.0.12}"),
     {""}},
};

const RefusedFile host_rows[] = {
    {"WithoutAHost", publish("{on: host, port: 80, to: 10.0.0.11}"), {""}},
    {"OnANetworkWithoutARouter", host("network: plain", "{on: host, port: 80, to: 10.0.0.11}"), {""}},
    {"WithoutIpv6", host("network: m", "{on: host, port: 80, to: '[fd00::11]'}"), {""}},
    {"NameOfANetwork",
     R"(networks: {host: {router: 10.0.0.1/24}}
nat: {publish: [{on: host, port: 80, to: 10.0.0.11}]}
)",
     {""}},
    {"TheRoutersAddress", host("network: m", "{on: host, address: 10.0.0.1, port: 80, to: 10.0.0.11}"), {""}},
    {"APortsAddress", host("network: m", "{on: host, address: 10.0.0.11, port: 80, to: 10.0.0.11}"), {""}},
    {"Unspecified", host("network: m", "{on: host, address: 0.0.0.0, port: 80, to: 10.0.0.11}"), {""}},
    {"Multicast", host("network: m", "{on: host, address: 224.0.0.1, port: 80, to: 10.0.0.11}"), {""}},
    {"OfAnotherVersion", host("network: m", "{on: host, address: '::1', port: 80, to: 10.0.0.11}"), {""}},
    {"Twice", host("network: m", "{on: host, port: 80, to: 10.0.0.11}\n  - {on: host, port: 80, to: 10.0.0.12}"), {""}},
    {"AllThenOne", host("network: m", "{on: host, port: 80, to: 10.0.0.11}\n  - {on: host, address: 127.0.0.1, port: 80, to: 10.0.0.12}"), {""}},
    {"OneThenAll", host("network: m", "{on: host, address: 127.0.0.1, port: 80, to: 10.0.0.11}\n  - {on: host, port: 80, to: 10.0.0.12}"), {""}},
    {"AnAddressOfANetworkToo", host("network: m", "{on: out, address: 203.0.113.1, port: 80, to: 10.0.0.11}\n  - {on: host, address: 203.0.113.1, port: 80, to: 10.0.0.12}"), {""}},
};

INSTANTIATE_TEST_SUITE_P(Nat, RefusedConfig, ::testing::ValuesIn(section_rows), name_of_row);
INSTANTIATE_TEST_SUITE_P(Masquerade, RefusedConfig, ::testing::ValuesIn(masquerade_rows), name_of_row);
INSTANTIATE_TEST_SUITE_P(Publish, RefusedConfig, ::testing::ValuesIn(publish_rows), name_of_row);
INSTANTIATE_TEST_SUITE_P(PublishOnHost, RefusedConfig, ::testing::ValuesIn(host_rows), name_of_row);

}  // namespace
}  // namespace uswitch::test
