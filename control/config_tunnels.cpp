// The section `tunnels`. Each remote of a tunnel becomes a port, and each local address and UDP
// port one that reads for all of them: docs/design.md says why.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "control/config_sections.h"
#include "core/ids.h"

namespace uswitch {
namespace {

constexpr std::string_view tunnel_keys[] = {
    "type", "network", "vni",      "local",    "remotes", "port",         "device",
    "ttl",  "dscp",    "checksum", "suppress", "entries", "max_addresses"};
constexpr std::string_view entry_keys[] = {"mac", "remote"};
constexpr Choice<TunnelType> types[] = {{"vxlan", TunnelType::vxlan}, {"udp", TunnelType::udp}};
constexpr std::string_view example = "[192.0.2.2]";
constexpr size_t max_remotes = 1024;

uint16_t usual_port(TunnelType type) {
  return type == TunnelType::vxlan ? 4789
                                   : 8285;  // IANA's for VXLAN; none is assigned to the other
}

class TunnelReader {
 public:
  explicit TunnelReader(Config& config) : config_(config), networks_(config.networks) {
    for (const PortConfig& p : config.ports) names_.insert(p.name);
  }

  void read(const MapReader& map, const YamlNode& entry) {
    map.expect_keys(tunnel_keys);
    if (!map.node().is(YamlNode::Kind::map)) return;
    const NetworkConfig* network = read_network(map);
    TunnelConfig tunnel = read_tunnel(map, entry.key);
    const auto remotes = read_remotes(map, tunnel.socket.local);
    const auto statics = read_entries(map, remotes);
    check_socket(map, tunnel);
    if (names_.contains(tunnel.name)) return refuse_name(map, entry);
    if (!network) return;
    check_identity(map, tunnel, *network);
    const auto most = static_cast<uint32_t>(
        map.size("max_addresses", {0, network->max_addresses}, network->max_addresses));
    for (const IpAddress& remote : remotes) {
      PortConfig port;
      // The same whatever other remotes come and go: a reload knows ports by their names.
      port.name = tunnel.name + "/" + remote.to_string();
      port.type = PortType::tunnel;
      port.network = network->name;
      port.mtu = network->mtu;
      port.mtu_follows = network->mtu_follows;
      port.max_addresses = most;
      if (const auto at = statics.find(remote); at != statics.end()) port.static_macs = at->second;
      port.tunnel = tunnel;
      port.tunnel->remote = remote;
      config_.ports.push_back(std::move(port));
    }
  }

  // What reads for them.
  void add_sockets() {
    for (const auto& [where, first] : sockets_) {
      PortConfig port;
      port.name = "socket " + where.first.to_string() + " " + std::to_string(where.second);
      port.type = PortType::socket;
      port.mtu_follows = false;
      port.tunnel = first.tunnel;
      port.tunnel->name.clear();
      port.tunnel->network_id = 0;
      port.tunnel->dscp.reset();
      config_.ports.push_back(std::move(port));
    }
  }

 private:
  using Statics = std::map<IpAddress, std::vector<MacAddress>>;

  const NetworkConfig* read_network(const MapReader& map) const {
    if (const YamlNode* node = map.find("network")) return networks_.resolve(map, *node);
    map.refuse_key(map.node(), "'network' is missing", "name the network that spans the nodes");
    return nullptr;
  }

