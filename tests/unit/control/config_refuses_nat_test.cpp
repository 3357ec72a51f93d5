// Refused files: NAT, but for what is published. One row is a file and everything that is said
// about it.
#include "tests/unit/control/config_errors.h"

namespace uswitch::test {
namespace {

// The first entry begins in column 5 of line 11.
std::string masquerade(const std::string& entries) {
  return nat("masquerade:\n  - " + entries);
}

std::string entries(size_t n) {
  std::string text;
  for (size_t i = 0; i < n; ++i) text += "{from: 10.0.0.0/24, out: out}, ";
  return text;
}

const RefusedFile section_rows[] = {
    {"Empty", "nat:\n", {"1:1: configuration: 'nat' is empty; write a map, such as {key: value}"}},
    {"List",
     nat("- a"),
     {"10:3: configuration: 'nat' is a list; write a map, such as {key: value}"}},
    {"Key",
     nat("masqerade: []"),
     {"10:3: nat: unknown key 'masqerade'; did you mean 'masquerade'?"}},
    {"Filtering",
     nat("filtering: address"),
     {"10:14: nat: unknown filtering 'address'; did you mean 'address-dependent'?"}},
    {"MaxConnections",
     nat("max_connections: 1000"),
     {"10:20: nat: 'max_connections' is '1000'; write a whole number from 1024 to 16777216"}},
    {"TimeoutKey",
     nat("timeouts: {tcp: 5m}"),
     {"10:14: nat: timeouts: unknown key 'tcp'; did you mean 'tcp_established'?"}},
    {"TimeoutsText",
     nat("timeouts: 5m"),
     {"10:13: nat: 'timeouts' is '5m'; write a map, such as {key: value}"}},
    {"TimeoutShort",
     nat("timeouts: {udp: 999ms}"),
     {"10:19: nat: timeouts: 'udp' is '999ms'; write a duration from 1s to 480h, such as 300s, 5m "
      "or 2h4m"}},
    {"TimeoutLong",
     nat("timeouts: {tcp_established: 481h}"),
     {"10:31: nat: timeouts: 'tcp_established' is '481h'; write a duration from 1s to 480h, such "
      "as 300s, 5m or 2h4m"}},
    {"TimeoutWithoutUnit",
     nat("timeouts: {icmp: 60}"),
     {"10:20: nat: timeouts: 'icmp' is '60', without a unit; write a duration from 1s to 480h, "
      "such as 300s, 5m or 2h4m"}},
};

const RefusedFile masquerade_rows[] = {
    {"TooMany",
     nat("masquerade: [" + entries(1025) + "]"),
     {"10:3: nat: 'masquerade' has 1025 entries; there can be 1024"}},
    {"Map",
     nat("masquerade: {from: 10.0.0.0/24, out: out}"),
     {"10:15: nat: 'masquerade' is a map; write a list, such as [{from: 10.0.0.0/24, out: "
      "outside}]"}},
    {"Text",
     masquerade("all"),
     {"11:5: masquerade is a single value; write a map of keys, such as {key: value}"}},
    {"Key",
     masquerade("{from: 10.0.0.0/24, on: out}"),
     {"11:5: masquerade: 'out' is missing; write {from: 10.0.0.0/24, out: outside}",
      "11:25: masquerade: unknown key 'on'; the keys here are 'from', 'out', 'to'"}},
    {"WithoutFrom",
     masquerade("{out: out}"),
     {"11:5: masquerade: 'from' is missing; write {from: 10.0.0.0/24, out: outside}"}},
    {"WithoutOut",
     masquerade("{from: 10.0.0.0/24}"),
     {"11:5: masquerade: 'out' is missing; write {from: 10.0.0.0/24, out: outside}"}},
    {"FromWithHostBits",
     masquerade("{from: 10.0.0.1/24, out: out}"),
     {"11:12: masquerade: '10.0.0.1/24' has bits set behind its prefix length; did you mean "
      "'10.0.0.0/24'?"}},
    {"FromWithoutLength",
     masquerade("{from: 10.0.0.0, out: out}"),
     {"11:12: masquerade: '10.0.0.0' is not a prefix; write a prefix, such as 10.9.0.0/16"}},
    {"FromMulticast",
     masquerade("{from: 224.0.0.0/4, out: out}"),
     {"11:12: masquerade: 224.0.0.0/4 is a prefix of multicast addresses; remove the entry: the "
      "router forwards from none of them"}},
    {"FromLinkLocal",
     masquerade("{from: 'fe80::/10', out: n}"),
     {"11:12: masquerade: fe80::/10 is a prefix of link-local addresses; remove the entry: the "
      "router forwards from none of them"}},
    {"OutUnknown",
     masquerade("{from: 10.0.0.0/24, out: outt}"),
     {"11:30: masquerade: no network is named 'outt'; did you mean 'out'?"}},
    {"OutWithoutARouter",
     masquerade("{from: 10.0.0.0/24, out: plain}"),
     {"11:30: masquerade: network 'plain' has no router; give the network 'router: "
      "[10.0.0.1/24]'"}},
    {"OutWithoutIpv6",
     masquerade("{from: 'fd00::/64', out: out}"),
     {"11:30: masquerade: the router has no IPv6 address in network 'out'; give the network's "
      "'router' one"}},
    {"ToGarbage",
     masquerade("{from: 10.0.0.0/24, out: out, to: me}"),
     {"11:39: masquerade: 'me' is not an address or a range; write an address such as "
      "198.51.100.8, or a range such as 198.51.100.8-198.51.100.15"}},
    {"ToPrefix",
     masquerade("{from: 10.0.0.0/24, out: out, to: 198.51.100.8/29}"),
     {"11:39: masquerade: '198.51.100.8/29' is a prefix; write an address such as 198.51.100.8, or "
      "a range such as 198.51.100.8-198.51.100.15"}},
    {"ToHalfARange",
     masquerade("{from: 10.0.0.0/24, out: out, to: 198.51.100.8-15}"),
     {"11:39: masquerade: '198.51.100.8-15' is not an address or a range; write an address such as "
      "198.51.100.8, or a range such as 198.51.100.8-198.51.100.15"}},
    {"ToOfTwoVersions",
     masquerade("{from: 10.0.0.0/24, out: out, to: '198.51.100.8-fd00::1'}"),
     {"11:39: masquerade: '198.51.100.8-fd00::1' is not an address or a range; write an address "
      "such as 198.51.100.8, or a range such as 198.51.100.8-198.51.100.15"}},
    {"ToBackwards",
     masquerade("{from: 10.0.0.0/24, out: out, to: 198.51.100.9-198.51.100.8}"),
     {"11:39: masquerade: '198.51.100.9-198.51.100.8' ends before it begins; did you mean "
      "'198.51.100.8-198.51.100.9'?"}},
    {"ToOfAnotherVersion",
     masquerade("{from: 10.0.0.0/24, out: out, to: 'fd00::8'}"),
     {"11:39: masquerade: 'from' and 'to' are of different IP versions; write addresses of the "
      "same one"}},
    {"ToMulticast",
     masquerade("{from: 10.0.0.0/24, out: out, to: 224.0.0.9}"),
     {"11:39: masquerade: '224.0.0.9' is a multicast address; write addresses that are routed "
      "here, and are no station's"}},
    {"ToLinkLocal",
     masquerade("{from: 10.0.0.0/24, out: out, to: 169.254.0.9}"),
     {"11:39: masquerade: '169.254.0.9' is a link-local address; write addresses that are routed "
      "here, and are no station's"}},
    {"ToTheNetwork",
     masquerade("{from: 10.0.0.0/24, out: out, to: 198.51.100.0}"),
     {"11:39: masquerade: '198.51.100.0' is the address of the network itself; write addresses "
      "that are routed here, and are no station's"}},
    {"ToInAnotherNetwork",
     masquerade("{from: 10.0.0.0/24, out: out, to: 10.1.0.9}"),
     {"11:39: masquerade: '10.1.0.9' is in network 'm', not in 'out'; write addresses that are "
      "routed here, and are no station's"}},
    {"ToAStation",
     masquerade("{from: 10.0.0.0/24, out: out, to: 198.51.100.3-198.51.100.9}"),
     {"11:39: masquerade: '198.51.100.7' is the address of port 'lb'; write addresses that are "
      "routed here, and are no station's"}},
    {"ToTwice",
     masquerade("{from: 10.0.0.0/24, out: out, to: [198.51.100.8-198.51.100.9, 198.51.100.9]}"),
     {"11:67: masquerade: '198.51.100.9' stands here twice; remove one of them"}},
    {"ToTooMany",
     masquerade("{from: 10.0.0.0/24, out: out, to: [203.0.113.0-203.0.114.0, 192.0.2.1]}"),
     {"11:40: masquerade: more than 256 addresses; write fewer"}},
    {"ToFarTooMany",
     masquerade("{from: 'fd00::/64', out: n, to: '2001::-2fff::'}"),
     {"11:37: masquerade: more than 256 addresses; write fewer"}},
    {"ToEmptyList",
     masquerade("{from: 10.0.0.0/24, out: out, to: []}"),
     {"11:39: masquerade: 'to' is an empty list; write at least one, such as [198.51.100.8, "
      "198.51.100.16-198.51.100.31]"}},
    {"ToMap",
     masquerade("{from: 10.0.0.0/24, out: out, to: {a: b}}"),
     {"11:39: masquerade: 'to' is a map; write a list, such as [198.51.100.8, "
      "198.51.100.16-198.51.100.31]"}},
    {"Faults",
     masquerade("{from: 10.0.0.1/24, out: ouut, to: me}"),
     {"11:12: masquerade: '10.0.0.1/24' has bits set behind its prefix length; did you mean "
      "'10.0.0.0/24'?",
      "11:30: masquerade: no network is named 'ouut'; did you mean 'out'?",
      "11:40: masquerade: 'me' is not an address or a range; write an address such as "
      "198.51.100.8, or a range such as 198.51.100.8-198.51.100.15"}},
    {"Twice",
     masquerade(
         "{from: 10.0.0.0/24, out: out}\n  - {from: 10.0.0.0/24, out: out, to: 198.51.100.9}"),
     {"12:12: masquerade: a second entry from 10.0.0.0/24 out by 'out'; the first is on line 11; "
      "remove one of them; several addresses of 'to' are one list"}},
    {"NeverReached",
     masquerade("{from: 10.0.0.0/8, out: out}\n  - {from: 10.0.0.0/24, out: out}"),
     {"12:12: masquerade: 10.0.0.0/24 is within 10.0.0.0/8 of line 11, which takes all of it: the "
      "first entry that fits holds; put this entry before that one, or remove it"}},
};

INSTANTIATE_TEST_SUITE_P(Nat, RefusedConfig, ::testing::ValuesIn(section_rows), name_of_row);
INSTANTIATE_TEST_SUITE_P(Masquerade, RefusedConfig, ::testing::ValuesIn(masquerade_rows),
                         name_of_row);
}  // namespace
}  // namespace uswitch::test
