// The routes of a port: inside the namespace of an endpoint, as its kernel will have them.
#include <algorithm>

#include "control/config_sections.h"

namespace uswitch {
namespace {

constexpr std::string_view route_keys[] = {"to", "via"};

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

const IpPrefix* first_of(const std::vector<IpPrefix>& addresses, Family family) {
  const auto found = std::find_if(addresses.begin(), addresses.end(),
                                  [&](const IpPrefix& p) { return p.address.family() == family; });
  return found == addresses.end() ? nullptr : &*found;
}

// The router's address that one of the port's addresses of this family reaches directly, or null.
const IpPrefix* router_for(const PortConfig& port, const NetworkConfig& network, Family family) {
  for (const IpPrefix& own : port.addresses) {
    if (own.address.family() != family) continue;
    for (const IpPrefix& router : network.router) {
      if (router.contains(own.address)) return &router;
    }
  }
  return nullptr;
}

void refuse_default(const MapReader& map, std::string_view kind, const IpPrefix& router) {
  const IpPrefix reached{router.network(), router.length};
  map.refuse(
      *map.find("routes"),
      "'routes: default' needs an " + std::string(kind) + " in a prefix of the network's router",
      "give the port one in " + reached.to_string() + ", or write the routes as a list");
}

// A family that only one of port and router has addresses of gets no route.
void add_defaults(const MapReader& map, const NetworkConfig& network, PortConfig& port) {
  for (const Family family : {Family::v4, Family::v6}) {
    const bool v4 = family == Family::v4;
    const IpPrefix* any_router = first_of(network.router, family);
    if (const IpPrefix* router = router_for(port, network, family)) {
      port.routes.push_back({{v4 ? IpAddress::from_v4(0) : IpAddress{}, 0}, router->address});
    } else if (any_router && first_of(port.addresses, family)) {
      refuse_default(map, v4 ? "IPv4 address" : "IPv6 address", *any_router);
      return;
    }
  }
  if (port.routes.empty()) refuse_default(map, "address", network.router.front());
}

void read_defaults(const MapReader& map, const NetworkConfig& network, PortConfig& port) {
  const YamlNode* addresses = map.find("address");
  if (addresses && addresses->children.size() > port.addresses.size()) return;  // reported
  if (!network.router.empty()) {
    add_defaults(map, network, port);
  } else {
    map.refuse(*map.find("routes"),
               "'routes: default' needs a router in network " + quoted(network.name),
               "give the network 'router: [10.0.0.1/24]', or write the routes as a list");
  }
}

}  // namespace

void read_endpoint_routes(const MapReader& map, const NetworkConfig* network, PortConfig& port) {
  const YamlNode* node = map.find("routes");
  if (!node) return;
  if (node->is(YamlNode::Kind::scalar) && node->text == "default") {
    if (network) read_defaults(map, *network, port);  // else reported
    return;
  }
  for (const YamlNode& item : map.list("routes", "[{to: 10.9.0.0/16, via: 10.0.0.2}]")) {
    read_route(map, item, port);
  }
}

}  // namespace uswitch
