// The keys of a port that configure a device inside a namespace.
#include <net/if.h>

#include <algorithm>

#include "control/config_sections.h"
#include "control/units.h"

namespace uswitch {
namespace {

constexpr std::string_view route_keys[] = {"to", "via"};
constexpr std::string_view netns_forms = "a name under /run/netns, an absolute path or pid:N";
constexpr uint64_t largest_pid = 1 << 22;  // the kernel's PID_MAX_LIMIT
// Linux takes no IPv6 address on a device with less (RFC 8200 5).
constexpr uint16_t smallest_mtu_of_ipv6 = 1280;
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

// Why no single station can have this address; "" when one can. RFC 6164 and RFC 3021 make both
// addresses of a two-address link usable; in a longer IPv6 prefix the first one is the
// Subnet-Router anycast address (RFC 4291 2.6.1).
std::string_view fault_of_host(const IpPrefix& prefix) {
  const IpAddress& a = prefix.address;
  const unsigned host_bits = (a.is_v4() ? 32u : 128u) - prefix.length;
  if (a.is_multicast()) return "a multicast address";
  if (a.is_unspecified()) return "the unspecified address";
  if (a.is_loopback()) return "a loopback address";
  if (a.is_v4() && a.v4() == 0xffffffff) return "the broadcast address";
  if (a.is_v4() && a.v4() >> 24 == 0) return "an address of 0.0.0.0/8";
  if (host_bits < 2) return {};
  if (a == prefix.network()) return "the address of the network itself";
  if (a.is_v4() && a == prefix.broadcast()) return "the network's broadcast address";
  return {};
}

std::optional<IpPrefix> read_address(const MapReader& map, const YamlNode& item) {
  static constexpr std::string_view form =
      "an address with its prefix length, such as 10.0.0.11/24";
  auto text = map.scalar(item, form);
  if (!text) return std::nullopt;
  auto prefix = IpPrefix::parse(*text);
  if (!prefix) {
    const bool bare = IpAddress::parse(*text).has_value();
    map.refuse(item, quoted(*text) + (bare ? " has no prefix length" : " is not an address"),
               "write " + std::string(form));
  } else if (auto fault = fault_of_host(*prefix); !fault.empty()) {
    map.refuse(item, quoted(*text) + " is " + std::string(fault),
               "write an address that one station can have");
    return std::nullopt;
  }
  return prefix;
}

void read_addresses(const MapReader& map, PortConfig& port) {
  for (const YamlNode& item : map.list("address", "[10.0.0.11/24]")) {
    if (auto prefix = read_address(map, item)) port.addresses.push_back(*prefix);
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

std::optional<IpPrefix> read_destination(const MapReader& route, const YamlNode& node) {
  static constexpr std::string_view form = "a prefix, such as 10.9.0.0/16";
  auto text = route.scalar(node, form);
  if (!text) return std::nullopt;
  auto prefix = IpPrefix::parse(*text);
  if (!prefix) {
    route.refuse(node, quoted(*text) + " is not a prefix", "write " + std::string(form));
  } else if (prefix->address != prefix->network()) {
    const IpPrefix meant{prefix->network(), prefix->length};
    route.refuse(node, quoted(*text) + " has bits set behind its prefix length",
                 "did you mean " + quoted(meant.to_string()) + "?");
    return std::nullopt;
  }
  return prefix;
}

// Why the endpoint cannot reach this gateway directly, or "".
std::string fault_of_gateway(const IpAddress& via, const std::vector<IpPrefix>& addresses) {
  if (!via.is_v4() && via.is_link_local()) return {};
  for (const IpPrefix& own : addresses) {
    if (!own.contains(via)) continue;
    if (own.address == via) return "is the port's own address";
    const std::string fault(fault_of_host({via, own.length}));
    return fault.empty() ? fault : "is " + fault;
  }
  return "is in no network of the port's addresses";
}

std::optional<IpAddress> read_gateway(const MapReader& route, const YamlNode& node,
                                      const std::vector<IpPrefix>& addresses) {
  static constexpr std::string_view form = "the address of a router that the port reaches directly";
  auto text = route.scalar(node, form);
  if (!text) return std::nullopt;
  auto via = IpAddress::parse(*text);
  if (!via) {
    route.refuse(node, quoted(*text) + " is not an address", "write " + std::string(form));
  } else if (auto fault = fault_of_gateway(*via, addresses); !fault.empty()) {
    route.refuse(node, quoted(*text) + " " + fault, "write " + std::string(form));
    return std::nullopt;
  }
  return via;
}

void add_route(const MapReader& route, const IpPrefix& to, const IpAddress& via,
               std::vector<RouteConfig>& routes) {
  if (to.address.family() != via.family()) {
    route.refuse(*route.find("via"), "'to' and 'via' are of different IP versions",
                 "write two addresses of the same one");
  } else if (std::any_of(routes.begin(), routes.end(), [&](auto& r) { return r.to == to; })) {
    route.refuse(*route.find("to"), "a second route to " + to.to_string(), "remove one of them");
  } else {
    routes.push_back({to, via});
  }
}

void read_route(const MapReader& map, const YamlNode& item, PortConfig& port) {
  const MapReader route(item, map.subject() + ": route", map.errors());
  route.expect_keys(route_keys);
  if (!item.is(YamlNode::Kind::map)) return;
  const YamlNode* to = route.find("to");
  const YamlNode* via = route.find("via");
  if (!to || !via) {
    route.refuse(item, to ? "'via' is missing" : "'to' is missing",
                 "write {to: 10.9.0.0/16, via: 10.0.0.2}");
  }
  const auto prefix = to ? read_destination(route, *to) : std::nullopt;
  const auto gateway = via ? read_gateway(route, *via, port.addresses) : std::nullopt;
  if (prefix && gateway) add_route(route, *prefix, *gateway, port.routes);
}

void read_routes(const MapReader& map, PortConfig& port) {
  const YamlNode* node = map.find("routes");
  if (!node) return;
  if (node->is(YamlNode::Kind::scalar) && node->text == "default") {
    map.refuse(*node,
               "'routes: default' needs the network's router, which this version has not yet",
               "write the routes: [{to: 0.0.0.0/0, via: 10.0.0.1}]");
    return;
  }
  for (const YamlNode& item : map.list("routes", "[{to: 10.9.0.0/16, via: 10.0.0.2}]")) {
    read_route(map, item, port);
  }
}

// On unless switched off; without an address there is nothing to hold the endpoint to.
void read_guard(const MapReader& map, PortConfig& port) {
  const bool wanted = map.boolean("guard", true);
  port.guard = wanted && !port.addresses.empty();
  if (wanted && map.has("guard") && !map.has("address")) {
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

std::optional<MacAddress> read_mac(const MapReader& map, const YamlNode& node) {
  static constexpr std::string_view form = "a MAC address, such as 02:00:00:00:00:01";
  auto text = map.scalar(node, form);
  if (!text) return std::nullopt;
  auto mac = MacAddress::parse(*text);
  if (!mac) {
    map.refuse(node, quoted(*text) + " is not a MAC address", "write " + std::string(form));
  } else if (mac->is_group() || mac->is_zero()) {
    map.refuse(node,
               quoted(*text) + (mac->is_zero() ? " is the zero address" : " is a group address"),
               "write the address of one station: its first byte is even");
    return std::nullopt;
  }
  return mac;
}

void read_endpoint(const MapReader& map, PortConfig& port) {
  port.netns = read_netns(map);
  if (const YamlNode* mac = map.find("mac")) port.mac = read_mac(map, *mac);
  if (port.type == PortType::tap && port.mtu > largest_mtu_of_tap) {
    map.refuse_key(map.has("mtu") ? *map.find("mtu") : map.node(),
                   "an MTU of " + std::to_string(port.mtu) + " on a TAP device",
                   "give the port an 'mtu' of at most " + std::to_string(largest_mtu_of_tap));
  }
  read_addresses(map, port);
  read_routes(map, port);
  read_guard(map, port);
}

}  // namespace uswitch
