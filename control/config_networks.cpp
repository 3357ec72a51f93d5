// The sections `log` and `networks`.
#include <algorithm>

#include "control/config_sections.h"
#include "core/ids.h"

namespace uswitch {
namespace {

constexpr std::string_view log_keys[] = {"level", "format"};
constexpr Choice<LogLevel> log_levels[] = {{"trace", LogLevel::trace},
                                           {"debug", LogLevel::debug},
                                           {"info", LogLevel::info},
                                           {"warning", LogLevel::warning},
                                           {"error", LogLevel::error}};
constexpr Choice<LogFormat> log_formats[] = {{"text", LogFormat::text}, {"json", LogFormat::json}};

constexpr std::string_view network_keys[] = {
    "mtu",        "ageing",       "max_addresses", "isolated",  "relay_bpdu", "router",
    "router_mac", "reverse_path", "clamp_mss",     "advertise", "outside"};

NetworkConfig read_network(const MapReader& map, const std::string& name) {
  map.expect_keys(network_keys);
  NetworkConfig network;
  network.name = name;
  network.mtu = static_cast<uint16_t>(map.integer("mtu", {68, 65535}, network.mtu));
  network.mtu_follows = !map.has("mtu");
  network.ageing = map.duration("ageing", std::chrono::seconds(10), std::chrono::seconds(1'000'000),
                                network.ageing);
  network.max_addresses =
      static_cast<uint32_t>(map.size("max_addresses", {1, 1 << 24}, network.max_addresses));
  network.isolated = map.boolean("isolated", network.isolated);
  network.relay_bpdu = map.boolean("relay_bpdu", network.relay_bpdu);
  read_router(map, network);
  return network;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

}  // namespace

void check_name(const MapReader& section, const YamlNode& entry) {
  const std::string& name = entry.key;
  if (!name.empty() && name.size() <= 64 &&
      std::all_of(name.begin(), name.end(), is_name_character)) {
    return;
  }
  section.refuse_key(entry, quoted(name) + " cannot be a name",
                     "a name is 1 to 64 of the characters A-Z a-z 0-9 _ . -");
}

NetworkIndex::NetworkIndex(const std::vector<NetworkConfig>& networks) {
  for (const NetworkConfig& n : networks) {
    by_name_.emplace(n.name, &n);
    names_.push_back(n.name);
  }
}

const NetworkConfig* NetworkIndex::resolve(const MapReader& map, const YamlNode& node) const {
  auto name = map.scalar(node, "the name of a network");
  if (!name) return nullptr;
  if (auto found = by_name_.find(*name); found != by_name_.end()) return found->second;
  std::string remedy = did_you_mean(*name, names_, "networks");
  if (remedy.empty()) remedy = "define it under 'networks'";
  map.refuse(node, "no network is named " + quoted(*name), std::move(remedy));
  return nullptr;
}

const NetworkConfig* NetworkIndex::resolve_router(const MapReader& map,
                                                  const YamlNode& node) const {
  const NetworkConfig* network = resolve(map, node);
  if (!network || !network->router.empty()) return network;
  map.refuse(node, "network " + quoted(network->name) + " has no router",
             "give the network 'router: [10.0.0.1/24]'");
  return nullptr;
}

const char* version_of(Family family) {
  return family == Family::v4 ? "IPv4" : "IPv6";
}

bool check_router(const MapReader& map, const YamlNode& at, const NetworkConfig& network,
                  Family family) {
  if (has_router(network, family)) return true;
  const std::string version = version_of(family);
  map.refuse(at, "the router has no " + version + " address in network " + quoted(network.name),
             "give the network's 'router' one");
  return false;
}

void read_log(const MapReader& top, Config& config) {
  const YamlNode* node = top.map("log");
  if (!node) return;
  const MapReader map(*node, "log", top.errors());
  map.expect_keys(log_keys);
  config.log.level = map.choice<LogLevel>("level", log_levels, config.log.level);
  config.log.format = map.choice<LogFormat>("format", log_formats, config.log.format);
}

void read_networks(const MapReader& top, Config& config) {
  const YamlNode* node = top.map("networks");
  if (!node) return;
  const MapReader section(*node, "networks", top.errors());
  // A NetworkId has as many values as a PortId.
  if (node->children.size() > max_ports) {
    section.refuse_key(*node, std::to_string(node->children.size()) + " networks",
                       "there can be " + std::to_string(max_ports));
    return;
  }
  std::vector<const YamlNode*> nodes;
  for (const YamlNode& entry : section.entries()) {
    check_name(section, entry);
    const MapReader map(entry, "network " + quoted(entry.key), top.errors());
    config.networks.push_back(read_network(map, entry.key));
    nodes.push_back(&entry);
  }
  check_routers_together(config.networks, nodes, top.errors());
}

}  // namespace uswitch
