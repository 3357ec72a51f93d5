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

constexpr std::string_view network_keys[] = {"mtu", "ageing", "max_addresses", "isolated",
                                             "relay_bpdu"};

void check_network_keys(const MapReader& map) {
  for (const YamlNode& entry : map.entries()) {
    if (std::count(std::begin(network_keys), std::end(network_keys), entry.key)) continue;
    if (entry.key == "router") {
      map.refuse_key(entry, "this version of uswitch has no router yet", "remove 'router'");
    } else {
      map.refuse_unknown(entry, network_keys);
    }
  }
}

NetworkConfig read_network(const MapReader& map, const std::string& name) {
  check_network_keys(map);
  NetworkConfig network;
  network.name = name;
  network.mtu = static_cast<uint16_t>(map.integer("mtu", {68, 65535}, network.mtu));
  network.ageing = map.duration("ageing", std::chrono::seconds(10), std::chrono::seconds(1'000'000),
                                network.ageing);
  network.max_addresses =
      static_cast<uint32_t>(map.size("max_addresses", {1, 1 << 24}, network.max_addresses));
  network.isolated = map.boolean("isolated", network.isolated);
  network.relay_bpdu = map.boolean("relay_bpdu", network.relay_bpdu);
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
  for (const YamlNode& entry : section.entries()) {
    check_name(section, entry);
    const MapReader map(entry, "network " + quoted(entry.key), top.errors());
    config.networks.push_back(read_network(map, entry.key));
  }
}

}  // namespace uswitch
