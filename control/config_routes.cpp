// The section `routes`: those of the router.
#include <algorithm>
#include <map>
#include <set>

#include "control/config_sections.h"
#include "control/connected.h"

namespace uswitch {
namespace {

using Hop = RouterRouteConfig::Hop;

constexpr std::string_view route_keys[] = {"to", "via", "network", "type"};
constexpr std::string_view example = "[{to: 0.0.0.0/0, via: 10.0.0.254}]";
constexpr Choice<RouteType> types[] = {{"blackhole", RouteType::blackhole},
                                       {"unreachable", RouteType::unreachable},
                                       {"prohibit", RouteType::prohibit}};

class RouteReader {
 public:
  RouteReader(Config& config, bool translates)
      : config_(config),
        networks_(config.networks),
        connected_(config.networks),
        translates_(translates) {}

  void read(const MapReader& route) {
    route.expect_keys(route_keys);
    if (!route.node().is(YamlNode::Kind::map)) return;
    const auto to = read_to(route);
    if (route.has("type")) return read_type(route, to);
    const YamlNode* name = route.find("network");
    const NetworkConfig* network = name ? networks_.resolve_router(route, *name) : nullptr;
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
    if (check_router(route, *route.find("network"), network, family)) {
      const IpAddress none = family == Family::v4 ? IpAddress::from_v4(0) : IpAddress{};
      config_.routes.push_back({*to, RouteType::onlink, {{network.name, none}}});
    }
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
    if (auto fault = connected_.fault_of_station(*via); !fault.empty()) {
      route.refuse(item, quoted(*text) + " " + fault, "write " + std::string(form));
      return std::nullopt;
    }
    const NetworkConfig* on = connected_.network_around(*via);
    if (!network || network == on) return Hop{on->name, *via};
    route.refuse(
        item,
        quoted(*text) + " is in network " + quoted(on->name) + ", not in " + quoted(network->name),
        "correct 'network', or remove it: the address says where it is");
    return std::nullopt;
  }

  // Every network has all of these addresses.
  static std::optional<Hop> read_link_local(const MapReader& route, const YamlNode& item,
                                            const IpAddress& via, const NetworkConfig* network) {
    if (!network) {
      route.refuse(item, quoted(item.text) + " is a link-local address, of any network",
                   "say which, with 'network: NAME'");
      return std::nullopt;
    }
    if (!check_router(route, item, *network, Family::v6)) return std::nullopt;
    return Hop{network->name, via};
  }

  // False after reporting that the gateway does not fit to the others, or to the destination.
  bool check_hop(const MapReader& route, const YamlNode& item, const std::optional<IpPrefix>& to,
                 const Hop& hop, const std::vector<Hop>& others) const {
    if (to && to->address.family() != hop.gateway.family()) {
      route.refuse(item, "'to' and 'via' are of different IP versions",
                   "write addresses of the same one");
    } else if (std::find(others.begin(), others.end(), hop) != others.end()) {
      route.refuse(item, quoted(item.text) + " stands here twice", "remove one of them");
    } else if (translates_ && !others.empty() && others[0].network != hop.network) {
      route.refuse(
          item,
          "with 'nat', the gateways of a route are in one network, and " + quoted(item.text) +
              " is in " + quoted(hop.network) + " while the first is in " +
              quoted(others[0].network),
          "how a flow is translated follows from the network it leaves by; keep the gateways "
          "of one network");
    } else {
      return true;
    }
    return false;
  }

  Config& config_;
  NetworkIndex networks_;
  Connected connected_;
  bool translates_;                // the file has a section `nat`
  std::map<IpPrefix, int> lines_;  // of the first route to each prefix
};

}  // namespace

void read_routes(const MapReader& top, Config& config) {
  RouteReader reader(config, top.find("nat") != nullptr);
  for (const YamlNode& item : top.list("routes", example)) {
    reader.read(MapReader(item, "route", top.errors()));
  }
}

// What a network says itself holds. A published port alone does not end an isolation. Strangers are
// not told of a router without having been asked to.
void find_outside(const MapReader& top, Config& config) {
  std::set<std::string_view> outside;
  for (const RouterRouteConfig& route : config.routes) {
    if (route.to.length > 0) continue;
    for (const Hop& hop : route.hops) outside.insert(hop.network);
  }
  for (const MasqueradeConfig& m : config.nat.masquerade) outside.insert(m.out);
  std::set<std::string_view> published;
  for (const PublishConfig& p : config.nat.publish) published.insert(p.on);
  // The nodes of the networks are in their order.
  for (size_t i = 0; i < config.networks.size(); ++i) {
    NetworkConfig& n = config.networks[i];
    const YamlNode& node = top.find("networks")->children[i];
    if (!node.find("outside"))
      n.outside = outside.contains(n.name) || (published.contains(n.name) && !n.isolated);
    if (n.outside && !node.find("advertise")) n.advertise = false;
  }
}

}  // namespace uswitch
