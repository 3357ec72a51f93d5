#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>

#include "control/thread_time.h"
#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

double rounded(double value, double per_unit) {
  return std::round(value * per_unit) / per_unit;
}

double ratio(uint64_t part, uint64_t whole) {
  if (whole == 0) return 0;
  return rounded(static_cast<double>(part) / static_cast<double>(whole), 100);
}

json::object view_worker(const Worker& worker) {
  const Worker::Stats& stats = worker.stats();
  json::object out;
  out["index"] = worker.index();
  out["io"] = worker.io_name();
  out["turns"] = stats.turns.get();
  out["batches"] = stats.batches.get();
  out["packets"] = stats.packets.get();
  out["packets_per_batch"] = ratio(stats.packets.get(), stats.batches.get());
  out["sleeps"] = stats.sleeps.get();
  out["held"] = stats.held.load(std::memory_order_relaxed);
  const ThreadTime time = thread_time(worker.thread_id()).value_or(ThreadTime{});
  out["user_seconds"] = time.user;
  out["system_seconds"] = time.system;
  return out;
}

}  // namespace

json::object view_workers(const ApiContext& context, const Query& query) {
  Parameters(query).done();
  json::array workers;
  for (const auto& worker : context.engine.workers()) workers.push_back(view_worker(*worker));
  const std::chrono::duration<double> uptime = context.now - context.started;
  return {{"workers", std::move(workers)}, {"uptime_seconds", rounded(uptime.count(), 1000)}};
}

}  // namespace uswitch
