#include "control/metrics.h"

#include "control/nat_control.h"
#include "control/process_figures.h"
#include "control/thread_time.h"
#include "control/version.h"

namespace uswitch {

namespace {

using Type = MetricsText::Type;

struct Counted {
  std::string_view name, help;
  Counter Worker::Stats::*value;
};

constexpr Counted counted[] = {
    {"uswitch_worker_packets_total", "Packets that the worker read.", &Worker::Stats::packets},
    {"uswitch_worker_batches_total", "Reads of a port's queue that brought packets.",
     &Worker::Stats::batches},
    {"uswitch_worker_turns_total", "Rounds over the ports that brought packets.",
     &Worker::Stats::turns},
    {"uswitch_worker_sleeps_total", "Times that the worker found nothing to do.",
     &Worker::Stats::sleeps},
};

void add_workers(MetricsText& text, const std::vector<std::unique_ptr<Worker>>& workers) {
  const auto each = [&](auto sample) {
    for (const auto& worker : workers) sample(*worker, std::to_string(worker->index()));
  };
  text.family("uswitch_worker_info", Type::gauge, "How the worker reads and writes TAP devices.");
  each([&](const Worker& w, const std::string& index) {
    text.sample({{"worker", index}, {"io", w.io_name()}}, uint64_t{1});
  });
  for (const Counted& metric : counted) {
    text.family(metric.name, Type::counter, metric.help);
    each([&](const Worker& w, const std::string& index) {
      text.sample({{"worker", index}}, (w.stats().*metric.value).get());
    });
  }
  text.family("uswitch_worker_held_packets", Type::gauge,
              "Packets that wait in the router for a neighbour or for other fragments.");
  each([&](const Worker& w, const std::string& index) {
    text.sample({{"worker", index}}, w.stats().held.load(std::memory_order_relaxed));
  });
  text.family("uswitch_worker_cpu_seconds_total", Type::counter, "CPU time of the thread.");
  each([&](const Worker& w, const std::string& index) {
    const ThreadTime time = thread_time(w.thread_id()).value_or(ThreadTime{});
    text.sample({{"worker", index}, {"mode", "user"}}, time.user);
    text.sample({{"worker", index}, {"mode", "system"}}, time.system);
  });
}

void add_process(MetricsText& text) {
  const ProcessFigures figures = process_figures();
  text.family("uswitch_build_info", Type::gauge, "Which version runs.");
  text.sample({{"version", build_version}}, uint64_t{1});
  text.single("process_start_time_seconds", Type::gauge,
              "Start of the process in seconds since 1970.", figures.start_time);
  text.single("process_cpu_seconds_total", Type::counter, "CPU time of all threads.",
              figures.cpu_seconds);
  text.single("process_resident_memory_bytes", Type::gauge, "Physical memory in use.",
              figures.resident_bytes);
  text.single("process_open_fds", Type::gauge, "File descriptors in use.", figures.open_fds);
}

}  // namespace

std::string metrics(const ApiContext& context) {
  MetricsText text;
  add_process(text);
  add_port_metrics(text, context);
  add_tunnel_metrics(text, context);
  add_workers(text, context.engine.workers());
  add_table_metrics(text, context.engine.tables());
  if (context.nat && context.nat->on_host()) add_relay_metrics(text, *context.nat->on_host());
  return text.take();
}

}  // namespace uswitch
