// The section `routes`: those of the router.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "control/config_sections.h"

namespace uswitch {
namespace {

using Hop = RouterRouteConfig::Hop;

constexpr std::string_view route_keys[] = {"to", "via", "network", "type"};
constexpr std::string_view example = "[{to: 0.0.0.0/0, via: 10.0.0.254}]";
constexpr Choice<RouteType> types[] = {{"blackhole", RouteType::blackhole},
                                       {"unreachable", RouteType::unreachable},
                                       {"prohibit", RouteType::prohibit}};

const char* version_of(Family family) {
  return family == Family::v4 ? "IPv4" : "IPv6";
}

bool has_router(const NetworkConfig& network, Family family) {
  return std::any_of(network.router.begin(), network.router.end(),
                     [&](const IpPrefix& p) { return p.address.family() == family; });
}

// What the router reaches without any route: its own addresses, and the prefixes around them.
class Connected {
 public:
  explicit Connected(const std::vector<NetworkConfig>& networks) {
    for (const NetworkConfig& n : networks) {
      for (const IpPrefix& p : n.router) add(n, p);
    }
  }

  // The network that the prefix is on, or null.
  const NetworkConfig* at(const IpPrefix& prefix) const { return find(prefixes_, prefix); }
  // The network in which the address is the router's own, or null.
  const NetworkConfig* owner(const IpAddress& address) const { return find(own_, address); }

  // The longest connected prefix that the address is in, with the address itself.
  std::optional<IpPrefix> around(const IpAddress& address) const {
    const uint8_t longest = address.is_v4() ? 32 : 128;
    for (uint8_t length : lengths_) {
      const IpPrefix prefix{address, length};
      if (length <= longest && at({prefix.network(), length})) return prefix;
    }
    return std::nullopt;
  }

 private:
  template <class Map>
  static const NetworkConfig* find(const Map& map, const typename Map::key_type& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : found->second;
  }

  void add(const NetworkConfig& network, const IpPrefix& router) {
    prefixes_.emplace(IpPrefix{router.network(), router.length}, &network);
    own_.emplace(router.address, &network);
    lengths_.insert(router.length);
  }

  std::map<IpPrefix, const NetworkConfig*> prefixes_;
  std::map<IpAddress, const NetworkConfig*> own_;
  std::set<uint8_t, std::greater<>> lengths_;
};

// Of what kind addresses are that no router forwards to, or "".
std::string_view never_routed(const IpAddress& first) {
  if (first.is_multicast()) return "multicast";
  if (first.is_link_local()) return "link-local";
  if (first.is_loopback()) return "loopback";
  return {};
}

class RouteReader {
 public:
  explicit RouteReader(Config& config)
      : config_(config), networks_(config.networks), connected_(config.networks) {}

  void read(const MapReader& route) {
    route.expect_keys(route_keys);
    if (!route.node().is(YamlNode::Kind::map)) return;
    const auto to = read_to(route);
    if (route.has("type")) return read_type(route, to);
    const YamlNode* name = route.find("network");
    const NetworkConfig* network = name ? resolve(route, *name) : nullptr;
    if (name && !network) return;  // reported
    if (route.has("via")) return read_via(route, to, network);
    if (network) return read_onlink(route, to, *network);
    route.refuse(route.node(), "the route leads nowhere",
                 "give it 'via: ADDRESS', 'network: NAME' or 'type: blackhole'");
  }

 private:
  std::optional<IpPrefix> read_to(const MapReader& route) {
    const YamlNode* node = route.find("to");
    if (!node) {
      route.refuse(route.node(), "'to' is missing", "write {to: 10.9.0.0/16, via: 10.0.0.2}");
      return std::nullopt;
    }
    const auto to = read_destination(route, *node);
    if (!to || is_taken(route, *node, *to)) return std::nullopt;
    return to;
  }

  // True after reporting that no route can lead to this prefix.
  bool is_taken(const MapReader& route, const YamlNode& node, const IpPrefix& to) {
    const std::string text = to.to_string();
    const auto [first, is_new] = lines_.emplace(to, node.at.line);
    const bool is_host = to.length == (to.address.is_v4() ? 32 : 128);
    if (auto kind = never_routed(to.address); !kind.empty()) {
      route.refuse(node, text + " is a prefix of " + std::string(kind) + " addresses",
                   "remove the route: the router forwards to none of them");
    } else if (const NetworkConfig* n = is_host ? connected_.owner(to.address) : nullptr) {
      route.refuse(node, text + " is the router itself, in network " + quoted(n->name),
                   "remove the route");
    } else if (const NetworkConfig* on = connected_.at(to)) {
      route.refuse(node, text + " is on network " + quoted(on->name) + " already",
                   "remove the route: it follows from the network's 'router'");
    } else if (!is_new) {
      route.refuse(
          node,
          "a second route to " + text + "; the first is on line " + std::to_string(first->second),
          "remove one of them, or write the gateways as one list");
    } else {
      return false;
    }
    return true;
  }

  // A network with a router, or null after reporting why it is none.
  const NetworkConfig* resolve(const MapReader& route, const YamlNode& name) const {
    const NetworkConfig* network = networks_.resolve(route, name);
    if (!network || !network->router.empty()) return network;
    route.refuse(name, "network " + quoted(network->name) + " has no router",
                 "give the network 'router: [10.0.0.1/24]'");
    return nullptr;
  }

