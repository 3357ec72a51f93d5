// The section `ports`: the keys that every type has, and which type takes which key.
#include <algorithm>

#include "control/config_sections.h"
#include "control/units.h"
#include "core/ids.h"

namespace uswitch {
namespace {

constexpr Choice<PortType> port_types[] = {{"tap", PortType::tap},
                                           {"veth", PortType::veth},
                                           {"raw", PortType::raw},
                                           {"pcap", PortType::pcap}};

constexpr unsigned bit(PortType type) {
  return 1u << static_cast<unsigned>(type);
}
constexpr unsigned endpoint = bit(PortType::tap) | bit(PortType::veth);
constexpr unsigned any = endpoint | bit(PortType::raw) | bit(PortType::pcap);

struct PortKey {
  std::string_view name;
  unsigned types;  // bits of the types that take it
};
constexpr PortKey port_keys[] = {{"type", any},
                                 {"network", any},
                                 {"tagged", any},
                                 {"mtu", any},
                                 {"isolated", any},
                                 {"max_addresses", any},
                                 {"static", any},
                                 {"device", endpoint | bit(PortType::raw)},
                                 {"netns", endpoint},
                                 {"address", endpoint},
                                 {"routes", endpoint},
                                 {"mac", endpoint},
                                 {"guard", endpoint},
                                 {"read", bit(PortType::pcap)},
                                 {"write", bit(PortType::pcap)}};

// Why a known key is not for this type.
std::string_view why_not(PortType type) {
  switch (type) {
    case PortType::raw:
      return "a raw port takes over a device as it is, in the namespace uswitch runs in";
    case PortType::pcap:
      return "a pcap port has no device, only the files 'read' and 'write'";
    default:
      return "only a pcap port reads and writes files";
  }
}

std::string_view article_and_name(PortType type) {
  static constexpr std::string_view names[] = {"a tap port", "a veth port", "a raw port",
                                               "a pcap port"};
  return names[static_cast<size_t>(type)];
}

// Without a valid type every key that any type takes is let pass.
void check_port_keys(const MapReader& map, std::optional<PortType> type) {
  std::vector<std::string_view> names;
  for (const PortKey& key : port_keys) {
    if (!type || (key.types & bit(*type))) names.push_back(key.name);
  }
  for (const YamlNode& entry : map.entries()) {
    auto key = std::find_if(std::begin(port_keys), std::end(port_keys),
                            [&](const PortKey& k) { return k.name == entry.key; });
    if (key == std::end(port_keys)) {
      map.refuse_unknown(entry, names);
    } else if (type && !(key->types & bit(*type))) {
      map.refuse_key(entry, std::string(article_and_name(*type)) + " takes no " + quoted(entry.key),
                     "remove it; " + std::string(why_not(*type)));
    }
  }
}

std::optional<PortType> read_type(const MapReader& map) {
  if (!map.has("type")) {
    if (map.node().is(YamlNode::Kind::map)) {
      map.refuse_key(map.node(), "'type' is missing", "write one of tap, veth, raw, pcap");
    }
    return std::nullopt;
  }
  // A value outside of the enumeration tells a wrong type from each right one.
  const PortType none{std::size(port_types)};
  const auto type = map.choice<PortType>("type", port_types, none);
  return type == none ? std::nullopt : std::optional(type);
}

using Networks = std::vector<const NetworkConfig*>;  // those of one port

std::optional<uint16_t> read_vlan_id(const MapReader& map, const YamlNode& entry) {
  auto vid = parse_integer(entry.key);
  if (vid && *vid >= 1 && *vid <= 4094) return static_cast<uint16_t>(*vid);
  map.refuse_key(entry, quoted(entry.key) + " is not a VLAN id",
                 "write a whole number from 1 to 4094");
  return std::nullopt;
}

void read_tagged(const MapReader& map, const NetworkIndex& index, PortConfig& port,
                 Networks& networks) {
  const YamlNode* node = map.map("tagged");
  if (!node) return;
  for (const YamlNode& entry : node->children) {
    const auto vid = read_vlan_id(map, entry);
    const NetworkConfig* network = index.resolve(map, entry);
    if (!vid || !network) continue;
    // Frames of a network must leave with one tag, or none, not with either.
    if (std::find(networks.begin(), networks.end(), network) != networks.end()) {
      map.refuse(entry, "network " + quoted(network->name) + " is on this port already",
                 "a network has one VLAN on a port, or is the untagged one");
    } else {
      networks.push_back(network);
      port.tagged.emplace(*vid, network->name);
    }
  }
}

Networks read_membership(const MapReader& map, const NetworkIndex& index, PortConfig& port) {
  Networks networks;
  if (const YamlNode* node = map.find("network")) {
    if (const NetworkConfig* network = index.resolve(map, *node)) {
      port.network = network->name;
      networks.push_back(network);
    }
  }
  read_tagged(map, index, port, networks);
  const YamlNode* tagged = map.find("tagged");
  const bool tags_nothing = tagged && tagged->is(YamlNode::Kind::map) && tagged->children.empty();
  if (!map.has("network") && (!tagged || tags_nothing) && map.node().is(YamlNode::Kind::map)) {
    map.refuse_key(map.node(), "the port is in no network",
                   "give it 'network: NAME', 'tagged: {VLAN: NAME}' or both");
  }
  return networks;
}

// What follows from the port's networks unless it says otherwise itself.
void read_limits(const MapReader& map, const Networks& networks, PortConfig& port) {
  if (networks.empty()) return;  // reported
  uint16_t mtu = 0;
  uint32_t addresses = 0;
  bool isolated = false;
  for (const NetworkConfig* n : networks) {
    mtu = std::max(mtu, n->mtu);
    addresses = std::max(addresses, n->max_addresses);
    isolated |= n->isolated;
  }
  port.isolated = map.boolean("isolated", isolated);
  port.mtu = static_cast<uint16_t>(map.integer("mtu", {68, 65535}, mtu));
  port.mtu_follows = !map.has("mtu");
  if (port.mtu > mtu) {
    map.refuse(*map.find("mtu"),
               "an MTU of " + std::to_string(port.mtu) + " is above its network's",
               "write at most " + std::to_string(mtu) + ", or raise the network's 'mtu'");
  }
  // One endpoint must not fill the table for all; whole networks may be behind the others.
  constexpr uint32_t of_endpoint = 1024;
  const bool is_endpoint = bit(port.type) & endpoint;
  port.max_addresses = static_cast<uint32_t>(map.size(
      "max_addresses", {0, addresses}, is_endpoint ? std::min(of_endpoint, addresses) : addresses));
}

void read_static(const MapReader& map, PortConfig& port) {
  for (const YamlNode& item : map.list("static", "[02:00:00:00:00:01]")) {
    const auto mac = read_mac(map, item);
    if (mac) port.static_macs.push_back(*mac);
  }
}

void read_pcap(const MapReader& map, PortConfig& port) {
  port.read_file = map.text("read", "the path of a capture file");
  port.write_file = map.text("write", "the path of a capture file");
  if (!map.has("read") && !map.has("write")) {
    map.refuse_key(map.node(), "a pcap port without a file",
                   "give it 'read: FILE', 'write: FILE' or both");
  } else if (port.read_file == port.write_file && !port.read_file.empty()) {
    map.refuse(*map.find("write"), "the file would be written over while it is read",
               "write to another file");
  }
}

PortConfig read_port(const MapReader& map, const NetworkIndex& index, const std::string& name) {
  PortConfig port;
  port.name = name;
  const auto type = read_type(map);
  check_port_keys(map, type);
  port.type = type.value_or(PortType::tap);
  const Networks networks = read_membership(map, index, port);
  read_limits(map, networks, port);
  read_static(map, port);
  if (!type) return port;
  if (port.type == PortType::pcap) {
    read_pcap(map, port);
  } else {
    port.device = read_device(map);
  }
  if (bit(port.type) & endpoint) {
    read_endpoint(map, port.network ? networks.front() : nullptr, port);
  }
  return port;
}

}  // namespace

std::string_view to_string(PortType type) {
  if (type == PortType::tunnel) return "tunnel";
  if (type == PortType::socket) return "socket";
  return port_types[static_cast<size_t>(type)].name;
}

void read_ports(const MapReader& top, Config& config) {
  const YamlNode* node = top.map("ports");
  if (!node) return;
  const MapReader section(*node, "ports", top.errors());
  if (node->children.size() > max_ports) {
    section.refuse_key(*node, std::to_string(node->children.size()) + " ports",
                       "there can be " + std::to_string(max_ports));
    return;
  }
  const NetworkIndex index(config.networks);
  std::vector<const YamlNode*> nodes;
  for (const YamlNode& entry : section.entries()) {
    check_name(section, entry);
    const MapReader map(entry, "port " + quoted(entry.key), top.errors());
    config.ports.push_back(read_port(map, index, entry.key));
    nodes.push_back(&entry);
  }
  check_ports_together(config, nodes, top.errors());
}

}  // namespace uswitch
