#include "control/tunnel_control.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

namespace uswitch {

namespace {

constexpr uint16_t usual_mtu = 1500;     // of a network that the file says nothing of
constexpr uint16_t smallest_mtu = 68;    // RFC 791
constexpr uint16_t unknown_path = 1500;  // before the host has had a way

bool is_tunnel(const LivePort& port) {
  return port.config().type == PortType::tunnel && !port.gone();
}

uint64_t received(const LivePort& port) {
  uint64_t packets = 0;
  for (const PortCounters& worker : port.stats()->of_worker) packets += worker.rx_packets.get();
  return packets;
}

// Of an inner packet, when outer ones may have this many bytes.
uint16_t inner_mtu(const TunnelConfig& tunnel, uint16_t path) {
  const uint16_t overhead = tunnel_overhead(tunnel.type, tunnel.remote.is_v4());
  return static_cast<uint16_t>(std::max<int>(path - overhead, smallest_mtu));
}

// A remote without a way keeps what it had: a path that comes back is mostly the same one.
bool read_path(LivePort& port) {
  LiveTunnel& tunnel = *port.tunnel();
  const auto was = tunnel.path_mtu;
  tunnel.path_mtu = tunnel.path->read();
  const uint16_t mtu = inner_mtu(*port.config().tunnel, tunnel.path_mtu.value_or(unknown_path));
  const bool changed = port.mtu() != mtu && (tunnel.path_mtu || !was);
  if (changed) port.set_mtu(mtu);
  return changed;
}

bool is_on(const PortConfig& port, const std::string& network) {
  const auto same = [&](const auto& tagged) { return tagged.second == network; };
  return port.network == network || std::ranges::any_of(port.tagged, same);
}

uint16_t largest_mtu(const Config& config, const PortConfig& port) {
  uint16_t mtu = 0;
  for (const NetworkConfig& n : config.networks) {
    if (is_on(port, n.name)) mtu = std::max(mtu, n.mtu);
  }
  return mtu;
}

// That both the network and the tunnel's path take.
uint16_t network_mtu(const Config& config, const LivePort& port) {
  const auto network =
      std::ranges::find(config.networks, *port.config().network, &NetworkConfig::name);
  return static_cast<uint16_t>(std::min<uint32_t>(network->mtu, port.mtu()));
}

void follow_port(const Config& config, LivePort& port) {
  const uint16_t mtu = largest_mtu(config, port.config());
  if (port.config().mtu == mtu) return;
  try {
    port.set_mtu(mtu);
  } catch (const std::exception& e) {
    spdlog::warn("port {}: its MTU should be {} now: {}", port.config().name, mtu, e.what());
  }
}

}  // namespace

void TunnelControl::connect(const Config& config, const LivePorts& ports) {
  for (PortId self = 0; self < ports.size(); ++self) {
    LivePort& socket = *ports[self];
    if (socket.gone() || socket.config().type != PortType::socket) continue;
    std::vector<RemoteEntry> remotes;
    for (PortId id = 0; id < ports.size(); ++id) {
      if (!is_tunnel(*ports[id]) || ports[id]->tunnel()->underlay != socket.tunnel()->underlay)
        continue;
      const TunnelConfig& c = *ports[id]->config().tunnel;
      remotes.push_back({c.remote, c.network_id, id, network_mtu(config, *ports[id])});
    }
    socket.read_for(self, std::move(remotes));
  }
}

std::shared_ptr<Suppression> TunnelControl::suppression(const LivePorts& ports) {
  const bool wanted = std::ranges::any_of(
      ports, [](const auto& port) { return is_tunnel(*port) && port->config().tunnel->suppress; });
  if (!wanted) return nullptr;
  if (!suppression_) suppression_ = std::make_shared<Suppression>(Suppression::default_stations);
  return suppression_;
}

bool TunnelControl::follow_paths(Config& config, const LivePorts& ports) {
  bool changed = false;
  std::map<std::string, uint16_t> least;  // by network
  for (const auto& port : ports) {
    if (!is_tunnel(*port)) continue;
    (void)port->tunnel()->underlay->take_too_long();
    changed |= read_path(*port);
    const auto mtu = static_cast<uint16_t>(port->mtu());
    const auto [at, is_new] = least.emplace(*port->config().network, mtu);
    if (!is_new) at->second = std::min(at->second, mtu);
  }
  if (!changed) return false;
  for (NetworkConfig& network : config.networks) {
    if (const auto at = least.find(network.name); at != least.end())
      follow(config, network, at->second, ports);
  }
  return true;
}

void TunnelControl::follow(Config& config, NetworkConfig& network, uint16_t least,
                           const LivePorts& ports) {
  if (!network.mtu_follows) {
    if (network.mtu > least && warned_.insert(network.name).second) {
      spdlog::warn(
          "network {}: its 'mtu' is {}, and a tunnel's path takes {}; longer packets are lost "
          "there",
          network.name, network.mtu, least);
    }
    return;
  }
  const uint16_t mtu = std::min(usual_mtu, least);
  if (mtu == network.mtu) return;
  spdlog::info("network {}: the MTU is {} now, as its tunnels' paths take", network.name, mtu);
  network.mtu = mtu;
  for (const auto& port : ports) {
    if (!port->gone() && port->config().mtu_follows && port->config().type != PortType::tunnel &&
        is_on(port->config(), network.name))
      follow_port(config, *port);
  }
}

void TunnelControl::note_heard(const LivePorts& ports, Time now) {
  for (const auto& port : ports) {
    if (!is_tunnel(*port)) continue;
    LiveTunnel& tunnel = *port->tunnel();
    const uint64_t packets = received(*port);
    if (packets != tunnel.received) tunnel.last_heard = now;
    tunnel.received = packets;
  }
}

}  // namespace uswitch
