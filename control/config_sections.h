// The sections of the configuration file, one function each; only control/config*.cpp and
// api_publish.cpp and api_ports.cpp use this.
//
// A later section is one more function here, one file, and one row in the table of top-level keys
// in config.cpp.
#pragma once
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "control/config.h"
#include "control/yaml_reader.h"

namespace uswitch {

// All of a file.
void read_document(const YamlNode& root, Config& config, ErrorList& errors);

// Each reads its section out of the map of top-level keys.
void read_log(const MapReader& top, Config& config);
void read_networks(const MapReader& top, Config& config);
void read_ports(const MapReader& top, Config& config);    // after the networks, which it refers to
void read_tunnels(const MapReader& top, Config& config);  // after the ports, which it adds to
void read_routes(const MapReader& top, Config& config);   // after the networks
void read_nat(const MapReader& top, Config& config);      // after the ports, which it refers to
void read_metrics(const MapReader& top, Config& config);

// Which networks are outside that do not say so themselves: where a default route leads, where
// sources are masqueraded, where ports are published. After the sections that tell.
void find_outside(const MapReader& top, Config& config);

// The keys of a network that are about its router.
void read_router(const MapReader& map, NetworkConfig& network);

// The parts of a port that configure an endpoint inside its namespace, and its device. `network` is
// that of its untagged frames, or null.
void read_endpoint(const MapReader& map, const NetworkConfig* network, PortConfig& port);
void read_endpoint_routes(const MapReader& map, const NetworkConfig* network, PortConfig& port);
std::string read_device(const MapReader& map);  // the key is there, or that it is not is reported

// One value that is an address, or nullopt after reporting why it is none: of one station with its
// prefix length, of a destination without host bits, the MAC of one station.
std::optional<IpPrefix> read_host_address(const MapReader& map, const YamlNode& node);
std::optional<IpPrefix> read_destination(const MapReader& map, const YamlNode& node);
std::optional<MacAddress> read_mac(const MapReader& map, const YamlNode& node);

// Why no single station can have this address, "a multicast address"; "" when one can.
std::string_view fault_of_host(const IpPrefix& prefix);

// Of what kind addresses are that no router forwards to, "multicast", or "".
std::string_view never_routed(const IpAddress& address);

// Linux takes no IPv6 address on a device with less (RFC 8200 5).
inline constexpr uint16_t smallest_mtu_of_ipv6 = 1280;

// The items of the list under this key, or the one scalar that stands there in its place.
std::span<const YamlNode> one_or_list(const MapReader& map, std::string_view key,
                                      std::string_view example);

// What no network or port can know alone. The nodes are their own, in the same order. Routers share
// no address and no prefix; ports share no device, file, address or MAC, with the router neither.
void check_routers_together(std::span<const NetworkConfig> networks,
                            std::span<const YamlNode* const> nodes, ErrorList& errors);
void check_ports_together(const Config& config, std::span<const YamlNode* const> nodes,
                          ErrorList& errors);

// Names of networks and ports: [A-Za-z0-9_.-]{1,64}. Reports one that is not.
void check_name(const MapReader& section, const YamlNode& entry);

const char* version_of(Family family);  // "IPv4"

// False after reporting that the router does not speak this version of IP there.
bool check_router(const MapReader& map, const YamlNode& at, const NetworkConfig& network,
                  Family family);

// Networks by name, for what refers to them.
class NetworkIndex {
 public:
  explicit NetworkIndex(const std::vector<NetworkConfig>& networks);

  bool contains(std::string_view name) const { return by_name_.contains(name); }

  // The network a value names, or null after reporting that there is none.
  const NetworkConfig* resolve(const MapReader& map, const YamlNode& node) const;
  // The same of a network with a router.
  const NetworkConfig* resolve_router(const MapReader& map, const YamlNode& node) const;

 private:
  std::unordered_map<std::string_view, const NetworkConfig*> by_name_;
  std::vector<std::string_view> names_;
};

}  // namespace uswitch
