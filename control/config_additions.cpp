#include "control/config_additions.h"

#include <algorithm>

#include "control/config_sections.h"
#include "control/yaml_write.h"

namespace uswitch {

namespace {

using Kind = YamlNode::Kind;

void set(YamlNode& map, std::string key, YamlNode value) {
  map.children.push_back(std::move(value));
  map.children.back().key = std::move(key);
}

// The map's child of this key, made when it is missing or empty.
YamlNode& section(YamlNode& map, const std::string& key, Kind kind) {
  auto found = std::ranges::find(map.children, key, &YamlNode::key);
  if (found == map.children.end()) {
    set(map, key, {});
    found = std::prev(map.children.end());
  }
  if (!found->is(kind)) found->kind = kind;
  return *found;
}

std::string ports_text(uint16_t first, uint16_t last) {
  return std::to_string(first) + (first == last ? "" : "-" + std::to_string(last));
}

std::string target_text(const PublishConfig& entry) {
  const auto last = static_cast<uint16_t>(entry.to_port + (entry.last_port - entry.first_port));
  const std::string address = entry.to.to_string();
  return (entry.to.is_v4() ? address : "[" + address + "]") + ":" + ports_text(entry.to_port, last);
}

YamlNode list_of(const std::vector<std::string>& items) {
  YamlNode list{.kind = Kind::sequence};
  for (const std::string& item : items) list.children.push_back(scalar_node(item, true));
  return list;
}

// An entry as the file would have it.
YamlNode publish_node(const PublishConfig& entry) {
  YamlNode node{.kind = Kind::map};
  std::vector<std::string> protocols, clients;
  if (entry.tcp) protocols.emplace_back("tcp");
  if (entry.udp) protocols.emplace_back("udp");
  for (const IpPrefix& prefix : entry.allow) clients.push_back(prefix.to_string());
  set(node, "on", scalar_node(entry.on.empty() ? "host" : entry.on, true));
  if (entry.address) set(node, "address", scalar_node(entry.address->to_string(), true));
  set(node, "port", scalar_node(ports_text(entry.first_port, entry.last_port), true));
  set(node, "proto", list_of(protocols));
  set(node, "to", scalar_node(target_text(entry), false));
  if (!clients.empty()) set(node, "allow", list_of(clients));
  return node;
}

// What the file has itself is the file's from now on.
void take_out_known(const Config& file, Additions& additions) {
  for (const PortConfig& port : file.ports) {
    if (!additions.removed_ports.contains(port.name)) additions.ports.erase(port.name);
  }
  std::erase_if(additions.published, [&](const PublishConfig& entry) {
    return std::ranges::find(file.nat.publish, entry) != file.nat.publish.end() &&
           std::ranges::find(additions.unpublished, entry) == additions.unpublished.end();
  });
}

void graft_ports(YamlNode& root, const Additions& additions) {
  if (additions.ports.empty() && additions.removed_ports.empty()) return;
  YamlNode& ports = section(root, "ports", Kind::map);
  std::erase_if(ports.children,
                [&](const YamlNode& port) { return additions.removed_ports.contains(port.key); });
  for (const auto& [name, port] : additions.ports) set(ports, name, port);
}

// The file's entries stand in its document in the order in which they were read.
void graft_published(YamlNode& root, const Config& file, const Additions& additions) {
  if (additions.published.empty() && additions.unpublished.empty()) return;
  YamlNode& list = section(section(root, "nat", Kind::map), "publish", Kind::sequence);
  std::vector<YamlNode> entries;
  for (size_t i = 0; i < list.children.size(); ++i) {
    const auto& gone = additions.unpublished;
    const bool stays = std::ranges::find(gone, file.nat.publish[i]) == gone.end();
    if (stays) entries.push_back(std::move(list.children[i]));
  }
  for (const PublishConfig& entry : additions.published) entries.push_back(publish_node(entry));
  list.children = std::move(entries);
}

// A port that is published at run time, or taken back, does not tell what its network is: that
// stays as the file alone makes it. The nodes of the networks are in their order.
void keep_outside(YamlNode& root, const Config& file, const Additions& additions) {
  std::set<std::string_view> touched;
  for (const auto* entries : {&additions.published, &additions.unpublished}) {
    for (const PublishConfig& entry : *entries) touched.insert(entry.on);
  }
  YamlNode& networks = section(root, "networks", Kind::map);
  for (size_t i = 0; i < file.networks.size(); ++i) {
    const NetworkConfig& network = file.networks[i];
    YamlNode& node = networks.children[i];
    if (touched.contains(network.name) && !node.find("outside"))
      set(node, "outside", scalar_node(network.outside ? "true" : "false", true));
  }
}

}  // namespace

ConfigResult parse_config(std::string_view text, std::string file_name, Additions& additions) {
  ConfigResult file = parse_config(text, file_name);
  if (!std::holds_alternative<Config>(file)) return file;
  take_out_known(std::get<Config>(file), additions);
  if (additions.none()) return file;

  ErrorList errors(std::move(file_name));
  YamlNode root = parse_yaml(text, errors);
  graft_ports(root, additions);
  graft_published(root, std::get<Config>(file), additions);
  keep_outside(root, std::get<Config>(file), additions);
  Config config;
  try {
    read_document(root, config, errors);
  } catch (const ErrorList::TooMany&) {
  }
  if (!errors.empty()) return errors.take();
  config.text = write_yaml(root);
  return config;
}

}  // namespace uswitch
