// Refused files: the section `tunnels`. One row is a file and everything that is said about it.
#include "tests/unit/control/config_errors.h"

namespace uswitch::test {
namespace {

// A file of two networks, a port and this tunnel, which begins in line 5, column 6.
std::string tunnel(const std::string& text) {
  return R"(networks: {n: {}, m: {}}
ports:
  p: {type: tap, device: d, network: n}
tunnels:
  t: )" + text +
         "\n";
}
std::string two(const std::string& first, const std::string& second) {
  return tunnel(first) + "  u: " + second + "\n";
}

const RefusedFile rows[] = {
    {"TunnelsList",
     "tunnels: []\n",
     {"1:10: configuration: 'tunnels' is a list; write a map, such as {key: value}"}},
    {"Key",
     tunnel("{type: udp, network: n, local: 192.0.2.1, remote: [192.0.2.2]}"),
     {"5:3: tunnel 't': 'remotes' is missing; list the addresses of the other nodes: 'remotes: "
      "[192.0.2.2]'",
      "5:48: tunnel 't': unknown key 'remote'; did you mean 'remotes'?"}},
    {"Nothing",
     tunnel("{}"),
     {"5:3: tunnel 't': 'network' is missing; name the network that spans the nodes",
      "5:3: tunnel 't': 'type' is missing; write 'type: vxlan' or 'type: udp'",
      "5:3: tunnel 't': 'local' is missing; write an address of this node",
      "5:3: tunnel 't': 'remotes' is missing; list the addresses of the other nodes: 'remotes: "
      "[192.0.2.2]'"}},
    {"WithoutVni",
     tunnel("{type: vxlan, network: n, local: 192.0.2.1, remotes: [192.0.2.2]}"),
     {"5:3: tunnel 't': 'vni' is missing; write the network's VNI, such as 'vni: 42'"}},
    {"VniTooLarge",
     tunnel("{type: vxlan, network: n, vni: 16777216, local: 192.0.2.1, remotes: 192.0.2.2}"),
     {"5:37: tunnel 't': 'vni' is '16777216'; write a whole number from 0 to 16777215"}},
    {"NoSuchNetwork",
     tunnel("{type: udp, network: x, local: 192.0.2.1, remotes: 192.0.2.2}"),
     {"5:27: tunnel 't': no network is named 'x'; the networks are 'n', 'm'"}},
    {"LocalMulticast",
     tunnel("{type: udp, network: n, local: 239.0.0.1, remotes: 192.0.2.2}"),
     {"5:37: tunnel 't': '239.0.0.1' is a multicast address; write an address that one node has "
      "and "
      "others reach"}},
    {"OtherFamily",
     tunnel("{type: udp, network: n, local: 192.0.2.1, remotes: ['2001:db8::2']}"),
     {"5:58: tunnel 't': 'local' and '2001:db8::2' are of different IP versions; write addresses "
      "of "
      "the same one"}},
    {"RemoteIsLocal",
     tunnel("{type: udp, network: n, local: 192.0.2.1, remotes: [192.0.2.1]}"),
     {"5:58: tunnel 't': '192.0.2.1' is this node's own; remove it"}},
    {"RemoteTwice",
     tunnel("{type: udp, network: n, local: 192.0.2.1, remotes: [192.0.2.2, 192.0.2.2]}"),
     {"5:69: tunnel 't': '192.0.2.2' stands here twice; remove one of them"}},
    {"NoRemotes",
     tunnel("{type: udp, network: n, local: 192.0.2.1, remotes: []}"),
     {"5:57: tunnel 't': 'remotes' is an empty list; write at least one, such as [192.0.2.2]"}},
    {"EntryOfNoRemote",
     tunnel("{type: udp, network: n, local: 192.0.2.1, remotes: 192.0.2.2, entries: [{mac: "
            "02:00:00:00:00:01, remote: 192.0.2.3}]}"),
     {"5:111: tunnel 't': entry: '192.0.2.3' is no remote; name one of 'remotes'"}},
    {"NameOfAPort",
     "networks: {n: {}}\nports:\n  t: {type: tap, device: d, network: n}\ntunnels:\n  t: {type: "
     "udp, network: n, local: 192.0.2.1, remotes: 192.0.2.2}\n",
     {"5:3: tunnel 't': 't' is the name of a port too; tunnels stand among the ports; give it "
      "another name"}},
    {"SharedSocketOfTwoTypes",
     two("{type: udp, network: n, local: 192.0.2.1, remotes: 192.0.2.2}",
         "{type: vxlan, network: m, vni: 1, local: 192.0.2.1, remotes: 192.0.2.2, port: 8285}"),
     {"6:3: tunnel 'u': another 'type', 'device', 'ttl' or 'checksum' than 't' (line 5) at the "
      "same "
      "address and port; tunnels at one 'local' and 'port' share a socket; write the same, or "
      "another 'port'"}},
    {"VX10_OneNumberForTwoNetworks",
     two("{type: udp, network: n, local: 192.0.2.1, remotes: 192.0.2.2}",
         "{type: udp, network: m, local: 192.0.2.1, remotes: 192.0.2.3}"),
     {"6:6: tunnel 'u': VNI 0 is network 'n' already at this address and port; give each network "
      "its own"}},
    {"RemoteOfTwoTunnels",
     two("{type: udp, network: n, local: 192.0.2.1, remotes: 192.0.2.2}",
         "{type: udp, network: n, local: 192.0.2.1, remotes: 192.0.2.2}"),
     {"6:3: tunnels: tunnel 'u': remote 192.0.2.2 with VNI 0 is of tunnel 't' already; name a "
      "remote "
      "once for each network"}},
};

INSTANTIATE_TEST_SUITE_P(Tunnels, RefusedConfig, ::testing::ValuesIn(rows), name_of_row);

}  // namespace
}  // namespace uswitch::test
