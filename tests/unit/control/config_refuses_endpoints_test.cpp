// Refused files: the endpoint inside its namespace. One row is a file and everything that is said
// about it.
#include "tests/unit/control/config_errors.h"

namespace uswitch::test {
namespace {

const RefusedFile rows[] = {
    {"AddressText",
     port("type: tap, device: d, network: n, address: 10.0.0.1/24"),
     {"3:50: port 'p': 'address' is '10.0.0.1/24'; write a list, such as [10.0.0.11/24]"}},
    {"AddressWithoutLength",
     port("type: tap, device: d, network: n, address: [10.0.0.1]"),
     {"3:51: port 'p': '10.0.0.1' has no prefix length; write an address with its prefix length, "
      "such as 10.0.0.11/24"}},
    {"AddressGarbage",
     port("type: tap, device: d, network: n, address: [10.0.0.300/24]"),
     {"3:51: port 'p': '10.0.0.300/24' is not an address; write an address with its prefix length, "
      "such as 10.0.0.11/24"}},
    {"AddressLength",
     port("type: tap, device: d, network: n, address: [10.0.0.1/33]"),
     {"3:51: port 'p': '10.0.0.1/33' is not an address; write an address with its prefix length, "
      "such as 10.0.0.11/24"}},
    {"AddressMap",
     port("type: tap, device: d, network: n, address: [{ip: 1}]"),
     {"3:51: port 'p': this is a map; write an address with its prefix length, such as "
      "10.0.0.11/24"}},
    {"AddressMulticast",
     port("type: tap, device: d, network: n, address: [224.0.0.1/24, 'ff02::1/64']"),
     {"3:51: port 'p': '224.0.0.1/24' is a multicast address; write an address that one station "
      "can have",
      "3:65: port 'p': 'ff02::1/64' is a multicast address; write an address that one station can "
      "have"}},
    {"AddressUnspecified",
     port("type: tap, device: d, network: n, address: [0.0.0.0/24, '::/64']"),
     {"3:51: port 'p': '0.0.0.0/24' is the unspecified address; write an address that one station "
      "can have",
      "3:63: port 'p': '::/64' is the unspecified address; write an address that one station can "
      "have"}},
    {"AddressLoopback",
     port("type: tap, device: d, network: n, address: [127.0.0.1/8, '::1/128']"),
     {"3:51: port 'p': '127.0.0.1/8' is a loopback address; write an address that one station can "
      "have",
      "3:64: port 'p': '::1/128' is a loopback address; write an address that one station can "
      "have"}},
    {"AddressOfTheNetwork",
     port("type: tap, device: d, network: n, address: [10.0.0.0/24, 'fd00::/64']"),
     {"3:51: port 'p': '10.0.0.0/24' is the address of the network itself; write an address that "
      "one station can have",
      "3:64: port 'p': 'fd00::/64' is the address of the network itself; write an address that one "
      "station can have"}},
    {"AddressBroadcast",
     port("type: tap, device: d, network: n, address: [10.0.0.255/24, 255.255.255.255/32]"),
     {"3:51: port 'p': '10.0.0.255/24' is the network's broadcast address; write an address that "
      "one station can have",
      "3:66: port 'p': '255.255.255.255/32' is the broadcast address; write an address that one "
      "station can have"}},
    {"AddressOfThisNetwork",
     port("type: tap, device: d, network: n, address: [0.1.2.3/24]"),
     {"3:51: port 'p': '0.1.2.3/24' is an address of 0.0.0.0/8; write an address that one station "
      "can have"}},
    {"AddressTwice",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24, 10.0.0.1/24]"),
     {"3:64: port 'p': address 10.0.0.1 is used twice; give each port of network 'n' its own"}},
    {"AddressWithoutUntaggedNetwork",
     port("type: tap, device: d, tagged: {5: n}, address: [10.0.0.1/24]"),
     {"3:45: port 'p': 'address' on a port that has only tagged networks; give it 'network' too: "
      "the device's addresses are used without a tag"}},
    {"Ipv6NeedsItsMtu",
     port("type: tap, device: d, network: n, address: ['fd00::1/64']", "{mtu: 1279}"),
     {"3:41: port 'p': an IPv6 address with an MTU of 1279; IPv6 needs an 'mtu' of at least 1280"}},
    {"MacGroup",
     port("type: tap, device: d, network: n, mac: 'ff:ff:ff:ff:ff:ff'"),
     {"3:46: port 'p': 'ff:ff:ff:ff:ff:ff' is a group address; write the address of one station: "
      "its first byte is even"}},
    {"MacZero",
     port("type: tap, device: d, network: n, mac: '00:00:00:00:00:00'"),
     {"3:46: port 'p': '00:00:00:00:00:00' is the zero address; write the address of one station: "
      "its first byte is even"}},
    {"MacText",
     port("type: tap, device: d, network: n, mac: eth0"),
     {"3:46: port 'p': 'eth0' is not a MAC address; write a MAC address, such as "
      "02:00:00:00:00:01"}},
    {"GuardText",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24], guard: strict"),
     {"3:72: port 'p': 'guard' is 'strict'; write true or false"}},
    {"GuardWithoutAddress",
     port("type: tap, device: d, network: n, guard: on"),
     {"3:48: port 'p': 'guard' on a port without an address; give the port the 'address' that it "
      "is to be held to"}},
    {"RoutesText",
     port("type: tap, device: d, network: n, routes: none"),
     {"3:49: port 'p': 'routes' is 'none'; write a list, such as [{to: 10.9.0.0/16, via: "
      "10.0.0.2}]"}},
    {"RouteText",
     port("type: tap, device: d, network: n, routes: [default]"),
     {"3:50: port 'p': route is a single value; write a map of keys, such as {key: value}"}},
    {"RouteWithoutVia",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24], routes: [{to: 10.9.0.0/16}]"),
     {"3:74: port 'p': route: 'via' is missing; write {to: 10.9.0.0/16, via: 10.0.0.2}"}},
    {"RouteWithoutTo",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24], routes: [{via: 10.0.0.2}]"),
     {"3:74: port 'p': route: 'to' is missing; write {to: 10.9.0.0/16, via: 10.0.0.2}"}},
    {"RouteKey",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24], routes: [{to: 10.9.0.0/16, "
          "vai: 10.0.0.2}]"),
     {"3:74: port 'p': route: 'via' is missing; write {to: 10.9.0.0/16, via: 10.0.0.2}",
      "3:92: port 'p': route: unknown key 'vai'; did you mean 'via'?"}},
    {"RouteHostBits",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24], routes: [{to: 10.9.1.0/16, "
          "via: 10.0.0.2}]"),
     {"3:79: port 'p': route: '10.9.1.0/16' has bits set behind its prefix length; did you mean "
      "'10.9.0.0/16'?"}},
    {"RouteNoPrefix",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24], routes: [{to: 10.9.1.0, via: "
          "10.0.0.2}]"),
     {"3:79: port 'p': route: '10.9.1.0' is not a prefix; write a prefix, such as 10.9.0.0/16"}},
    {"RouteViaUnreachable",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24], routes: [{to: 10.9.0.0/16, "
          "via: 10.0.1.2}]"),
     {"3:97: port 'p': route: '10.0.1.2' is in no network of the port's addresses; write the "
      "address of a router that the port reaches directly"}},
    {"RouteViaItself",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24], routes: [{to: 10.9.0.0/16, "
          "via: 10.0.0.1}]"),
     {"3:97: port 'p': route: '10.0.0.1' is the port's own address; write the address of a router "
      "that the port reaches directly"}},
    {"RouteViaBroadcast",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24], routes: [{to: 10.9.0.0/16, "
          "via: 10.0.0.255}]"),
     {"3:97: port 'p': route: '10.0.0.255' is the network's broadcast address; write the address "
      "of a router that the port reaches directly"}},
    {"RouteViaGarbage",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24], routes: [{to: 10.9.0.0/16, "
          "via: web}]"),
     {"3:97: port 'p': route: 'web' is not an address; write the address of a router that the port "
      "reaches directly"}},
    {"RouteOfTwoVersions",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24], routes: [{to: '::/0', via: "
          "10.0.0.2}]"),
     {"3:92: port 'p': route: 'to' and 'via' are of different IP versions; write two addresses of "
      "the same one"}},
    {"RouteTwice",
     port("type: tap, device: d, network: n, address: [10.0.0.1/24], routes: [{to: 10.9.0.0/16, "
          "via: 10.0.0.2}, {to: 10.9.0.0/16, via: 10.0.0.3}]"),
     {"3:113: port 'p': route: a second route to 10.9.0.0/16; remove one of them"}},
};

INSTANTIATE_TEST_SUITE_P(Endpoints, RefusedConfig, ::testing::ValuesIn(rows), name_of_row);

}  // namespace
}  // namespace uswitch::test
