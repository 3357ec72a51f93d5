#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

// What was sent and did not leave is booked on the ports it came in by; a remote's own drops are
// those of what came from it.
json::object view_remote(const ApiContext& context, PortId id, const TunnelInfo& info) {
  const Tables& tables = context.engine.tables();
  const PortSettings& settings = tables.settings[id];
  const Network& network = tables.networks[settings.network];
  uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0, drops = 0;
  for (const PortCounters& worker : tables.ports[id].stats->of_worker) {
    rx_packets += worker.rx_packets.get();
    rx_bytes += worker.rx_bytes.get();
    tx_packets += worker.tx_packets.get();
    tx_bytes += worker.tx_bytes.get();
    for (const Counter& reason : worker.drops) drops += reason.get();
  }
  json::object out;
  out["name"] = tables.ports[id].name;
  out["tunnel"] = info.name;
  out["type"] = info.type == TunnelType::vxlan ? "vxlan" : "udp";
  out["network"] = network.name;
  out["vni"] = info.network_id;
  out["local"] = info.local.to_string();
  out["remote"] = info.remote.to_string();
  out["port"] = info.port;
  out["path_mtu"] = info.path_mtu ? json::value(*info.path_mtu) : json::value(nullptr);
  out["mtu"] = settings.mtu;
  out["rx_packets"] = rx_packets;
  out["rx_bytes"] = rx_bytes;
  out["tx_packets"] = tx_packets;
  out["tx_bytes"] = tx_bytes;
  out["drops"] = drops;
  out["macs"] = network.fdb->learned_on(id);
  out["last_heard"] =
      info.last_heard
          ? json::value(
                std::chrono::floor<std::chrono::seconds>(context.now - *info.last_heard).count())
          : json::value(nullptr);
  return out;
}

}  // namespace

json::object view_tunnels(const ApiContext& context, const Query& query) {
  Parameters(query).done();
  json::array remotes;
  for (PortId id = 0; id < context.ports.size(); ++id) {
    const auto& info = context.ports[id].tunnel;
    if (info && context.engine.tables().has_port(id))
      remotes.push_back(view_remote(context, id, *info));
  }
  return {{"tunnels", std::move(remotes)}};
}

}  // namespace uswitch