  void read_type(const MapReader& route, const std::optional<IpPrefix>& to) {
    const auto type = route.choice<RouteType>("type", types, RouteType::via);
    if (type == RouteType::via) return;  // reported
    for (std::string_view key : {"via", "network"}) {
      if (!route.has(key)) continue;
      route.refuse_key(*route.find(key),
                       quoted(key) + " on a route of type " + quoted(route.find("type")->text),
                       "packets end there; remove " + quoted(key) + " or 'type'");
      return;
    }
    if (to) config_.routes.push_back({*to, type, {}});
  }

  void read_onlink(const MapReader& route, const std::optional<IpPrefix>& to,
                   const NetworkConfig& network) {
    if (!to) return;
    const Family family = to->address.family();
    if (check_family(route, *route.find("network"), network, family)) {
      const IpAddress none = family == Family::v4 ? IpAddress::from_v4(0) : IpAddress{};
      config_.routes.push_back({*to, RouteType::onlink, {{network.name, none}}});
    }
  }

  // False after reporting that the router does not speak this version of IP there.
  static bool check_family(const MapReader& route, const YamlNode& at, const NetworkConfig& network,
                           Family family) {
    if (has_router(network, family)) return true;
    const std::string version = version_of(family);
    route.refuse(at, "the router has no " + version + " address in network " + quoted(network.name),
                 "give the network's 'router' one");
    return false;
  }

  // Without any error all of the gateways, which are at least one.
  void read_via(const MapReader& route, const std::optional<IpPrefix>& to,
                const NetworkConfig* network) {
    const auto items = one_or_list(route, "via", "[10.0.0.2, 10.0.0.3]");
    if (items.size() > RouterRouteConfig::max_hops) {
      route.refuse(*route.find("via"), std::to_string(items.size()) + " gateways",
                   "one route has at most " + std::to_string(RouterRouteConfig::max_hops));
      return;
    }
    RouterRouteConfig result;
    for (const YamlNode& item : items) {
      const auto hop = read_gateway(route, item, network);
      if (hop && check_hop(route, item, to, *hop, result.hops)) result.hops.push_back(*hop);
    }
    if (!to || result.hops.empty() || result.hops.size() < items.size()) return;  // reported
    result.to = *to;
    config_.routes.push_back(std::move(result));
  }

  std::optional<Hop> read_gateway(const MapReader& route, const YamlNode& item,
                                  const NetworkConfig* network) const {
    static constexpr std::string_view form =
        "the address of another router, in a network of this one";
    const auto text = route.scalar(item, form);
    if (!text) return std::nullopt;
    const auto via = IpAddress::parse(*text);
    if (!via) {
      route.refuse(item, quoted(*text) + " is not an address", "write " + std::string(form));
      return std::nullopt;
    }
    if (!via->is_v4() && via->is_link_local()) return read_link_local(route, item, *via, network);
    const auto around = connected_.around(*via);
    if (auto fault = fault_of_gateway(around, *via); !fault.empty()) {
      route.refuse(item, quoted(*text) + " " + fault, "write " + std::string(form));
      return std::nullopt;
    }
    const NetworkConfig* on = connected_.at({around->network(), around->length});
    if (!network || network == on) return Hop{on->name, *via};
    route.refuse(
        item,
        quoted(*text) + " is in network " + quoted(on->name) + ", not in " + quoted(network->name),
        "correct 'network', or remove it: the address says where it is");
    return std::nullopt;
  }

  // Why the router cannot reach this gateway directly, or "".
  std::string fault_of_gateway(const std::optional<IpPrefix>& around, const IpAddress& via) const {
    if (connected_.owner(via)) return "is the router's own address";
    if (!around) return "is in no network of the router";
    const std::string fault(fault_of_host(*around));
    return fault.empty() ? fault : "is " + fault;
  }

  // Every network has all of these addresses.
  static std::optional<Hop> read_link_local(const MapReader& route, const YamlNode& item,
                                            const IpAddress& via, const NetworkConfig* network) {
    if (!network) {
      route.refuse(item, quoted(item.text) + " is a link-local address, of any network",
                   "say which, with 'network: NAME'");
      return std::nullopt;
    }
    if (!check_family(route, item, *network, Family::v6)) return std::nullopt;
    return Hop{network->name, via};
  }

  // False after reporting that the gateway does not fit to the others, or to the destination.
  static bool check_hop(const MapReader& route, const YamlNode& item,
                        const std::optional<IpPrefix>& to, const Hop& hop,
                        const std::vector<Hop>& others) {
    if (to && to->address.family() != hop.gateway.family()) {
      route.refuse(item, "'to' and 'via' are of different IP versions",
                   "write addresses of the same one");
    } else if (std::find(others.begin(), others.end(), hop) != others.end()) {
      route.refuse(item, quoted(item.text) + " stands here twice", "remove one of them");
    } else {
      return true;
    }
    return false;
  }

  Config& config_;
  NetworkIndex networks_;
  Connected connected_;
  std::map<IpPrefix, int> lines_;  // of the first route to each prefix
};

// Where a default route leads is the outside, unless the network says otherwise itself.
void find_outside(const MapReader& top, Config& config) {
  for (const RouterRouteConfig& route : config.routes) {
    if (route.to.length > 0) continue;
    for (const Hop& hop : route.hops) {
      if (top.find("networks")->find(hop.network)->find("outside")) continue;
      std::find_if(config.networks.begin(), config.networks.end(), [&](const NetworkConfig& n) {
        return n.name == hop.network;
      })->outside = true;
    }
  }
}

}  // namespace

void read_routes(const MapReader& top, Config& config) {
  RouteReader reader(config);
  for (const YamlNode& item : top.list("routes", example)) {
    reader.read(MapReader(item, "route", top.errors()));
  }
  find_outside(top, config);
}

}  // namespace uswitch
