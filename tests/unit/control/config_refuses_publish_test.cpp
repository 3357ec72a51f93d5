// Refused files: published ports. One row is a file and everything that is said about it.
#include "tests/unit/control/config_errors.h"

namespace uswitch::test {
namespace {

// The first entry begins in column 5 of line 11.
std::string publish(const std::string& entries) {
  return nat("publish:\n  - " + entries);
}

// The same with a host, which stands in line 9: the first entry is in line 12.
std::string host(const std::string& keys, const std::string& entries) {
  std::string text = publish(entries);
  return text.insert(text.find("nat:"), "  host: {type: tap, device: usw0, " + keys + "}\n");
}

const RefusedFile publish_rows[] = {
    {"Map",
     nat("publish: {on: out}"),
     {"10:12: nat: 'publish' is a map; write a list, such as [{on: outside, port: 8080, proto: "
      "tcp, to: \"10.0.0.11:80\"}]"}},
    {"Text",
     publish("all"),
     {"11:5: publish is a single value; write a map of keys, such as {key: value}"}},
    {"Key",
     publish("{on: out, ports: 80, to: 10.0.0.11}"),
     {"11:5: publish: 'port' is missing; write {on: outside, port: 8080, proto: tcp, to: "
      "\"10.0.0.11:80\"}",
      "11:15: publish: unknown key 'ports'; did you mean 'port'?"}},
    {"WithoutOn",
     publish("{port: 80, to: 10.0.0.11}"),
     {"11:5: publish: 'on' is missing; write {on: outside, port: 8080, proto: tcp, to: "
      "\"10.0.0.11:80\"}"}},
    {"WithoutTo",
     publish("{on: out, port: 80}"),
     {"11:5: publish: 'to' is missing; write {on: outside, port: 8080, proto: tcp, to: "
      "\"10.0.0.11:80\"}"}},
    {"OnUnknown",
     publish("{on: outt, port: 80, to: 10.0.0.11}"),
     {"11:10: publish: no network is named 'outt'; did you mean 'out'?"}},
    {"OnWithoutARouter",
     publish("{on: plain, port: 80, to: 10.0.0.11}"),
     {"11:10: publish: network 'plain' has no router; give the network 'router: [10.0.0.1/24]'"}},
    {"OnWithoutIpv6",
     publish("{on: out, port: 80, to: '[fd00::11]:80'}"),
     {"11:10: publish: the router has no IPv6 address in network 'out'; give the network's "
      "'router' one"}},
    {"PortZero",
     publish("{on: out, port: 0, to: 10.0.0.11}"),
     {"11:21: publish: 'port' is '0'; write a port from 1 to 65535, or a range such as 9000-9099"}},
    {"PortTooLarge",
     publish("{on: out, port: 65536, to: 10.0.0.11}"),
     {"11:21: publish: 'port' is '65536'; write a port from 1 to 65535, or a range such as "
      "9000-9099"}},
    {"PortWithTarget",
     publish("{on: out, port: '8080:80', to: 10.0.0.11}"),
     {"11:21: publish: 'port' is '8080:80'; write a port from 1 to 65535, or a range such as "
      "9000-9099"}},
    {"PortList",
     publish("{on: out, port: [80, 443], to: 10.0.0.11}"),
     {"11:21: publish: 'port' is a list; write a port from 1 to 65535, or a range such as "
      "9000-9099"}},
    {"PortOpenRange",
     publish("{on: out, port: 9000-, to: 10.0.0.11}"),
     {"11:21: publish: 'port' is '9000-'; write a port from 1 to 65535, or a range such as "
      "9000-9099"}},
    {"PortBackwards",
     publish("{on: out, port: 9099-9000, to: 10.0.0.11}"),
     {"11:21: publish: 'port' is '9099-9000', which ends before it begins; did you mean "
      "'9000-9099'?"}},
    {"ProtoUnknown",
     publish("{on: out, port: 80, proto: tpc, to: 10.0.0.11}"),
     {"11:32: publish: unknown proto 'tpc'; did you mean 'tcp'?"}},
    {"ProtoNotTranslated",
     publish("{on: out, port: 80, proto: [tcp, sctp], to: 10.0.0.11}"),
     {"11:38: publish: unknown proto 'sctp'; the protos are 'tcp', 'udp'"}},
    {"ProtoTwice",
     publish("{on: out, port: 80, proto: [tcp, tcp], to: 10.0.0.11}"),
     {"11:38: publish: 'tcp' stands here twice; remove one of them"}},
    {"ProtoEmptyList",
     publish("{on: out, port: 80, proto: [], to: 10.0.0.11}"),
     {"11:32: publish: 'proto' is an empty list; write at least one, such as [tcp, udp]"}},
    {"ToGarbage",
     publish("{on: out, port: 80, to: web}"),
     {"11:29: publish: 'web' is not an endpoint; write an endpoint's address and port, such as "
      "\"10.0.0.11:80\" or \"[fd00:a::11]:80\""}},
    {"ToPortZero",
     publish("{on: out, port: 80, to: '10.0.0.11:0'}"),
     {"11:29: publish: '10.0.0.11:0' is not an endpoint; write an endpoint's address and port, "
      "such as \"10.0.0.11:80\" or \"[fd00:a::11]:80\""}},
    {"ToWithoutPortBehindColon",
     publish("{on: out, port: 80, to: '10.0.0.11:'}"),
     {"11:29: publish: '10.0.0.11:' is not an endpoint; write an endpoint's address and port, such "
      "as \"10.0.0.11:80\" or \"[fd00:a::11]:80\""}},
    {"ToIpv6WithoutBrackets",
     publish("{on: n, port: 80, to: 'fd00::11:80'}"),
     {"11:27: publish: 'fd00::11:80' has no brackets; write \"[fd00::11:80]\", and ':PORT' behind "
      "it"}},
    {"ToIpv4InBrackets",
     publish("{on: out, port: 80, to: '[10.0.0.11]:80'}"),
     {"11:29: publish: '[10.0.0.11]:80' is not an endpoint; write an endpoint's address and port, "
      "such as \"10.0.0.11:80\" or \"[fd00:a::11]:80\""}},
    {"ToHalfABracket",
     publish("{on: n, port: 80, to: '[fd00::11'}"),
     {"11:27: publish: '[fd00::11' is not an endpoint; write an endpoint's address and port, such "
      "as \"10.0.0.11:80\" or \"[fd00:a::11]:80\""}},
    {"ToElsewhere",
     publish("{on: out, port: 80, to: '192.0.2.7:80'}"),
     {"11:29: publish: '192.0.2.7' is in no network of the router; write the address of an "
      "endpoint in a network with a router"}},
    {"ToTheRouter",
     publish("{on: out, port: 80, to: '10.0.0.1:80'}"),
     {"11:29: publish: '10.0.0.1' is the router's own address; write the address of an endpoint in "
      "a network with a router"}},
    {"ToBroadcast",
     publish("{on: out, port: 80, to: 10.0.0.255}"),
     {"11:29: publish: '10.0.0.255' is the network's broadcast address; write the address of an "
      "endpoint in a network with a router"}},
    {"ToPortsBackwards",
     publish("{on: out, port: 9000-9001, to: '10.0.0.11:9001-9000'}"),
     {"11:36: publish: the ports 9001-9000 end before they begin; did you mean '9000-9001'?"}},
    {"ToFewerPorts",
     publish("{on: out, port: 9000-9099, to: '10.0.0.11:9000-9098'}"),
     {"11:36: publish: 'to' has 99 ports, 'port' has 100; write as many, or only the first of "
      "'to'"}},
    {"ToMorePorts",
     publish("{on: out, port: 9000, to: '10.0.0.11:9000-9001'}"),
     {"11:31: publish: 'to' has 2 ports, 'port' has 1; write as many, or only the first of 'to'"}},
    {"ToPortsBehindTheLast",
     publish("{on: out, port: 9000-9099, to: '10.0.0.11:65437'}"),
     {"11:36: publish: 100 ports from 65437 on end behind 65535; write a lower first port, at most "
      "65436"}},
    {"AddressGarbage",
     publish("{on: out, address: 198.51.100.1/24, port: 80, to: 10.0.0.11}"),
     {"11:24: publish: '198.51.100.1/24' is not an address; write the address that is published"}},
    {"AddressOfAnotherVersion",
     publish("{on: n, address: 'fd00::1', port: 80, to: 10.0.0.11}"),
     {"11:22: publish: 'address' and 'to' are of different IP versions; write addresses of the "
      "same one"}},
    {"AddressOfAStation",
     publish("{on: out, address: 198.51.100.7, port: 80, to: 10.0.0.11}"),
     {"11:24: publish: '198.51.100.7' is the address of port 'lb'; write an address that is routed "
      "here, and is no station's"}},
    {"AddressInAnotherNetwork",
     publish("{on: out, address: 10.1.0.9, port: 80, to: 10.0.0.11}"),
     {"11:24: publish: '10.1.0.9' is in network 'm', not in 'out'; write an address that is routed "
      "here, and is no station's"}},
    {"AddressBroadcast",
     publish("{on: out, address: 198.51.100.255, port: 80, to: 10.0.0.11}"),
     {"11:24: publish: '198.51.100.255' is the network's broadcast address; write an address that "
      "is routed here, and is no station's"}},
    {"AddressLoopback",
     publish("{on: out, address: 127.0.0.1, port: 80, to: 10.0.0.11}"),
     {"11:24: publish: '127.0.0.1' is a loopback address; write an address that is routed here, "
      "and is no station's"}},
    {"AllowWithHostBits",
     publish("{on: out, port: 80, to: 10.0.0.11, allow: [192.0.2.1/24]}"),
     {"11:48: publish: '192.0.2.1/24' has bits set behind its prefix length; did you mean "
      "'192.0.2.0/24'?"}},
    {"AllowOfAnotherVersion",
     publish("{on: out, port: 80, to: 10.0.0.11, allow: [192.0.2.0/24, '::/0']}"),
     {"11:62: publish: '::/0' and 'to' are of different IP versions; write addresses of the same "
      "one"}},
    {"AllowTwice",
     publish("{on: out, port: 80, to: 10.0.0.11, allow: [192.0.2.0/24, 192.0.2.0/24]}"),
     {"11:62: publish: '192.0.2.0/24' stands here twice; remove one of them"}},
    {"AllowEmptyList",
     publish("{on: out, port: 80, to: 10.0.0.11, allow: []}"),
     {"11:47: publish: 'allow' is an empty list; write at least one, such as [192.0.2.0/24]"}},
    {"Faults",
     publish("{on: outt, address: me, port: 0, proto: tpc, to: web, allow: all}"),
     {"11:10: publish: no network is named 'outt'; did you mean 'out'?",
      "11:25: publish: 'me' is not an address; write the address that is published",
      "11:35: publish: 'port' is '0'; write a port from 1 to 65535, or a range such as 9000-9099",
      "11:45: publish: unknown proto 'tpc'; did you mean 'tcp'?",
      "11:54: publish: 'web' is not an endpoint; write an endpoint's address and port, such as "
      "\"10.0.0.11:80\" or \"[fd00:a::11]:80\"",
      "11:66: publish: 'all' is not a prefix; write a prefix, such as 10.9.0.0/16"}},
    {"Twice",
     publish("{on: out, port: 80, to: 10.0.0.11}\n  - {on: out, port: 80, to: 10.0.0.12}"),
     {"12:21: publish: port 80 is published by the entry on line 11 already; publish each port of "
      "an address once"}},
    {"TwiceInOneOfTwoTransports",
     publish("{on: out, port: 80, proto: udp, to: 10.0.0.11}\n  - {on: out, port: 80, proto: [tcp, "
             "udp], to: 10.0.0.12}"),
     {"12:21: publish: port 80 is published by the entry on line 11 already; publish each port of "
      "an address once"}},
    {"RangesOverlap",
     publish("{on: out, port: 9000-9099, to: 10.0.0.11}\n  - {on: out, port: 9099-9100, to: "
             "10.0.0.12}"),
     {"12:21: publish: one of the ports 9099-9100 is published by the entry on line 11 already; "
      "publish each port of an address once"}},
    {"RangeWithinARange",
     publish("{on: out, port: 9000-9099, to: 10.0.0.11}\n  - {on: out, port: 9050, to: 10.0.0.12}"),
     {"12:21: publish: port 9050 is published by the entry on line 11 already; publish each port "
      "of an address once"}},
    {"RangeAroundAPort",
     publish("{on: out, port: 9050, to: 10.0.0.11}\n  - {on: out, port: 9000-9099, to: 10.0.0.12}"),
     {"12:21: publish: one of the ports 9000-9099 is published by the entry on line 11 already; "
      "publish each port of an address once"}},
    {"AllOfTheRoutersThenOne",
     publish("{on: out, port: 80, to: 10.0.0.11}\n  - {on: out, address: 198.51.100.2, port: 80, "
             "to: 10.0.0.12}"),
     {"12:44: publish: port 80 is published by the entry on line 11 already; publish each port of "
      "an address once"}},
    {"OneOfTheRoutersThenAll",
     publish("{on: out, address: 198.51.100.2, port: 80, to: 10.0.0.11}\n  - {on: out, port: 80, "
             "to: 10.0.0.12}"),
     {"12:21: publish: port 80 is published by the entry on line 11 already; publish each port of "
      "an address once"}},
    {"OneAddressOnTwoNetworks",
     publish("{on: out, address: 203.0.113.1, port: 80, to: 10.0.0.11}\n  - {on: m, address: "
             "203.0.113.1, port: 80, to: 10.0.0.12}"),
     {"12:41: publish: port 80 is published by the entry on line 11 already; publish each port of "
      "an address once"}},
    {"TheRoutersAddressByAnotherNetwork",
     publish("{on: m, port: 80, to: 10.0.0.11}\n  - {on: out, address: 10.1.0.1, port: 80, to: "
             "10.0.0.12}"),
     {"12:40: publish: port 80 is published by the entry on line 11 already; publish each port of "
      "an address once"}},
    {"BetweenRangesOfSeveralAddresses",
     publish("{on: out, address: 198.51.100.1, port: 20-30, to: 10.0.0.11}\n"
             "  - {on: out, address: 198.51.100.2, port: 10-40, to: 10.0.0.11}\n"
             "  - {on: out, port: 35, to: 10.0.0.12}\n"
             "  - {on: out, port: 5-9, to: 10.0.0.12}\n"
             "  - {on: out, port: 41, to: 10.0.0.12}\n"
             "  - {on: out, port: 25, to: 10.0.0.12}"),
     {"13:21: publish: port 35 is published by the entry on line 12 already; publish each port of "
      "an address once",
      "16:21: publish: port 25 is published by the entry on line 11 already; publish each port of "
      "an address once"}},
};

const RefusedFile host_rows[] = {
    {"WithoutAHost",
     publish("{on: host, port: 80, to: 10.0.0.11}"),
     {"11:10: publish: the host has no IPv4 way to 'to'; give it one: a port {type: tap, device: "
      "usw0, network: NAME} without 'netns', in a network with a router"}},
    {"OnANetworkWithoutARouter",
     host("network: plain", "{on: host, port: 80, to: 10.0.0.11}"),
     {"12:10: publish: the host has no IPv4 way to 'to'; give it one: a port {type: tap, device: "
      "usw0, network: NAME} without 'netns', in a network with a router"}},
    {"WithoutIpv6",
     host("network: m", "{on: host, port: 80, to: '[fd00::11]'}"),
     {"12:10: publish: the host has no IPv6 way to 'to'; give it one: a port {type: tap, device: "
      "usw0, network: NAME} without 'netns', in a network with a router"}},
    {"NameOfANetwork",
     R"(networks: {host: {router: 10.0.0.1/24}}
nat: {publish: [{on: host, port: 80, to: 10.0.0.11}]}
)",
     {"2:22: publish: 'host' is the host here, and the name of a network; rename the network"}},
    {"TheRoutersAddress",
     host("network: m", "{on: host, address: 10.0.0.1, port: 80, to: 10.0.0.11}"),
     {"12:25: publish: '10.0.0.1' is the router's address in network 'n'; write an address of the "
      "host"}},
    {"APortsAddress",
     host("network: m", "{on: host, address: 10.0.0.11, port: 80, to: 10.0.0.11}"),
     {"12:25: publish: '10.0.0.11' is the address of port 'web'; write an address of the host"}},
    {"Unspecified",
     host("network: m", "{on: host, address: 0.0.0.0, port: 80, to: 10.0.0.11}"),
     {"12:25: publish: '0.0.0.0' is the unspecified address; write an address of the host"}},
    {"Multicast",
     host("network: m", "{on: host, address: 224.0.0.1, port: 80, to: 10.0.0.11}"),
     {"12:25: publish: '224.0.0.1' is a multicast address; write an address of the host"}},
    {"OfAnotherVersion",
     host("network: m", "{on: host, address: '::1', port: 80, to: 10.0.0.11}"),
     {"12:25: publish: 'address' and 'to' are of different IP versions; write addresses of the "
      "same one"}},
    {"Twice",
     host("network: m",
          "{on: host, port: 80, to: 10.0.0.11}\n  - {on: host, port: 80, to: 10.0.0.12}"),
     {"13:22: publish: port 80 is published by the entry on line 12 already; publish each port of "
      "an address once"}},
    {"AllThenOne",
     host("network: m",
          "{on: host, port: 80, to: 10.0.0.11}\n  - {on: host, address: 127.0.0.1, port: 80, to: "
          "10.0.0.12}"),
     {"13:42: publish: port 80 is published by the entry on line 12 already; publish each port of "
      "an address once"}},
    {"OneThenAll",
     host("network: m",
          "{on: host, address: 127.0.0.1, port: 80, to: 10.0.0.11}\n  - {on: host, port: 80, to: "
          "10.0.0.12}"),
     {"13:22: publish: port 80 is published by the entry on line 12 already; publish each port of "
      "an address once"}},
    {"AnAddressOfANetworkToo",
     host("network: m",
          "{on: out, address: 203.0.113.1, port: 80, to: 10.0.0.11}\n  - {on: host, address: "
          "203.0.113.1, port: 80, to: 10.0.0.12}"),
     {"13:44: publish: port 80 is published by the entry on line 12 already; publish each port of "
      "an address once"}},
};

INSTANTIATE_TEST_SUITE_P(Publish, RefusedConfig, ::testing::ValuesIn(publish_rows), name_of_row);
INSTANTIATE_TEST_SUITE_P(PublishOnHost, RefusedConfig, ::testing::ValuesIn(host_rows), name_of_row);

}  // namespace
}  // namespace uswitch::test
