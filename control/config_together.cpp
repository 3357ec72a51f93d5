// What ports must not share: a device, a file that is written, and within one network an IP or a
// MAC address, which the router there has too.
#include <unordered_map>

#include "control/config_sections.h"

namespace uswitch {
namespace {

class SharedThings {
 public:
  explicit SharedThings(ErrorList& errors) : errors_(errors) {}

  void add_router(const NetworkConfig& network) {
    const Owner router{nullptr, 0};
    for (const IpPrefix& p : network.router) {
      owners_.emplace("address " + network.name + " " + p.address.to_string(), router);
    }
    if (network.router_mac) {
      owners_.emplace("mac " + network.name + " " + network.router_mac->to_string(), router);
    }
  }

  void check(const PortConfig& port, const YamlNode& node) {
    check_device(port, node);
    if (!port.write_file.empty()) {
      claim("write " + port.write_file, port, node, *node.find("write"),
            "file " + quoted(port.write_file) + " is written", "write to another file");
    }
    check_addresses(port, node);
    check_macs(port, node);
  }

 private:
  void check_device(const PortConfig& port, const YamlNode& node) {
    if (port.device.empty()) return;
    const std::string netns = port.netns ? port.netns->text : "";
    // A space stands in neither name.
    claim("device " + netns + " " + port.device, port, node, *node.find("device"),
          "device " + quoted(port.device) + (netns.empty() ? "" : " in " + quoted(netns)) +
              " is used",
          "a device belongs to one port; rename or remove one");
  }

  void check_addresses(const PortConfig& port, const YamlNode& node) {
    if (!port.network || port.addresses.empty()) return;
    for (const YamlNode& item : node.find("address")->children) {
      const auto prefix = IpPrefix::parse(item.text);
      if (!prefix) continue;  // reported
      const std::string address = prefix->address.to_string();
      claim("address " + *port.network + " " + address, port, node, item,
            "address " + address + " is used",
            "give each port of network " + quoted(*port.network) + " its own");
    }
  }

  void check_macs(const PortConfig& port, const YamlNode& node) {
    if (port.mac) claim_mac(*port.mac, port, node, *node.find("mac"));
    if (port.static_macs.empty()) return;
    for (const YamlNode& item : node.find("static")->children) {
      const auto mac = MacAddress::parse(item.text);
      if (mac && mac != port.mac) claim_mac(*mac, port, node, item);
    }
  }

  // A device has its MAC on all its VLANs, and static entries stand in each network too.
  void claim_mac(const MacAddress& mac, const PortConfig& port, const YamlNode& node,
                 const YamlNode& at) {
    const std::string text = mac.to_string();
    auto claim_in = [&](const std::string& network) {
      return claim("mac " + network + " " + text, port, node, at, "MAC " + text + " is used",
                   "in network " + quoted(network) + " a MAC is behind one port");
    };
    if (port.network && !claim_in(*port.network)) return;
    for (const auto& [vid, network] : port.tagged) {
      if (!claim_in(network)) return;
    }
  }

  // False after reporting that the thing is another port's.
  bool claim(std::string thing, const PortConfig& port, const YamlNode& node, const YamlNode& at,
             const std::string& what, std::string remedy) {
    auto [first, is_new] = owners_.emplace(std::move(thing), Owner{&port, node.key_at.line});
    if (is_new) return true;
    errors_.add(at.at, "port " + quoted(port.name) + ": " + what + " " + by(first->second, port),
                std::move(remedy));
    return false;
  }

  struct Owner {
    const PortConfig* port;  // null: the router
    int line;
  };

  static std::string by(const Owner& owner, const PortConfig& port) {
    if (!owner.port) return "by the router already";
    if (owner.port == &port) return "twice";
    return "by port " + quoted(owner.port->name) + " (line " + std::to_string(owner.line) +
           ") already";
  }

  std::unordered_map<std::string, Owner> owners_;
  ErrorList& errors_;
};

}  // namespace

void check_ports_together(const Config& config, std::span<const YamlNode* const> nodes,
                          ErrorList& errors) {
  SharedThings shared(errors);
  for (const NetworkConfig& n : config.networks) shared.add_router(n);
  for (size_t i = 0; i < nodes.size(); ++i) shared.check(config.ports[i], *nodes[i]);
}

}  // namespace uswitch
