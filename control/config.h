// The configuration file as plain values: what it says, fully validated, with every default filled
// in. docs/config.md describes the file for users.
//
// Any thread; no state. Reading a file has no effect on anything. Two values compare equal when
// they ask for the same, so a reload is a comparison of the old value with the new.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "control/config_error.h"
#include "core/time.h"
#include "nat/timeouts.h"
#include "router/reverse_path.h"
#include "switch/io.h"
#include "tunnel/tunnel_type.h"
#include "tunnel/udp_socket.h"
#include "wire/address.h"

namespace uswitch {

enum class LogLevel : uint8_t { trace, debug, info, warning, error };
enum class LogFormat : uint8_t { text, json };

struct LogConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;

  bool operator==(const LogConfig&) const = default;
};

// One broadcast domain. What is said of a router is at rest while `router` is empty.
struct NetworkConfig {
  std::string name;
  uint16_t mtu = 1500;                          // bytes of L3 packet, 68..65535
  bool mtu_follows = true;                      // the file does not say it: the tunnels' paths do
  Duration ageing = std::chrono::seconds(300);  // 10 s..1000000 s (BR-4)
  uint32_t max_addresses = 8192;                // learned MAC entries
  bool isolated = false;    // its ports' default; and routed only to the outside and the host
  bool relay_bpdu = false;  // relays 01:80:C2:00:00:00 too (BR-7)

  // The router's own addresses, each with the prefix that is on this network. No prefix overlaps
  // with one of another network: there is one table of routes.
  std::vector<IpPrefix> router = {};
  std::optional<MacAddress> router_mac = {};  // without: one is made that stays the same
  ReversePath reverse_path = ReversePath::off;
  bool clamp_mss = false;  // PM-4
  bool advertise = false;  // ND-7; default: when the router has an IPv6 address here, but outside
  bool outside = false;    // reached from every network; default: see docs/config.md

  bool operator==(const NetworkConfig&) const = default;
};

// Whether the router has an address of this version of IP there.
bool has_router(const NetworkConfig& network, Family family);

// Which network namespace a device is in.
struct NetnsConfig {
  enum class Kind : uint8_t {
    name,  // under /run/netns; created when missing
    path,  // an absolute path to a namespace file
    pid,   // that of a process
  };

  Kind kind = Kind::name;
  std::string text;  // the name, the path, or "pid:1234"
  pid_t pid = 0;     // with Kind::pid

  bool operator==(const NetnsConfig&) const = default;
};

// A route inside the namespace of an endpoint.
struct RouteConfig {
  IpPrefix to;  // host bits are zero
  IpAddress via;

  bool operator==(const RouteConfig&) const = default;
};

// The last two are not written as ports: they follow from the section `tunnels`.
enum class PortType : uint8_t {
  tap,
  veth,
  raw,
  pcap,
  tunnel,  // one remote of a tunnel
  socket,  // what reads for all tunnels at one local address and port
};

std::string_view to_string(PortType type);

// What a port of type tunnel or socket is made of. A socket has neither remote nor network id.
struct TunnelConfig {
  std::string name;  // of the section's entry
  TunnelType type{};
  uint32_t network_id = 0;           // the VNI
  UdpOptions socket;                 // those of one local address and port are equal
  IpAddress remote = {};             // its port is the socket's
  std::optional<uint8_t> dscp = {};  // 0..63; without: the inner packet's
  bool suppress = true;              // neighbours behind it are answered for

  bool operator==(const TunnelConfig&) const = default;
};

// Members that a port's type has no use for are empty.
struct PortConfig {
  std::string name;
  PortType type = PortType::tap;
  std::optional<std::string> network;      // of untagged frames
  std::map<uint16_t, std::string> tagged;  // VLAN id 1..4094 to network; each network once
  uint16_t mtu = 1500;                     // default: the largest of its networks'
  bool mtu_follows = true;                 // the file does not say it
  bool isolated = false;                   // default: when one of its networks is
  uint32_t max_addresses = 0;              // MAC entries it may learn in one network; 0: none
  std::vector<MacAddress> static_macs;     // entries in each of its networks

  // tap, veth, raw
  std::string device;

  // tap, veth: the endpoint inside its namespace
  std::optional<NetnsConfig> netns;  // without: the namespace uswitch runs in
  std::vector<IpPrefix> addresses;
  std::vector<RouteConfig> routes;
  std::optional<MacAddress> mac;  // without: the kernel draws one
  bool guard = false;  // hold the endpoint to its MAC and addresses, or autoconfigured ones

  // pcap: at least one of them
  std::string read_file, write_file;