  TunnelConfig read_tunnel(const MapReader& map, const std::string& name) const {
    TunnelConfig tunnel;
    tunnel.name = name;
    if (!map.has("type"))
      map.refuse_key(map.node(), "'type' is missing", "write 'type: vxlan' or 'type: udp'");
    tunnel.type = map.choice<TunnelType>("type", types, TunnelType::vxlan);
    tunnel.network_id = static_cast<uint32_t>(map.integer("vni", {0, max_network_id}, 0));
    if (tunnel.type == TunnelType::vxlan && map.has("type") && !map.has("vni"))
      map.refuse_key(map.node(), "'vni' is missing", "write the network's VNI, such as 'vni: 42'");
    UdpOptions& socket = tunnel.socket;
    if (!map.has("local"))
      map.refuse_key(map.node(), "'local' is missing", "write an address of this node");
    else if (const auto local = read_address(map, *map.find("local")))
      socket.local = *local;
    socket.port = static_cast<uint16_t>(map.integer("port", {1, 65535}, usual_port(tunnel.type)));
    if (map.has("device")) socket.device = read_device(map);
    socket.ttl = static_cast<uint8_t>(map.integer("ttl", {1, 255}, socket.ttl));
    socket.checksum = map.boolean("checksum", socket.checksum);
    if (map.has("dscp")) tunnel.dscp = static_cast<uint8_t>(map.integer("dscp", {0, 63}, 0));
    tunnel.suppress = map.boolean("suppress", tunnel.suppress);
    socket.queues = config_.workers;
    return tunnel;
  }

  static std::optional<IpAddress> read_address(const MapReader& map, const YamlNode& node) {
    static constexpr std::string_view form = "an IP address of a node";
    const auto text = map.scalar(node, form);
    if (!text) return std::nullopt;
    const auto address = IpAddress::parse(*text);
    if (!address) {
      map.refuse(node, quoted(*text) + " is not an address", "write " + std::string(form));
      return std::nullopt;
    }
    const auto fault =
        address->is_link_local()
            ? std::string_view("a link-local address")
            : fault_of_host({*address, static_cast<uint8_t>(address->is_v4() ? 32 : 128)});
    if (fault.empty()) return address;
    map.refuse(node, quoted(*text) + " is " + std::string(fault),
               "write an address that one node has and others reach");
    return std::nullopt;
  }

  std::vector<IpAddress> read_remotes(const MapReader& map, const IpAddress& local) const {
    std::vector<IpAddress> remotes;
    if (!map.has("remotes")) {
      map.refuse_key(
          map.node(), "'remotes' is missing",
          "list the addresses of the other nodes: 'remotes: " + std::string(example) + "'");
      return remotes;
    }
    const auto items = one_or_list(map, "remotes", example);
    if (items.size() > max_remotes) {
      map.refuse(*map.find("remotes"), std::to_string(items.size()) + " remotes",
                 "a tunnel has 1 to " + std::to_string(max_remotes));
      return remotes;
    }
    const bool known = local != IpAddress{};
    for (const YamlNode& item : items) {
      const auto address = read_address(map, item);
      if (!address) continue;
      if (known && address->family() != local.family()) {
        map.refuse(item, "'local' and " + quoted(item.text) + " are of different IP versions",
                   "write addresses of the same one");
      } else if (*address == local) {
        map.refuse(item, quoted(item.text) + " is this node's own", "remove it");
      } else if (std::ranges::find(remotes, *address) != remotes.end()) {
        map.refuse(item, quoted(item.text) + " stands here twice", "remove one of them");
      } else {
        remotes.push_back(*address);
      }
    }
    return remotes;
  }

  static Statics read_entries(const MapReader& map, const std::vector<IpAddress>& remotes) {
    Statics statics;
    std::set<MacAddress> seen;
    for (const YamlNode& item :
         map.list("entries", "[{mac: 02:00:00:00:00:01, remote: 192.0.2.2}]")) {
      const MapReader entry(item, map.subject() + ": entry", map.errors());
      entry.expect_keys(entry_keys);
      if (!item.is(YamlNode::Kind::map)) continue;
      if (!entry.has("mac") || !entry.has("remote")) {
        entry.refuse(item, "'mac' or 'remote' is missing",
                     "write {mac: 02:00:00:00:00:01, remote: 192.0.2.2}");
        continue;
      }
      const auto mac = read_mac(entry, *entry.find("mac"));
      const auto remote = read_address(entry, *entry.find("remote"));
      if (!mac || !remote) continue;
      if (std::ranges::find(remotes, *remote) == remotes.end()) {
        entry.refuse(*entry.find("remote"), quoted(entry.find("remote")->text) + " is no remote",
                     "name one of 'remotes'");
      } else if (!seen.insert(*mac).second) {
        entry.refuse(*entry.find("mac"), "MAC " + mac->to_string() + " stands here twice",
                     "a station is behind one remote");
      } else {
        statics[*remote].push_back(*mac);
      }
    }
    return statics;
  }

