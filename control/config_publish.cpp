// The list `publish` of the section `nat`.
#include <algorithm>
#include <set>

#include "control/config_nat.h"
#include "control/published_ports.h"
#include "control/units.h"

namespace uswitch {
namespace {

constexpr std::string_view publish_keys[] = {"on", "address", "port", "proto", "to", "allow"};
constexpr std::string_view transports[] = {"tcp", "udp"};
constexpr std::string_view example = "{on: outside, port: 8080, proto: tcp, to: \"10.0.0.11:80\"}";
constexpr std::string_view host_name = "host";

struct PortRange {
  uint16_t first, last;

  unsigned size() const { return last - first + 1u; }
  std::string to_string() const {
    return std::to_string(first) + (first == last ? "" : "-" + std::to_string(last));
  }
};

std::optional<uint16_t> parse_port(std::string_view text) {
  const auto port = parse_integer(text);
  if (!port || *port < 1 || *port > 65535) return std::nullopt;
  return static_cast<uint16_t>(*port);
}

// "8080", or "9000-9099"; the latter may descend.
std::optional<PortRange> parse_ports(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = parse_port(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_port(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  return PortRange{*first, *last};
}

// Where connections end: "10.0.0.11", "10.0.0.11:80", "[fd00:a::11]:9000-9099".
struct Target {
  IpAddress address;
  std::optional<PortRange> ports;
};

std::optional<Target> parse_target(std::string_view text) {
  const bool bracket = text.starts_with('[');
  const size_t end = bracket ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) return std::nullopt;
  const auto address = IpAddress::parse(text.substr(bracket, end - bracket));
  if (!address || address->is_v4() == bracket) return std::nullopt;
  const std::string_view rest = text.substr(end + bracket);
  if (rest.empty()) return Target{*address, std::nullopt};
  const auto ports = rest[0] == ':' ? parse_ports(rest.substr(1)) : std::nullopt;
  if (!ports) return std::nullopt;
  return Target{*address, ports};
}

class PublishReader {
 public:
  PublishReader(const NatPlaces& places, NatConfig& config)
      : places_(places), config_(config), published_(places.connected()) {}

  void read(const MapReader& entry) {
    auto result = read_alone(entry, true);
    if (result && !is_taken(entry, *result)) config_.publish.push_back(std::move(*result));
  }

  // Whatever else is published. `whole`: it must say where it leads; else it may.
  std::optional<PublishConfig> read_alone(const MapReader& entry, bool whole) const {
    entry.expect_keys(publish_keys);
    if (!entry.node().is(YamlNode::Kind::map)) return std::nullopt;
    PublishConfig result;
    const auto ports = read_ports(entry);
    const bool leads = whole || entry.has("to");
    const auto target = leads ? read_target(entry) : std::nullopt;
    const auto family = target ? std::optional(target->address.family()) : std::nullopt;
    bool right = read_transports(entry, result);
    right = read_allow(entry, family, result) && right;
    right = read_on(entry, family, result) && right;
    if (!right || !ports || leads != target.has_value()) return std::nullopt;
    result.first_port = ports->first;
    result.last_port = ports->last;
    if (target && !map_ports(entry, *ports, *target, result)) return std::nullopt;
    return result;
  }

 private:
  static std::optional<PortRange> read_ports(const MapReader& entry) {
    static constexpr std::string_view form = "a port from 1 to 65535, or a range such as 9000-9099";
    if (!require_key(entry, "port", example)) return std::nullopt;
    const YamlNode& node = *entry.find("port");
    const auto text = entry.scalar(node, form);
    const auto ports = text ? parse_ports(*text) : std::nullopt;
    if (text && !ports) {
      entry.refuse(node, "'port' is " + quoted(*text), "write " + std::string(form));
    } else if (ports && ports->last < ports->first) {
      entry.refuse(
          node, "'port' is " + quoted(*text) + ", which ends before it begins",
          "did you mean " + quoted(PortRange{ports->last, ports->first}.to_string()) + "?");
      return std::nullopt;
    }
    return ports;
  }

  std::optional<Target> read_target(const MapReader& entry) const {
    static constexpr std::string_view form =
        R"(an endpoint's address and port, such as "10.0.0.11:80" or "[fd00:a::11]:80")";
    if (!require_key(entry, "to", example)) return std::nullopt;
    const YamlNode& node = *entry.find("to");
    const auto text = entry.scalar(node, form);
    if (!text) return std::nullopt;
    const auto target = parse_target(*text);
    if (!target) {
      const bool bare = IpAddress::parse(*text).has_value();
      entry.refuse(node, quoted(*text) + (bare ? " has no brackets" : " is not an endpoint"),
                   bare ? "write \"[" + std::string(*text) + "]\", and ':PORT' behind it"
                        : "write " + std::string(form));
    } else if (auto fault = places_.connected().fault_of_station(target->address); !fault.empty()) {
      entry.refuse(node, quoted(target->address.to_string()) + " " + fault,
                   "write the address of an endpoint in a network with a router");
      return std::nullopt;
    }
    return target;
  }

  // Without a port in `to` each one maps to the same.
  static bool map_ports(const MapReader& entry, const PortRange& ports, const Target& target,
                        PublishConfig& result) {
    const PortRange to = target.ports.value_or(ports);
    const YamlNode& node = *entry.find("to");
    if (to.last < to.first) {
      entry.refuse(node, "the ports " + to.to_string() + " end before they begin",
                   "did you mean " + quoted(PortRange{to.last, to.first}.to_string()) + "?");
    } else if (to.size() > 1 && to.size() != ports.size()) {
      entry.refuse(node,
                   "'to' has " + std::to_string(to.size()) + " ports, 'port' has " +
                       std::to_string(ports.size()),
                   "write as many, or only the first of 'to'");
    } else if (to.first + ports.size() - 1 > 65535) {
      entry.refuse(node,
                   std::to_string(ports.size()) + " ports from " + std::to_string(to.first) +
                       " on end behind 65535",
                   "write a lower first port, at most " + std::to_string(65536 - ports.size()));
    } else {
      result.to = target.address;
      result.to_port = to.first;
      return true;
    }
    return false;
  }

  static bool read_transports(const MapReader& entry, PublishConfig& result) {
    if (!entry.has("proto")) return result.tcp = true;
    bool right = true;
    for (const YamlNode& item : one_or_list(entry, "proto", "[tcp, udp]")) {
      right = read_transport(entry, item, result) && right;
    }
    return right && (result.tcp || result.udp);
  }

  static bool read_transport(const MapReader& entry, const YamlNode& item, PublishConfig& result) {
    const auto word = entry.scalar(item, "tcp or udp");
    if (!word) return false;
    const bool udp = *word == transports[1];
    bool& wanted = udp ? result.udp : result.tcp;
    if (!udp && *word != transports[0]) {
      entry.refuse(item, "unknown proto " + quoted(*word),
                   did_you_mean(*word, transports, "protos"));
    } else if (wanted) {
      entry.refuse(item, quoted(*word) + " stands here twice", "remove one of them");
    } else {
      return wanted = true;
    }
    return false;
  }

  static bool read_allow(const MapReader& entry, std::optional<Family> family,
                         PublishConfig& result) {
    std::set<IpPrefix> all;
    const auto items = one_or_list(entry, "allow", "[192.0.2.0/24]");
    for (const YamlNode& item : items) {
      const auto prefix = read_destination(entry, item);
      if (!prefix || !check_family(entry, item, prefix->address, family)) continue;
      if (!all.insert(*prefix).second) {
        entry.refuse(item, quoted(item.text) + " stands here twice", "remove one of them");
      } else {
        result.allow.push_back(*prefix);
      }
    }
    return result.allow.size() == items.size() && entry.has("allow") == !items.empty();
  }

  // Without a family `to` was refused already.
  static bool check_family(const MapReader& entry, const YamlNode& at, const IpAddress& address,
                           std::optional<Family> family) {
    if (!family || address.family() == *family) return true;
    entry.refuse(
        at, quoted(at.key.empty() ? at.text : at.key) + " and 'to' are of different IP versions",
        "write addresses of the same one");
    return false;
  }

  bool read_on(const MapReader& entry, std::optional<Family> family, PublishConfig& result) const {
    const bool address = read_public(entry, family, result);
    if (!require_key(entry, "on", example)) return false;
    const YamlNode& node = *entry.find("on");
    if (node.is(YamlNode::Kind::scalar) && node.text == host_name) {
      return check_host(entry, node, family) && address &&
             check_public(entry, result, "write an address of the host",
                          [&](const IpAddress& a) { return places_.fault_of_host_address(a); });
    }
    const NetworkConfig* on = places_.resolve(entry, "on", family);
    if (!on || !address) return false;
    result.on = on->name;
    return check_public(entry, result, "write an address that is routed here, and is no station's",
                        [&](const IpAddress& a) { return places_.fault_of_public(a, *on); });
  }

  // The host accepts the connections, and opens others to the endpoint, by its own port.
  bool check_host(const MapReader& entry, const YamlNode& node,
                  std::optional<Family> family) const {
    if (places_.has_network(host_name)) {
      entry.refuse(node, "'host' is the host here, and the name of a network",
                   "rename the network");
    } else if (family && !places_.host_reaches(*family)) {
      entry.refuse(node, "the host has no " + std::string(version_of(*family)) + " way to 'to'",
                   "give it one: a port {type: tap, device: usw0, network: NAME} without 'netns', "
                   "in a network with a router");
    } else {
      return true;
    }
    return false;
  }

  static bool read_public(const MapReader& entry, std::optional<Family> family,
                          PublishConfig& result) {
    const YamlNode* node = entry.find("address");
    if (!node) return true;
    result.address = read_address(entry, *node, "the address that is published");
    return result.address && check_family(entry, *node, *result.address, family);
  }

  template <class FaultOf>
  static bool check_public(const MapReader& entry, const PublishConfig& result, std::string remedy,
                           const FaultOf& fault_of) {
    const std::string fault = result.address ? fault_of(*result.address) : "";
    if (fault.empty()) return true;
    const YamlNode& node = *entry.find("address");
    entry.refuse(node, quoted(node.text) + " " + fault, std::move(remedy));
    return false;
  }

  // True after reporting that an earlier entry has one of the ports.
  bool is_taken(const MapReader& entry, const PublishConfig& result) {
    const auto line = published_.claim(result, entry.node().at.line);
    if (!line) return false;
    const YamlNode& node = *entry.find("port");
    const bool range = result.first_port != result.last_port;
    entry.refuse(node,
                 (range ? "one of the ports " : "port ") + node.text +
                     " is published by the entry on line " + std::to_string(*line) + " already",
                 "publish each port of an address once");
    return true;
  }

  const NatPlaces& places_;
  NatConfig& config_;
  PublishedPorts published_;
};

}  // namespace

void read_publish(const MapReader& nat, const NatPlaces& places, NatConfig& config) {
  PublishReader reader(places, config);
  for (const YamlNode& item : nat.list("publish", "[" + std::string(example) + "]")) {
    reader.read(MapReader(item, "publish", nat.errors()));
  }
}

std::optional<PublishConfig> read_publish_alone(const MapReader& entry, const NatPlaces& places,
                                                bool whole) {
  NatConfig none;
  return PublishReader(places, none).read_alone(entry, whole);
}

}  // namespace uswitch
