#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "control/drop_rates.h"
#include "control/frame_summary.h"
#include "control/port_totals.h"
#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

// One reason's counts over the ports, added up as they are read.
struct Row {
  uint64_t packets = 0;
  json::object ports;               // name to count, those with one
  std::vector<uint64_t> of_worker;  // indexed by worker
};

void add_port(Row& row, const std::string& name, const PortStats& stats, size_t reason) {
  uint64_t on_port = 0;
  for (size_t worker = 0; worker < stats.of_worker.size(); ++worker) {
    const uint64_t count = stats.of_worker[worker].drops[reason].get();
    on_port += count;
    if (worker < row.of_worker.size()) row.of_worker[worker] += count;
  }
  if (on_port > 0) {
    json::value& count = row.ports[name];  // several ports have been removed
    count = on_port + (count.is_uint64() ? count.get_uint64() : 0);
  }
  row.packets += on_port;
}

Row row_of(const ApiContext& context, size_t reason) {
  const Tables& tables = context.engine.tables();
  Row row;
  row.of_worker.resize(context.engine.workers().size());
  for (const PortEntry& entry : tables.ports) {
    if (entry.stats && !entry.name.empty()) add_port(row, entry.name, *entry.stats, reason);
  }
  for (const PortStats* stats : removed_stats(tables, context.forgotten))
    add_port(row, removed_row, *stats, reason);
  if (tables.router_stats) add_port(row, router_row, *tables.router_stats, reason);
  return row;
}

// The last one over all workers.
std::optional<LastDrops::Drop> last_drop(const Engine& engine, Reason reason) {
  std::optional<LastDrops::Drop> last;
  for (const auto& worker : engine.workers()) {
    const auto drop = worker->last_drops().read(reason);
    if (drop && (!last || drop->time > last->time)) last = drop;
  }
  return last;
}

std::string name_of(const Tables& tables, PortId port) {
  if (port == no_port) return router_row;
  const bool there = port < tables.ports.size() && !tables.ports[port].name.empty();
  return there ? tables.ports[port].name : removed_row;
}

json::value view_last(const ApiContext& context, Reason reason) {
  const auto last = last_drop(context.engine, reason);
  if (!last) return nullptr;
  const size_t kept = std::min<size_t>(last->length, LastDrops::kept);
  json::object out;
  out["age"] = std::max(0.0, std::chrono::duration<double>(context.now - last->time).count());
  out["port"] = name_of(context.engine.tables(), last->ingress);
  out["length"] = last->length;
  out["summary"] = summary_of(std::span(last->bytes).first(kept), last->length);
  return out;
}

json::object view_row(const ApiContext& context, Reason reason, Row row) {
  const ReasonInfo& info = uswitch::info(reason);
  json::object out;
  out["reason"] = info.name;
  out["room"] = info.room;
  out["sentence"] = info.sentence;
  out["packets"] = row.packets;
  out["rate"] = context.drop_rates ? context.drop_rates->per_second(reason) : 0.0;
  out["ports"] = std::move(row.ports);
  out["workers"] = json::array(row.of_worker.begin(), row.of_worker.end());
  out["last"] = row.packets > 0 ? view_last(context, reason) : json::value(nullptr);
  return out;
}

}  // namespace

json::object view_drops(const ApiContext& context, const Query& query) {
  Parameters parameters(query);
  const bool all = parameters.flag("all");
  parameters.done();
  json::array drops;
  uint64_t total = 0;
  for (size_t reason = 1; reason < reason_count; ++reason) {  // 0 is "none"
    Row row = row_of(context, reason);
    total += row.packets;
    if (all || row.packets > 0) {
      drops.push_back(view_row(context, static_cast<Reason>(reason), std::move(row)));
    }
  }
  return {{"drops", std::move(drops)}, {"total", total}};
}

}  // namespace uswitch
