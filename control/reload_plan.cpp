#include "control/reload_plan.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace uswitch {

namespace {

using Numbers = std::unordered_map<std::string_view, size_t>;

// What a port has for itself alone, in words that only another port that needs it has too.
std::vector<std::string> belongings(const PortConfig& port) {
  std::vector<std::string> all;
  if (!port.device.empty()) {
    all.push_back("device " + (port.netns ? port.netns->text : "") + " " + port.device);
  }
  if (port.tunnel) {  // all at one local address share the socket, and so its options
    const UdpOptions& socket = port.tunnel->socket;
    all.push_back("socket " + socket.local.to_string() + " " + std::to_string(socket.port));
  }
  if (!port.write_file.empty()) all.push_back("file " + port.write_file);
  return all;
}

// All but how it is treated.
bool is_same_tunnel(std::optional<TunnelConfig> a, std::optional<TunnelConfig> b) {
  if (a && b) {
    a->name = b->name;
    a->suppress = b->suppress;
  }
  return a == b;
}

PortStep::Kind kind_of(const PortSlot& running, const PortConfig& wanted) {
  if (!is_same_device(*running.config, wanted)) return PortStep::Kind::replace;
  const bool same = *running.config == wanted;
  if (running.gone) return same ? PortStep::Kind::revive : PortStep::Kind::replace;
  return same ? PortStep::Kind::keep : PortStep::Kind::change;
}

// The first free number from `from` on.
size_t next_free(std::span<const PortSlot> running, size_t from) {
  while (from < running.size() && running[from].config) ++from;
  return from;
}

void find_in_the_way(std::span<const PortSlot> running, std::span<const PortConfig> wanted,
                     PortPlan& plan) {
  std::unordered_set<std::string> needed;
  for (const PortStep& step : plan.steps) {
    if (!makes_device(step)) continue;
    for (std::string& one : belongings(wanted[step.index])) needed.insert(std::move(one));
  }
  const auto look_at = [&](PortId id) {
    const auto has = belongings(*running[id].config);
    const auto is_needed = [&](const std::string& one) { return needed.contains(one); };
    if (!running[id].gone && std::ranges::any_of(has, is_needed)) plan.in_the_way.push_back(id);
  };
  std::ranges::for_each(plan.removed, look_at);
  for (const PortStep& step : plan.steps) {
    if (step.kind == PortStep::Kind::replace) look_at(step.id);
  }
}

}  // namespace

bool is_same_device(const PortConfig& a, const PortConfig& b) {
  return a.type == b.type && a.netns == b.netns && a.device == b.device &&
         a.read_file == b.read_file && a.write_file == b.write_file &&
         is_same_tunnel(a.tunnel, b.tunnel);
}

std::optional<std::string> refuse_change(const Config& running, const Config& wanted) {
  const auto changed = [](std::string_view key) {
    return "'" + std::string(key) +
           "' cannot be changed while uswitch runs; leave it, or start anew";
  };
  if (running.workers != wanted.workers) return changed("workers");
  if (running.io != wanted.io) return changed("io");
  if (running.control != wanted.control) return changed("control");
  if (running.user != wanted.user) return changed("user");
  if (running.log.format != wanted.log.format) return changed("log.format");
  if (running.max_neighbours != wanted.max_neighbours) return changed("max_neighbours");
  const bool translates = running.nat.present && wanted.nat.present;
  if (translates && running.nat.max_connections != wanted.nat.max_connections) {
    return changed("nat.max_connections");
  }
  return std::nullopt;
}

void lay_out_networks(const std::vector<NetworkConfig>& running,
                      std::vector<NetworkConfig>& wanted) {
  Numbers slots;
  for (size_t i = 0; i < running.size(); ++i) {
    if (!is_free(running[i])) slots.emplace(running[i].name, i);
  }
  std::vector<NetworkConfig> placed(running.size());
  std::vector<NetworkConfig*> arriving;
  for (NetworkConfig& n : wanted) {
    const auto at = slots.find(n.name);
    if (at == slots.end()) {
      arriving.push_back(&n);
    } else {
      placed[at->second] = std::move(n);
    }
  }
  size_t slot = 0;
  for (NetworkConfig* n : arriving) {
    while (slot < running.size() && !is_free(running[slot])) ++slot;
    if (slot == placed.size()) placed.emplace_back();
    placed[slot++] = std::move(*n);
  }
  wanted = std::move(placed);
}

PortPlan plan_ports(std::span<const PortSlot> running, std::span<const PortConfig> wanted) {
  Numbers ids;
  for (size_t id = 0; id < running.size(); ++id) {
    if (running[id].config) ids.emplace(running[id].config->name, id);
  }
  PortPlan plan;
  size_t free = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto at = ids.find(wanted[i].name);
    if (at == ids.end()) {
      free = next_free(running, free);
      plan.steps.push_back({PortStep::Kind::make, static_cast<PortId>(free++), i});
    } else {
      plan.steps.push_back(
          {kind_of(running[at->second], wanted[i]), static_cast<PortId>(at->second), i});
      ids.erase(at);
    }
  }
  plan.fits = free <= max_ports;
  for (const auto& [name, id] : ids) plan.removed.push_back(static_cast<PortId>(id));
  std::ranges::sort(plan.removed);
  find_in_the_way(running, wanted, plan);
  return plan;
}

}  // namespace uswitch