  // Tunnels share the socket of their local address and port.
  void check_socket(const MapReader& map, const TunnelConfig& tunnel) {
    const UdpOptions& mine = tunnel.socket;
    if (mine.local == IpAddress{}) return;  // reported
    const int line = map.node().key_at.line;
    const auto [at, is_new] = sockets_.try_emplace({mine.local, mine.port}, First{tunnel, line});
    const First& first = at->second;
    if (is_new || (first.tunnel.type == tunnel.type && first.tunnel.socket == mine)) return;
    map.refuse_key(map.node(),
                   "another 'type', 'device', 'ttl' or 'checksum' than " +
                       quoted(first.tunnel.name) + " (line " + std::to_string(first.line) +
                       ") at the same address and port",
                   "tunnels at one 'local' and 'port' share a socket; write the same, or another "
                   "'port'");
  }

  // One number on a socket is one network (VX-10).
  void check_identity(const MapReader& map, const TunnelConfig& tunnel,
                      const NetworkConfig& network) {
    const auto [at, is_new] = identities_.emplace(
        std::tuple(tunnel.socket.local, tunnel.socket.port, tunnel.network_id), network.name);
    if (is_new || at->second == network.name) return;
    const YamlNode* vni = map.find("vni");
    map.refuse(vni ? *vni : map.node(),
               "VNI " + std::to_string(tunnel.network_id) + " is network " + quoted(at->second) +
                   " already at this address and port",
               "give each network its own");
  }

  static void refuse_name(const MapReader& map, const YamlNode& entry) {
    map.refuse_key(entry, quoted(entry.key) + " is the name of a port too",
                   "tunnels stand among the ports; give it another name");
  }

  struct First {
    TunnelConfig tunnel;
    int line;
  };

  Config& config_;
  NetworkIndex networks_;
  std::set<std::string> names_;  // of ports
  std::map<std::pair<IpAddress, uint16_t>, First> sockets_;
  std::map<std::tuple<IpAddress, uint16_t, uint32_t>, std::string> identities_;
};

// One remote's frames of one network come in by one port.
void check_remotes_together(const Config& config, const MapReader& section) {
  std::map<std::tuple<IpAddress, uint16_t, uint32_t, IpAddress>, std::string> seen;
  for (const PortConfig& p : config.ports) {
    if (p.type != PortType::tunnel) continue;
    const TunnelConfig& t = *p.tunnel;
    const auto [at, is_new] =
        seen.emplace(std::tuple(t.socket.local, t.socket.port, t.network_id, t.remote), t.name);
    if (is_new) continue;
    const auto is_it = [&](const YamlNode& entry) { return entry.key == t.name; };
    const auto entry = std::ranges::find_if(section.entries(), is_it);
    section.refuse_key(*entry,
                       "tunnel " + quoted(t.name) + ": remote " + t.remote.to_string() +
                           " with VNI " + std::to_string(t.network_id) + " is of tunnel " +
                           quoted(at->second) + " already",
                       "name a remote once for each network");
  }
}

}  // namespace

void read_tunnels(const MapReader& top, Config& config) {
  const YamlNode* node = top.map("tunnels");
  if (!node) return;
  const MapReader section(*node, "tunnels", top.errors());
  TunnelReader reader(config);
  for (const YamlNode& entry : section.entries()) {
    check_name(section, entry);
    reader.read(MapReader(entry, "tunnel " + quoted(entry.key), top.errors()), entry);
  }
  reader.add_sockets();
  check_remotes_together(config, section);
  if (config.ports.size() > max_ports)
    section.refuse_key(*node, std::to_string(config.ports.size()) + " ports and remotes",
                       "there can be " + std::to_string(max_ports));
}

}  // namespace uswitch
