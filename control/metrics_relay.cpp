// The metrics of what is published on the host.
#include "control/metrics.h"

namespace uswitch {

using Type = MetricsText::Type;

void add_relay_metrics(MetricsText& text, const HostPublish& on_host) {
  const RelayCounts total = on_host.total();
  text.single("uswitch_relay_entries", Type::gauge,
              "TCP connections and UDP clients of ports published on the host.", total.active);
  text.single("uswitch_relay_max_entries", Type::gauge,
              "Those that the limit of open files has room for.", uint64_t{on_host.max_flows()});
  text.family("uswitch_relay_events_total", Type::counter,
              "Connections and clients taken, connections and datagrams refused (not allowed, or "
              "no room), and those for which the endpoint could not be reached.");
  text.sample({{"event", "opened"}}, total.opened);
  text.sample({{"event", "refused"}}, total.refused);
  text.sample({{"event", "failed"}}, total.failed);
  text.family("uswitch_relay_bytes_total", Type::counter,
              "Bytes that clients (in) and endpoints (out) have sent.");
  text.sample({{"direction", "in"}}, total.bytes_in);
  text.sample({{"direction", "out"}}, total.bytes_out);
}

}  // namespace uswitch
