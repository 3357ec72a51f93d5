#include "control/live_port.h"

#include <algorithm>

#include "switch/device_error.h"
#include "switch/endpoint.h"
#include "switch/link.h"
#include "switch/pcap_port.h"
#include "switch/tap_port.h"
#include "switch/tun.h"
#include "tunnel/tunnel_port.h"

namespace uswitch {

namespace {

EndpointOptions endpoint_options(const PortConfig& config, bool autoconfigure) {
  EndpointOptions options{.device = config.device, .mac = config.mac, .mtu = config.mtu};
  options.addresses = config.addresses;
  options.autoconfigure = autoconfigure;
  for (const RouteConfig& r : config.routes) options.routes.push_back({.to = r.to, .via = r.via});
  return options;
}

}  // namespace

LivePort::LivePort(const PortConfig& config, bool autoconfigure, unsigned workers,
                   NamedNamespaces& namespaces, Underlays& underlays)
    : config_(config), stats_(std::make_shared<PortStats>(workers)), mtu_(config.mtu) {
  switch (config.type) {
    case PortType::tap:
      make_tap(open_netns(namespaces), workers, autoconfigure);
      break;
    case PortType::veth:
      make_veth(open_netns(namespaces), workers, autoconfigure);
      break;
    case PortType::raw:
      take_raw(workers);
      break;
    case PortType::pcap:
      port_ = std::make_shared<PcapPort>(config.read_file, config.write_file);
      break;
    case PortType::tunnel:
    case PortType::socket:
      make_tunnel(underlays);
  }
}

LivePort::LivePort(const PortConfig& config, std::shared_ptr<Port> port,
                   std::optional<MacAddress> mac)
    : config_(config),
      stats_(std::make_shared<PortStats>(1)),
      mac_(mac),
      mtu_(config.mtu),
      on_machine_(false),
      port_(std::move(port)) {}

NetNs LivePort::open_netns(NamedNamespaces& namespaces) {
  if (!config_.netns) return NetNs::own();
  if (config_.netns->kind != NetnsConfig::Kind::name) return NetNs::open(config_.netns->text);
  netns_ = namespaces.ensure(config_.netns->text);
  return netns_->open();
}

void LivePort::read_device(const NetNs& netns) {
  NetlinkSocket netlink(netns);
  const Link link = get_link(netlink, config_.device);
  mac_ = link.mac;
  device_mtu_ = link.mtu;
  mtu_ = std::min<uint32_t>(config_.mtu, device_mtu_);
}

void LivePort::make_tap(const NetNs& netns, unsigned workers, bool autoconfigure) {
  Tap tap = create_tap(
      netns, {.name = config_.device, .queues = workers, .mac = config_.mac, .mtu = config_.mtu});
  port_ = std::make_shared<TapPort>(tap.release_queues(), tap.uso);
  configure_endpoint(netns, endpoint_options(config_, autoconfigure));
  read_device(netns);
}

void LivePort::make_veth(const NetNs& netns, unsigned workers, bool autoconfigure) {
  veth_ = std::make_unique<VethPair>(
      netns, VethOptions{.name = config_.device, .mac = config_.mac, .mtu = config_.mtu});
  const Link& near = veth_->near_end();
  auto port = std::make_shared<PacketPort>(near.name, near.index, workers);
  packet_port_ = port.get();
  port_ = std::move(port);
  link_index_ = near.index;
  configure_endpoint(netns, endpoint_options(config_, autoconfigure));
  read_device(netns);
}

void LivePort::take_raw(unsigned workers) {
  const NetNs own = NetNs::own();
  claim_.emplace(claim_device(own, config_.device));
  NetlinkSocket netlink(own);
  const Link link = get_link(netlink, config_.device);
  if (!link.up) change_link(netlink, link, {.up = true});
  auto port = std::make_shared<PacketPort>(link.name, link.index, workers);
  packet_port_ = port.get();
  port_ = std::move(port);
  link_index_ = link.index;
  read_device(own);
}

void LivePort::make_tunnel(Underlays& underlays) {
  const TunnelConfig& c = *config_.tunnel;
  tunnel_.emplace(LiveTunnel{underlays.get(c.socket)});
  if (config_.type == PortType::socket) return read_for(no_port, {});
  const Remote remote{c.remote, c.socket.port};
  tunnel_->path.emplace(c.socket, remote);
  port_ = std::make_shared<TunnelPort>(tunnel_->underlay, remote,
                                       TunnelOptions{c.type, c.network_id, c.dscp});
}

void LivePort::read_for(PortId self, std::vector<RemoteEntry> remotes) {
  if (port_ && remotes == tunnel_->remotes) return;
  const TunnelConfig& c = *config_.tunnel;
  tunnel_->remotes = remotes;
  port_ = std::make_shared<TunnelSocket>(tunnel_->underlay, c.type, self, std::move(remotes),
                                         std::vector{c.socket.local});
}

void LivePort::set_mtu(uint16_t mtu) {
  config_.mtu = mtu;
  if (!is_endpoint(config_)) {
    mtu_ = std::min<uint32_t>(mtu, device_mtu_);
    return;
  }
  const NetNs netns = config_.netns ? NetNs::open(config_.netns->text) : NetNs::own();
  NetlinkSocket netlink(netns);
  change_link(netlink, get_link(netlink, config_.device), {.mtu = mtu});
  if (veth_) {
    NetlinkSocket here(NetNs::own());
    change_link(here, veth_->near_end(), {.mtu = mtu});
  }
  mtu_ = mtu;
}

uint64_t LivePort::kernel_drops() {
  if (tunnel_ && config_.type == PortType::socket) return tunnel_->underlay->kernel_drops();
  if (packet_port_) kernel_drops_ += packet_port_->take_kernel_drops();
  return kernel_drops_;
}

void LivePort::bury() {
  packet_port_ = nullptr;
  port_.reset();
  veth_.reset();
  claim_.reset();
  netns_.reset();
}

}  // namespace uswitch
