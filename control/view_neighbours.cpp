#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <tuple>

#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

using Entry = Neighbours::Entry;

// Indexed by NeighbourState.
constexpr std::array<std::string_view, neighbour_states> state_names = {
    "incomplete", "reachable", "stale", "delay", "probe", "failed", "permanent"};
static_assert(state_names[static_cast<size_t>(NeighbourState::permanent)] == "permanent");

struct Filter {
  std::optional<size_t> network;  // index into Tables::networks
  std::optional<IpAddress> address;
  std::optional<size_t> state;  // index into state_names
  size_t limit = 0;

  bool fits(const Entry& entry) const {
    return (!network || entry.network == *network) && (!address || entry.address == *address) &&
           (!state || static_cast<size_t>(entry.state) == *state);
  }
};

Filter filter_of(const Tables& tables, const Query& query) {
  Parameters parameters(query);
  Filter filter;
  filter.network = parameters.named("network", tables.networks);
  filter.address = parameters.address("address");
  filter.state = parameters.choice("state", state_names);
  filter.limit = parameters.limit();
  parameters.done();
  return filter;
}

// Those that fit, by network and address. Adds those beyond the limit to `left_out`.
std::vector<Entry> select(const Neighbours& neighbours, const Filter& filter, Time now,
                          size_t& left_out) {
  std::vector<Entry> entries;
  neighbours.for_each(now, [&](const Entry& entry) {
    if (!filter.fits(entry)) return;
    if (entries.size() == filter.limit) {
      ++left_out;
    } else {
      entries.push_back(entry);
    }
  });
  std::ranges::sort(entries, {}, [](const Entry& e) { return std::tie(e.network, e.address); });
  return entries;
}

json::object view_entry(const Tables& tables, const Entry& entry) {
  json::object out;
  out["network"] =
      entry.network < tables.networks.size() ? tables.networks[entry.network].name : "";
  out["address"] = entry.address.to_string();
  out["mac"] = entry.mac.is_zero() ? json::value(nullptr) : json::value(entry.mac.to_string());
  out["state"] = state_names[static_cast<size_t>(entry.state)];
  out["router"] = entry.router;
  out["age"] = std::chrono::duration_cast<std::chrono::seconds>(entry.age).count();
  return out;
}

}  // namespace

json::object view_neighbours(const ApiContext& context, const Query& query) {
  const Tables& tables = context.engine.tables();
  const Filter filter = filter_of(tables, query);
  const Neighbours* neighbours = tables.routing.neighbours.get();
  json::array entries;
  size_t left_out = 0;
  if (neighbours != nullptr) {
    for (const Entry& entry : select(*neighbours, filter, context.now, left_out)) {
      entries.push_back(view_entry(tables, entry));
    }
  }
  return {{"neighbours", std::move(entries)},
          {"truncated", left_out > 0},
          {"left_out", left_out},
          {"entries", neighbours != nullptr ? neighbours->size() : 0},
          {"max_entries", neighbours != nullptr ? neighbours->max_entries() : 0}};
}

}  // namespace uswitch