  std::optional<TunnelConfig> tunnel;  // tunnel, socket

  bool operator==(const PortConfig&) const = default;
};

// Whether an endpoint's device is made for the port.
inline bool is_endpoint(const PortConfig& port) {
  return port.type == PortType::tap || port.type == PortType::veth;
}

// Whether the port is the host's own: a TAP device of the namespace uswitch runs in. The host is
// reached from every network, and speaks for what it forwards too.
bool is_host(const PortConfig& port);

enum class RouteType : uint8_t {
  via,     // by one of the hops, each a gateway
  onlink,  // by one hop, a network without a gateway
  blackhole,
  unreachable,
  prohibit,
};

// A route of the router.
struct RouterRouteConfig {
  struct Hop {
    std::string network;  // one with a router
    IpAddress gateway;    // with RouteType::onlink unspecified

    bool operator==(const Hop&) const = default;
  };
  static constexpr size_t max_hops = 16;

  IpPrefix to;  // host bits are zero; no other route's, and of no network
  RouteType type = RouteType::via;
  std::vector<Hop> hops;  // as `to` of IPv4 or of IPv6, all different

  bool operator==(const RouterRouteConfig&) const = default;
};

// What leaves by a network with another source. The first entry that fits holds, so none stands
// behind another one that takes all it could.
struct MasqueradeConfig {
  static constexpr size_t max_pool = 256;

  IpPrefix from;              // host bits are zero
  std::string out;            // a network with a router of from's family
  std::vector<IpAddress> to;  // of that family, all different; empty: the router's address there

  bool operator==(const MasqueradeConfig&) const = default;
};

// Ports of a published address, behind which an endpoint answers. No two entries take the same
// port of the same address.
struct PublishConfig {
  std::string on;  // a network with a router of to's family; empty: the host
  std::optional<IpAddress> address =
      {};  // of to's family; without: all that router or host have there
  uint16_t first_port = 0, last_port = 0;  // 1..65535, not descending
  bool tcp = false, udp = false;           // at least one of them
  IpAddress to;                            // in the prefix of some network's router
  uint16_t to_port = 0;  // of first_port; those behind it map one to one, to 65535 at most
  std::vector<IpPrefix> allow = {};  // clients, of to's family; empty: everybody

  bool operator==(const PublishConfig&) const = default;
};

// Whose packets pass to an inner end that has spoken to others (U-8, T-3).
enum class NatFiltering : uint8_t {
  endpoint_independent,        // everybody's
  address_dependent,           // those of addresses that it has spoken to
  address_and_port_dependent,  // those of addresses and ports that it has spoken to
};

bool operator==(const Timeouts& a, const Timeouts& b);

struct NatConfig {
  static constexpr size_t max_masquerade = 1024;  // entries, which are tried one by one

  bool present = false;  // the file has the section; without it nothing is translated or tracked
  std::vector<MasqueradeConfig> masquerade;  // in file order, which is that of matching
  std::vector<PublishConfig> publish;        // in file order
  NatFiltering filtering = NatFiltering::address_and_port_dependent;
  Timeouts timeouts;                  // each 1 s..Timeouts::longest
  uint32_t max_connections = 262144;  // 1024..16M

  bool operator==(const NatConfig&) const = default;
};

struct Config {
  unsigned workers = 1;           // 1..64
  IoKind io = IoKind::automatic;  // how workers read and write TAP devices
  std::string control = "/run/uswitch/uswitch.sock";
  LogConfig log;
  std::vector<NetworkConfig> networks;    // in file order, names unique
  std::vector<PortConfig> ports;          // in file order, then those of tunnels; names unique
  std::vector<RouterRouteConfig> routes;  // in file order
  bool routed_together = true;            // policy: open
  uint32_t max_neighbours = 131072;       // stations on all networks whose MAC the router knows
  NatConfig nat;

  std::string text;  // the file itself, for `show config`

  bool operator==(const Config&) const = default;
};

// Either a configuration without any error, or every error (at most ErrorList::limit) in file
// order.
using ConfigResult = std::variant<Config, std::vector<ConfigError>>;

// `file_name` is only for the messages.
ConfigResult parse_config(std::string_view text, std::string file_name);

// Reads the file first; one that cannot be read is an error without a line.
ConfigResult load_config(const std::string& path);

// The default for `workers` on a machine with this many CPUs: half of them, at least 1 and at most
// 4. The other half is for the applications, whose packets these are; and one worker, with nothing
// contended, does best on 1 and 2 CPUs.
unsigned default_workers(unsigned cpus);

}  // namespace uswitch
