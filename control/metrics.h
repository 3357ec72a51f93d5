// What GET /metrics answers: everything that is counted, for Prometheus. docs/control.md has the
// list; tests/unit/control/metrics_test.cpp and the dashboard of docs/ hold the names to it.
//
// Control thread. Costs time for each port and reason, but never for each table entry: sizes are
// known without counting.
#pragma once
#include <string>

#include "control/api.h"
#include "control/host_publish.h"
#include "control/metrics_text.h"

namespace uswitch {

std::string metrics(const ApiContext& context);

// Its parts, a file or so each.
void add_port_metrics(MetricsText& text, const ApiContext& context);
void add_tunnel_metrics(MetricsText& text, const ApiContext& context);
void add_relay_metrics(MetricsText& text, const HostPublish& on_host);
void add_table_metrics(MetricsText& text, const Tables& tables);

}  // namespace uswitch
