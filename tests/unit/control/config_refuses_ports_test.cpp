// Refused files: ports. One row is a file and everything that is said about it.
#include "tests/unit/control/config_errors.h"

namespace uswitch::test {
namespace {

const RefusedFile rows[] = {
    {"PortsList",
     "ports: [a]\n",
     {"1:8: configuration: 'ports' is a list; write a map, such as {key: value}"}},
    {"PortText",
     "ports: {p: tap}\n",
     {"1:12: port 'p' is a single value; write a map of keys, such as {key: value}"}},
    {"PortName",
     R"(networks: {n: {}}
ports: {a/b: {type: tap, device: d, network: n}}
)",
     {"2:9: ports: 'a/b' cannot be a name; a name is 1 to 64 of the characters A-Z a-z 0-9 _ . -"}},
    {"NoType",
     port("device: d, network: n"),
     {"3:3: port 'p': 'type' is missing; write one of tap, veth, raw, pcap"}},
    {"UnknownType",
     port("type: tun, device: d, network: n"),
     {"3:13: port 'p': unknown type 'tun'; the types are 'tap', 'veth', 'raw', 'pcap'"}},
    {"FarType",
     port("type: bridge, device: d, network: n"),
     {"3:13: port 'p': unknown type 'bridge'; the types are 'tap', 'veth', 'raw', 'pcap'"}},
    {"UnknownKey",
     port("type: tap, device: d, network: n, netwrk: n"),
     {"3:41: port 'p': unknown key 'netwrk'; did you mean 'network'?"}},
    {"NoNetwork",
     port("type: tap, device: d"),
     {"3:3: port 'p': the port is in no network; give it 'network: NAME', 'tagged: {VLAN: NAME}' "
      "or both"}},
    {"EmptyTagged",
     port("type: tap, device: d, tagged: {}"),
     {"3:3: port 'p': the port is in no network; give it 'network: NAME', 'tagged: {VLAN: NAME}' "
      "or both"}},
    {"UnknownNetwork",
     R"(networks: {office: {}, lab: {}}
ports: {p: {type: tap, device: d, network: ofice}}
)",
     {"2:44: port 'p': no network is named 'ofice'; did you mean 'office'?"}},
    {"NoNetworksAtAll",
     "ports: {p: {type: tap, device: d, network: n}}\n",
     {"1:44: port 'p': no network is named 'n'; define it under 'networks'"}},
    {"UnknownTaggedNetwork",
     port("type: tap, device: d, tagged: {10: m}"),
     {"3:42: port 'p': no network is named 'm'; the networks are 'n'"}},
    {"NetworkList",
     port("type: tap, device: d, network: [n]"),
     {"3:38: port 'p': 'network' is a list; write the name of a network"}},
    {"TaggedList",
     port("type: raw, device: d, tagged: [10]"),
     {"3:37: port 'p': 'tagged' is a list; write a map, such as {key: value}"}},
    {"VL_VlanZero",
     port("type: raw, device: d, tagged: {0: n}"),
     {"3:38: port 'p': '0' is not a VLAN id; write a whole number from 1 to 4094"}},
    {"VL_Vlan4095",
     port("type: raw, device: d, tagged: {4095: n}"),
     {"3:38: port 'p': '4095' is not a VLAN id; write a whole number from 1 to 4094"}},
    {"VlanText",
     port("type: raw, device: d, tagged: {ten: n}"),
     {"3:38: port 'p': 'ten' is not a VLAN id; write a whole number from 1 to 4094"}},
    {"VlanTwice",
     port("type: raw, device: d, tagged: {10: n, 10: n}"),
     {"3:45: '10' stands here a second time; it was on line 3 already; remove or rename one of "
      "them"}},
    {"VlanTwiceInTwoSpellings",
     port("type: raw, device: d, tagged: {10: n, 010: n}"),
     {"3:45: port 'p': '010' is not a VLAN id; write a whole number from 1 to 4094"}},
    {"NetworkTaggedTwice",
     port("type: raw, device: d, tagged: {10: n, 20: n}"),
     {"3:49: port 'p': network 'n' is on this port already; a network has one VLAN on a port, or "
      "is the untagged one"}},
    {"NetworkTaggedAndUntagged",
     port("type: raw, device: d, network: n, tagged: {10: n}"),
     {"3:54: port 'p': network 'n' is on this port already; a network has one VLAN on a port, or "
      "is the untagged one"}},
    {"MtuAboveItsNetwork",
     port("type: tap, device: d, network: n, mtu: 1501"),
     {"3:46: port 'p': an MTU of 1501 is above its network's; write at most 1500, or raise the "
      "network's 'mtu'"}},
    {"MtuTooSmall",
     port("type: tap, device: d, network: n, mtu: 60"),
     {"3:46: port 'p': 'mtu' is '60'; write a whole number from 68 to 65535"}},
    {"MtuOfATap",
     port("type: tap, device: d, network: n", "{mtu: 65535}"),
     {"3:3: port 'p': an MTU of 65535 on a TAP device; give the port an 'mtu' of at most 65521"}},
    {"MaxAddressesAboveItsNetwork",
     port("type: tap, device: d, network: n, max_addresses: 8193"),
     {"3:56: port 'p': 'max_addresses' is '8193'; write a whole number from 0 to 8192"}},
    {"NoDevice",
     port("type: tap, network: n"),
     {"3:3: port 'p': 'device' is missing; name the network device: 'device: eth0'"}},
    {"DeviceTooLong",
     port("type: tap, device: abcdefghijklmnop, network: n"),
     {"3:26: port 'p': device name 'abcdefghijklmnop' has more than 15 characters; write a name "
      "such as eth0"}},
    {"DeviceSlash",
     port("type: tap, device: a/b, network: n"),
     {"3:26: port 'p': device name 'a/b' contains '/', ':', '%' or a space; write a name such as "
      "eth0"}},
    {"DeviceSpace",
     port("type: tap, device: a b, network: n"),
     {"3:26: port 'p': device name 'a b' contains '/', ':', '%' or a space; write a name such as "
      "eth0"}},
    {"DevicePattern",
     port("type: tap, device: tap%d, network: n"),
     {"3:26: port 'p': device name 'tap%d' contains '/', ':', '%' or a space; write a name such as "
      "eth0"}},
    {"DeviceColon",
     port("type: tap, device: 'eth0:1', network: n"),
     {"3:26: port 'p': device name 'eth0:1' contains '/', ':', '%' or a space; write a name such "
      "as eth0"}},
    {"DeviceEmpty",
     port("type: tap, device: '', network: n"),
     {"3:26: port 'p': 'device' is empty; write the name of a network device"}},
    {"DeviceDots",
     port("type: tap, device: .., network: n"),
     {"3:26: port 'p': device name '..' is no name of a device; write a name such as eth0"}},
    {"DeviceLoopback",
     port("type: tap, device: lo, network: n"),
     {"3:26: port 'p': device name 'lo' is the loopback device; write a name such as eth0"}},
    {"NetnsEmpty",
     port("type: tap, device: d, network: n, netns: ''"),
     {"3:48: port 'p': 'netns' is empty; write a name under /run/netns, an absolute path or "
      "pid:N"}},
    {"NetnsNothing",
     port("type: tap, device: d, network: n, netns: "),
     {"3:41: port 'p': 'netns' is empty; write a name under /run/netns, an absolute path or "
      "pid:N"}},
    {"NetnsRelativePath",
     port("type: tap, device: d, network: n, netns: a/b"),
     {"3:48: port 'p': 'a/b' is not a network namespace; write a name under /run/netns, an "
      "absolute path or pid:N"}},
    {"NetnsDots",
     port("type: tap, device: d, network: n, netns: .."),
     {"3:48: port 'p': '..' is not a network namespace; write a name under /run/netns, an absolute "
      "path or pid:N"}},
    {"NetnsPidZero",
     port("type: tap, device: d, network: n, netns: 'pid:0'"),
     {"3:48: port 'p': 'pid:0' is not a network namespace; write a name under /run/netns, an "
      "absolute path or pid:N"}},
    {"NetnsPidText",
     port("type: tap, device: d, network: n, netns: 'pid:self'"),
     {"3:48: port 'p': 'pid:self' is not a network namespace; write a name under /run/netns, an "
      "absolute path or pid:N"}},
    {"NetnsPidTooLarge",
     port("type: tap, device: d, network: n, netns: 'pid:4194305'"),
     {"3:48: port 'p': 'pid:4194305' is not a network namespace; write a name under /run/netns, an "
      "absolute path or pid:N"}},
    {"RawWithKeysOfAnEndpoint",
     port("type: raw, device: d, network: n, netns: a, address: [10.0.0.1/24], routes: [], mac: "
          "'02:00:00:00:00:01', guard: on"),
     {"3:41: port 'p': a raw port takes no 'netns'; remove it; a raw port takes over a device as "
      "it is, in the namespace uswitch runs in",
      "3:51: port 'p': a raw port takes no 'address'; remove it; a raw port takes over a device as "
      "it is, in the namespace uswitch runs in",
      "3:75: port 'p': a raw port takes no 'routes'; remove it; a raw port takes over a device as "
      "it is, in the namespace uswitch runs in",
      "3:87: port 'p': a raw port takes no 'mac'; remove it; a raw port takes over a device as it "
      "is, in the namespace uswitch runs in",
      "3:113: port 'p': a raw port takes no 'guard'; remove it; a raw port takes over a device as "
      "it is, in the namespace uswitch runs in"}},
    {"PcapWithDevice",
     port("type: pcap, read: f, device: d, network: n"),
     {"3:28: port 'p': a pcap port takes no 'device'; remove it; a pcap port has no device, only "
      "the files 'read' and 'write'"}},
    {"PcapWithoutFiles",
     port("type: pcap, network: n"),
     {"3:3: port 'p': a pcap port without a file; give it 'read: FILE', 'write: FILE' or both"}},
    {"PcapOverwritesItsInput",
     port("type: pcap, read: f, write: f, network: n"),
     {"3:35: port 'p': the file would be written over while it is read; write to another file"}},
    {"PcapReadEmpty",
     port("type: pcap, read: '', network: n"),
     {"3:25: port 'p': 'read' is empty; write the path of a capture file"}},
    {"TapWithFiles",
     port("type: tap, device: d, network: n, read: f"),
     {"3:41: port 'p': a tap port takes no 'read'; remove it; only a pcap port reads and writes "
      "files"}},
    {"BR2_StaticGroupMac",
     port("type: tap, device: d, network: n, static: ['01:00:5e:00:00:01']"),
     {"3:50: port 'p': '01:00:5e:00:00:01' is a group address; write the address of one station: "
      "its first byte is even"}},
    {"BR2_StaticZeroMac",
     port("type: tap, device: d, network: n, static: ['00:00:00:00:00:00']"),
     {"3:50: port 'p': '00:00:00:00:00:00' is the zero address; write the address of one station: "
      "its first byte is even"}},
    {"StaticText",
     port("type: tap, device: d, network: n, static: '02:00:00:00:00:01'"),
     {"3:49: port 'p': 'static' is '02:00:00:00:00:01'; write a list, such as "
      "[02:00:00:00:00:01]"}},
    {"StaticShort",
     port("type: tap, device: d, network: n, static: ['02:00:00:00:00']"),
     {"3:50: port 'p': '02:00:00:00:00' is not a MAC address; write a MAC address, such as "
      "02:00:00:00:00:01"}},
    {"StaticTwice",
     port("type: tap, device: d, network: n, static: ['02:00:00:00:00:01', '02-00-00-00-00-01']"),
     {"3:71: port 'p': MAC 02:00:00:00:00:01 is used twice; in network 'n' a MAC is behind one "
      "port"}},
    {"SharedStatic",
     R"(networks: {n: {}}
ports:
  a: {type: tap, device: a, network: n, static: ['02:00:00:00:00:01']}
  b: {type: tap, device: b, network: n, static: ['02:00:00:00:00:01']}
)",
     {"4:50: port 'b': MAC 02:00:00:00:00:01 is used by port 'a' (line 3) already; in network 'n' "
      "a MAC is behind one port"}},
    {"SharedMac",
     R"(networks: {n: {}}
ports:
  a: {type: tap, device: a, network: n, mac: '02:00:00:00:00:01'}
  b: {type: raw, device: b, tagged: {7: n}, static: ['02:00:00:00:00:01']}
)",
     {"4:54: port 'b': MAC 02:00:00:00:00:01 is used by port 'a' (line 3) already; in network 'n' "
      "a MAC is behind one port"}},
    {"SharedAddress",
     R"(networks: {n: {}}
ports:
  a: {type: tap, device: a, network: n, address: [10.0.0.1/24]}
  b: {type: tap, device: b, network: n, address: [10.0.0.1/16]}
)",
     {"4:51: port 'b': address 10.0.0.1 is used by port 'a' (line 3) already; give each port of "
      "network 'n' its own"}},
    {"SharedDevice",
     R"(networks: {n: {}}
ports:
  a: {type: tap, netns: x, device: d, network: n}
  b: {type: veth, netns: /run/netns/x, device: d, network: n}
)",
     {"4:48: port 'b': device 'd' in 'x' is used by port 'a' (line 3) already; a device belongs to "
      "one port; rename or remove one"}},
    {"SharedDeviceHere",
     R"(networks: {n: {}}
ports:
  a: {type: tap, device: d, network: n}
  b: {type: raw, device: d, network: n}
)",
     {"4:26: port 'b': device 'd' is used by port 'a' (line 3) already; a device belongs to one "
      "port; rename or remove one"}},
    {"SharedFile",
     R"(networks: {n: {}}
ports:
  a: {type: pcap, write: f, network: n}
  b: {type: pcap, write: f, network: n}
)",
     {"4:26: port 'b': file 'f' is written by port 'a' (line 3) already; write to another file"}},
};

INSTANTIATE_TEST_SUITE_P(Ports, RefusedConfig, ::testing::ValuesIn(rows), name_of_row);

}  // namespace
}  // namespace uswitch::test
