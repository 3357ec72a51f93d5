// The metrics of tunnels beyond those of ports, which each of their remotes is.
#include "control/metrics.h"

namespace uswitch {

namespace {

using Type = MetricsText::Type;

// Calls `visit` with the port's name and what is known of the way to the remote.
template <class Visit>
void for_each_remote(const ApiContext& context, const Visit& visit) {
  const Tables& tables = context.engine.tables();
  for (PortId id = 0; id < context.ports.size(); ++id) {
    if (context.ports[id].tunnel && tables.has_port(id)) {
      visit(tables.ports[id].name, tables.settings[id], *context.ports[id].tunnel);
    }
  }
}

void add_info(MetricsText& text, const ApiContext& context) {
  text.family("uswitch_tunnel_info", Type::gauge, "What the tunnel to the remote is.");
  for_each_remote(
      context, [&](const std::string& name, const PortSettings& settings, const TunnelInfo& info) {
        text.sample({{"port", name},
                     {"tunnel", info.name},
                     {"network", context.engine.tables().networks[settings.network].name},
                     {"vni", std::to_string(info.network_id)},
                     {"local", info.local.to_string()},
                     {"remote", info.remote.to_string()}},
                    uint64_t{1});
      });
}

}  // namespace

// A remote that was never heard, or that there is no way to, has no sample of that.
void add_tunnel_metrics(MetricsText& text, const ApiContext& context) {
  add_info(text, context);
  text.family("uswitch_tunnel_path_mtu_bytes", Type::gauge,
              "The longest outer packet that the way to the remote takes.");
  for_each_remote(context,
                  [&](const std::string& name, const PortSettings&, const TunnelInfo& info) {
                    if (info.path_mtu) text.sample({{"port", name}}, uint64_t{*info.path_mtu});
                  });
  text.family("uswitch_tunnel_silence_seconds", Type::gauge,
              "Since something came from the remote, to about a second.");
  for_each_remote(context,
                  [&](const std::string& name, const PortSettings&, const TunnelInfo& info) {
                    if (!info.last_heard) return;
                    const std::chrono::duration<double> silence = context.now - *info.last_heard;
                    text.sample({{"port", name}}, silence.count());
                  });
}

}  // namespace uswitch
