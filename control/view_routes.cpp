#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

// Indexed by RouteKind.
constexpr std::array<std::string_view, 6> type_names = {"forward",   "local",       "broadcast",
                                                        "blackhole", "unreachable", "prohibit"};
static_assert(type_names[static_cast<size_t>(RouteKind::prohibit)] == "prohibit");
// Indexed by RouteOrigin.
constexpr std::array<std::string_view, 4> origin_names = {"local", "connected", "configured",
                                                          "host"};
static_assert(origin_names[static_cast<size_t>(RouteOrigin::host)] == "host");

// Those that come with each address of the router's own: rarely what somebody looks for.
bool is_plumbing(const RouteTarget& target) {
  return target.kind == RouteKind::local || target.kind == RouteKind::broadcast;
}

// The hops that mean something: local and broadcast have one whatever their count.
std::span<const RouteHop> hops_of(const RouteTarget& target) {
  return {target.hops.data(), is_plumbing(target) ? 1u : target.count};
}

struct Filter {
  std::optional<IpAddress> to;
  std::optional<size_t> network;  // index into Tables::networks
  std::optional<size_t> origin;   // index into origin_names
  size_t limit = 0;
  bool all = false;

  bool fits(const RouteTarget& target) const {
    const auto is_there = [&](const RouteHop& hop) { return hop.network == *network; };
    return (all || !is_plumbing(target)) &&
           (!origin || static_cast<size_t>(target.origin) == *origin) &&
           (!network || std::ranges::any_of(hops_of(target), is_there));
  }
};

// What asks for a local route by another parameter gets it.
Filter filter_of(const Tables& tables, const Query& query) {
  Parameters parameters(query);
  Filter filter;
  filter.to = parameters.address("to");
  filter.network = parameters.named("network", tables.networks);
  filter.origin = parameters.choice("origin", origin_names);
  filter.limit = parameters.limit();
  const bool all = parameters.flag("all");
  parameters.done();
  filter.all = all || filter.to || filter.origin == static_cast<size_t>(RouteOrigin::local);
  return filter;
}

json::object view_hop(const Tables& tables, const RouteHop& hop) {
  json::object out;
  out["network"] = hop.network < tables.networks.size()
                       ? json::value(tables.networks[hop.network].name)
                       : json::value(nullptr);
  out["gateway"] = hop.onlink ? json::value(nullptr) : json::value(hop.gateway.to_string());
  return out;
}

json::object view_route(const Tables& tables, const IpPrefix& prefix, const RouteTarget& target) {
  json::array via;
  for (RouteHop hop : hops_of(target)) {
    hop.onlink = hop.onlink || is_plumbing(target);
    via.push_back(view_hop(tables, hop));
  }
  json::object out;
  out["to"] = prefix.to_string();
  out["type"] = type_names[static_cast<size_t>(target.kind)];
  out["origin"] = origin_names[static_cast<size_t>(target.origin)];
  out["via"] = std::move(via);
  return out;
}

// Visits the route that packets to the address take, if there is one.
void visit_best(const RouteTable& routes, const IpAddress& to, const RouteTable::Visit& visit) {
  for (int length = to.is_v4() ? 32 : 128; length >= 0; --length) {
    const IpPrefix prefix{to, static_cast<uint8_t>(length)};
    if (const auto target = routes.get(prefix)) {
      return visit({prefix.network(), prefix.length}, *target);
    }
  }
}

}  // namespace

// Goes through all routes, however many are shown.
json::object view_routes(const ApiContext& context, const Query& query) {
  const Tables& tables = context.engine.tables();
  const Filter filter = filter_of(tables, query);
  const RouteTable* routes = tables.routing.routes.get();
  json::array entries;
  size_t left_out = 0;
  const auto visit = [&](const IpPrefix& prefix, const RouteTarget& target) {
    if (!filter.fits(target)) return;
    if (entries.size() == filter.limit) {
      ++left_out;
    } else {
      entries.push_back(view_route(tables, prefix, target));
    }
  };
  if (routes != nullptr && filter.to) visit_best(*routes, *filter.to, visit);
  if (routes != nullptr && !filter.to) routes->for_each(visit);
  return {{"routes", std::move(entries)},
          {"truncated", left_out > 0},
          {"left_out", left_out},
          {"entries", routes != nullptr ? routes->size() : 0}};
}

}  // namespace uswitch
