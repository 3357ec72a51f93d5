// The keys of a port that configure a device inside a namespace.
#include <net/if.h>

#include <algorithm>

#include "control/config_sections.h"
#include "control/units.h"

namespace uswitch {
namespace {

constexpr std::string_view netns_forms = "a name under /run/netns, an absolute path or pid:N";
constexpr uint64_t largest_pid = 1 << 22;  // the kernel's PID_MAX_LIMIT
// The tun driver counts the Ethernet header within 65535.
constexpr uint16_t largest_mtu_of_tap = 65535 - 14;

// What the kernel's dev_valid_name() refuses, and what it would take for a pattern (%) or what
// every namespace has already (lo). "" when the name is fine.
std::string_view fault_of_device(std::string_view name) {
  if (name.size() >= IFNAMSIZ) return "has more than 15 characters";
  if (name == "." || name == "..") return "is no name of a device";
  if (name == "lo") return "is the loopback device";
  if (name.find_first_of("/: %") != std::string_view::npos)
    return "contains '/', ':', '%' or a space";
  return {};
}

bool is_netns_name(std::string_view text) {
  return text.find_first_of("/ ") == std::string_view::npos && text.size() <= 255 && text != "." &&
         text != "..";
}

std::optional<NetnsConfig> parse_pid(const std::string& text) {
  const auto pid = parse_integer(std::string_view(text).substr(4));
  if (!pid || *pid == 0 || *pid > largest_pid) return std::nullopt;
  return NetnsConfig{NetnsConfig::Kind::pid, text, static_cast<pid_t>(*pid)};
}

// A path to a name is the name, so that both count as the same namespace.
std::optional<NetnsConfig> parse_netns(const std::string& text) {
  if (text.starts_with("pid:")) return parse_pid(text);
  for (std::string_view directory : {"/run/netns/", "/var/run/netns/"}) {
    if (!text.starts_with(directory)) continue;
    const std::string name = text.substr(directory.size());
    if (!name.empty() && is_netns_name(name)) return NetnsConfig{NetnsConfig::Kind::name, name};
  }
  if (text.starts_with("/")) return NetnsConfig{NetnsConfig::Kind::path, text};
  if (is_netns_name(text)) return NetnsConfig{NetnsConfig::Kind::name, text};
  return std::nullopt;
}

std::optional<NetnsConfig> read_netns(const MapReader& map) {
  const YamlNode* node = map.find("netns");
  if (!node) return std::nullopt;
  const std::string text = map.text("netns", netns_forms);
  if (text.empty()) return std::nullopt;  // reported
  auto netns = parse_netns(text);
  if (!netns) {
    map.refuse(*node, quoted(text) + " is not a network namespace",
               "write " + std::string(netns_forms));
  }
  return netns;
}

void read_addresses(const MapReader& map, PortConfig& port) {
  for (const YamlNode& item : map.list("address", "[10.0.0.11/24]")) {
    if (auto prefix = read_host_address(map, item)) port.addresses.push_back(*prefix);
  }
  if (!map.has("address")) return;
  if (!map.has("network") && map.has("tagged")) {
    map.refuse_key(*map.find("address"), "'address' on a port that has only tagged networks",
                   "give it 'network' too: the device's addresses are used without a tag");
  }
  const bool v6 = std::any_of(port.addresses.begin(), port.addresses.end(),
                              [](const IpPrefix& p) { return !p.address.is_v4(); });
  if (v6 && port.mtu < smallest_mtu_of_ipv6) {
    map.refuse_key(*map.find("address"),
                   "an IPv6 address with an MTU of " + std::to_string(port.mtu),
                   "IPv6 needs an 'mtu' of at least " + std::to_string(smallest_mtu_of_ipv6));
  }
}

// On by itself with an address, but for the host, which sends what it forwards. Without one there
// is nothing to hold the endpoint to, unless the router's advertisements say which it makes for
// itself.
void read_guard(const MapReader& map, const NetworkConfig* network, PortConfig& port) {
  const bool wanted = map.boolean("guard", !port.addresses.empty() && !is_host(port));
  const bool known = !port.addresses.empty() || (network && network->advertise);
  port.guard = wanted && known;
  if (wanted && !known && !map.has("address")) {
    map.refuse(*map.find("guard"), "'guard' on a port without an address",
               "give the port the 'address' that it is to be held to");
  }
}

}  // namespace

std::string read_device(const MapReader& map) {
  const YamlNode* node = map.find("device");
  if (!node) {
    map.refuse_key(map.node(), "'device' is missing", "name the network device: 'device: eth0'");
    return {};
  }
  std::string name = map.text("device", "the name of a network device");
  if (auto fault = fault_of_device(name); !fault.empty()) {
    map.refuse(*node, "device name " + quoted(name) + " " + std::string(fault),
               "write a name such as eth0");
  }
  return name;
}

bool is_host(const PortConfig& port) {
  return port.type == PortType::tap && !port.netns;
}

void read_endpoint(const MapReader& map, const NetworkConfig* network, PortConfig& port) {
  port.netns = read_netns(map);
  if (const YamlNode* mac = map.find("mac")) port.mac = read_mac(map, *mac);
  if (port.type == PortType::tap && port.mtu > largest_mtu_of_tap) {
    map.refuse_key(map.has("mtu") ? *map.find("mtu") : map.node(),
                   "an MTU of " + std::to_string(port.mtu) + " on a TAP device",
                   "give the port an 'mtu' of at most " + std::to_string(largest_mtu_of_tap));
  }
  read_addresses(map, port);
  read_endpoint_routes(map, network, port);
  read_guard(map, network, port);
}

}  // namespace uswitch
