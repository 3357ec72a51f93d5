#include "control/live_switch.h"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "control/reload_plan.h"

namespace uswitch {

namespace {

constexpr size_t groups_a_sweep = 4096;  // of a MAC table: below 2 ms

Time now() {
  return std::chrono::steady_clock::now();
}

std::optional<TunnelInfo> tunnel_info_of(const LivePort& port) {
  if (port.config().type != PortType::tunnel || port.gone()) return std::nullopt;
  const TunnelConfig& c = *port.config().tunnel;
  return TunnelInfo{c.name,
                    c.type,
                    c.network_id,
                    c.socket.local,
                    c.remote,
                    c.socket.port,
                    port.tunnel()->path_mtu,
                    port.tunnel()->last_heard};
}

PortInfo info_of(LivePort& port) {
  const PortConfig& c = port.config();
  return {std::string(to_string(c.type)),
          c.netns ? c.netns->text : "",
          c.device,
          port.mac(),
          c.addresses,
          port.kernel_drops(),
          tunnel_info_of(port)};
}

std::string describe(const PortConfig& c) {
  std::string text(to_string(c.type));
  if (c.type == PortType::tunnel)
    text += " to " + c.tunnel->remote.to_string() + " from " + c.tunnel->socket.local.to_string();
  if (!c.device.empty()) text += " " + c.device;
  if (c.netns) text += " in " + c.netns->text;
  return text;
}

// The same stations in a table of another size, as far as they fit.
std::shared_ptr<Fdb> resized(const Fdb& old, uint32_t max_addresses) {
  auto fdb = std::make_shared<Fdb>(max_addresses);
  const Time at = now();
  old.for_each(at, [&](const Fdb::Entry& e) {
    if (e.is_static) {
      fdb->add_static(e.mac, e.port);
    } else {
      fdb->learn(e.mac, e.port, at - e.age);
    }
  });
  return fdb;
}

std::vector<IpPrefix> missing_in(const std::vector<IpPrefix>& before,
                                 const std::vector<IpPrefix>& after) {
  std::vector<IpPrefix> all;
  for (const IpPrefix& p : before) {
    if (std::ranges::find(after, p) == after.end()) all.push_back(p);
  }
  return all;
}

// Those of `a` that `b` has not.
std::vector<std::string> names_beyond(const std::vector<NetworkConfig>& a,
                                      const std::vector<NetworkConfig>& b) {
  std::set<std::string_view> there;
  for (const NetworkConfig& n : b) there.insert(n.name);
  std::vector<std::string> names;
  for (const NetworkConfig& n : a) {
    if (!is_free(n) && !there.contains(n.name)) names.push_back(n.name);
  }
  return names;
}

// Those of both that are not the same. Each stays in its slot.
std::vector<std::string> names_changed(const std::vector<NetworkConfig>& before,
                                       const std::vector<NetworkConfig>& after) {
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
    const bool stays = !is_free(after[i]) && before[i].name == after[i].name;
    if (stays && before[i] != after[i]) names.push_back(after[i].name);
  }
  return names;
}

}  // namespace

bool LiveSwitch::Changes::none() const {
  return ports.added.empty() && ports.changed.empty() && ports.removed.empty() &&
         networks_added.empty() && networks_changed.empty() && networks_removed.empty();
}

LiveSwitch::LiveSwitch(Config config, const std::function<void(const Config&)>& made)
    : config_(std::make_unique<Config>(std::move(config))),
      monitor_(NetNs::own()),
      paths_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      fdbs_(make_fdbs(*config_)),
      ports_(make_ports()),
      engine_(start(*config_, made)),
      nat_(*config_),
      router_(*config_, nat_, engine_),
      router_stats_(std::make_shared<PortStats>(config_->workers)),
      forgotten_(config_->workers) {
  tunnels_.follow_paths(*config_, ports_);
  publish_tables();
}

LivePorts LiveSwitch::make_ports() {
  LivePorts ports;
  for (const PortConfig& p : config_->ports) {
    ports.push_back(std::make_unique<LivePort>(p, autoconfigures(p, config_->networks),
                                               config_->workers, namespaces_, underlays_));
    spdlog::info("port {}: {}", p.name, describe(p));
  }
  return ports;
}

Engine LiveSwitch::start(const Config& config, const std::function<void(const Config&)>& before) {
  before(config);
  return Engine(config.workers, config.io);
}

LiveSwitch::~LiveSwitch() {
  router_.farewell();
  engine_.stop();
  for (auto& port : ports_) port->leave_netns();
}

// For every network its table, of the right size; those of networks that stay are kept.
Fdbs LiveSwitch::make_fdbs(const Config& config) const {
  Fdbs fdbs;
  for (NetworkId n = 0; n < config.networks.size(); ++n) {
    const NetworkConfig& wanted = config.networks[n];
    const bool known = n < fdbs_.size() && config_->networks[n].name == wanted.name;
    if (is_free(wanted)) {
      fdbs.push_back(std::make_shared<Fdb>(1));
    } else if (!known) {
      fdbs.push_back(std::make_shared<Fdb>(wanted.max_addresses));
    } else if (fdbs_[n]->max_addresses() == wanted.max_addresses) {
      fdbs.push_back(fdbs_[n]);
    } else {
      fdbs.push_back(resized(*fdbs_[n], wanted.max_addresses));
    }
  }
  return fdbs;
}

void LiveSwitch::publish_tables() {
  router_.follow_ports(ports_);
  TunnelControl::connect(*config_, ports_);
  auto tables = build_tables(*config_, ports_, fdbs_, router_.routing(), nat_.translation(),
                             router_stats_, tunnels_.suppression(ports_));
  settle_statics(*tables);
  engine_.publish(std::move(tables));
  router_.published(now());
  nat_.published(now());
}

void LiveSwitch::settle_statics(const Tables& tables) {
  StaticMacs wanted = static_macs(ports_, tables);
  for (const auto& [at, port] : statics_) {
    const auto& [network, mac] = at;
    if (!wanted.contains(at) && network < fdbs_.size()) fdbs_[network]->remove_static(mac);
  }
  for (const auto& [at, port] : wanted) fdbs_[at.first]->add_static(at.second, port);
  statics_ = std::move(wanted);
}

PortPlan LiveSwitch::plan(const Config& wanted) const {
  std::vector<PortSlot> running;
  for (const auto& port : ports_) {
    running.push_back({port->is_departed() ? nullptr : &port->config(), port->gone()});
  }
  return plan_ports(running, wanted.ports);
}

// The MTU that follows from the paths of tunnels stays what it is until they say otherwise.
void LiveSwitch::carry_paths(Config& wanted) const {
  std::set<std::string_view> tunnelled;
  for (PortConfig& port : wanted.ports) {
    if (port.type != PortType::tunnel) continue;
    tunnelled.insert(*port.network);
    const auto same = [&](const auto& p) { return p->config().name == port.name; };
    const auto running = std::ranges::find_if(ports_, same);
    if (running != ports_.end()) port.mtu = (*running)->config().mtu;
  }
  for (NetworkId n = 0; n < config_->networks.size(); ++n) {
    const NetworkConfig& running = config_->networks[n];
    NetworkConfig& network = wanted.networks[n];
    if (network.name != running.name || !network.mtu_follows || !running.mtu_follows) continue;
    if (tunnelled.contains(network.name)) network.mtu = running.mtu;
  }
  if (!tunnelled.empty()) TunnelControl::settle_mtu(wanted);
}

LiveSwitch::Changes LiveSwitch::reload(Config config) {
  if (auto refusal = refuse_change(*config_, config)) throw std::runtime_error(*refusal);
  lay_out_networks(config_->networks, config.networks);
  carry_paths(config);
  auto wanted = std::make_unique<Config>(std::move(config));
  const PortPlan plan = this->plan(*wanted);
  if (!plan.fits || wanted->networks.size() >= no_network) {
    throw std::runtime_error("there are too many ports or networks, with those that leave");
  }
  Fdbs fdbs = make_fdbs(*wanted);
  const StationAddresses leaving = addresses_behind(departures(plan, *wanted));
  PortChange change(ports_, namespaces_, underlays_, config_->workers,
                    [this] { publish_tables(); });
  change.apply(plan, *config_, *wanted);
  update_controls(*wanted);
  // From here on nothing fails.
  const std::unique_ptr<const Config> before = std::exchange(config_, std::move(wanted));
  fdbs_ = std::move(fdbs);
  tunnels_.follow_paths(*config_, ports_);
  publish_tables();
  flush_strangers(plan);
  forget_endpoints(*before, leaving);
  change.keep(forgotten_);
  return summarize(*before, change);
}

// The last that can fail; they go back by taking the old configuration again.
void LiveSwitch::update_controls(const Config& wanted) {
  nat_.update(wanted);
  try {
    router_.update(wanted);
  } catch (const std::runtime_error&) {
    nat_.update(*config_);
    throw;
  }
}

// A port that is no longer in a network, or is another one, has no stations there (BR-4).
void LiveSwitch::flush_strangers(const PortPlan& plan) {
  const Tables& tables = engine_.tables();
  const auto flush = [&](PortId id, bool all) {
    for (NetworkId n = 0; n < tables.networks.size(); ++n) {
      const PortSettings& s = tables.settings[id];
      const bool member = s.present && (s.network == n || s.tag_of(n) != untagged);
      if (all || !member) fdbs_[n]->flush_port(id);
    }
  };
  for (const PortId id : plan.removed) flush(id, true);
  for (const PortStep& step : plan.steps) {
    if (step.kind == PortStep::Kind::keep) continue;
    flush(step.id, step.kind != PortStep::Kind::change);
  }
}

Departures LiveSwitch::departures(const PortPlan& plan, const Config& wanted) const {
  Departures all;
  const auto note = [&](PortId id, const PortConfig* after) {
    if (!ports_[id]->gone())
      note_departure(all, config_->networks, id, ports_[id]->config(), after);
  };
  for (const PortId id : plan.removed) note(id, nullptr);
  for (const PortStep& step : plan.steps) {
    if (step.kind == PortStep::Kind::replace) note(step.id, nullptr);
    if (step.kind == PortStep::Kind::change) note(step.id, &wanted.ports[step.index]);
  }
  return all;
}

// An endpoint may have been silent for longer than the MAC table remembers its own MAC.
StationAddresses LiveSwitch::addresses_behind(const Departures& departures) const {
  Stations stations;
  for (const auto& [network, ports] : departures) {
    add_stations(stations, network, *fdbs_[network], ports, now());
    for (const PortId id : ports) {
      const auto& own = ports_[id]->mac();
      if (own && fdbs_[network]->lookup(*own) == no_port) stations.emplace(network, *own);
    }
  }
  return router_.addresses_of(stations, now());
}

// An address that a port has no longer takes its flows along, and its neighbours' memory of it.
// `found` are those that the configuration does not name, and others.
void LiveSwitch::forget_endpoints(const Config& before, const StationAddresses& found) {
  std::unordered_map<std::string_view, const PortConfig*> ports;
  for (const PortConfig& p : config_->ports) ports.emplace(p.name, &p);
  std::set<IpAddress> all;
  for (const PortConfig& port : before.ports) {
    const auto at = ports.find(port.name);
    const PortConfig* after = at == ports.end() ? nullptr : at->second;
    const bool stays = after && after->network == port.network && is_same_device(*after, port);
    const auto lost = stays ? missing_in(port.addresses, after->addresses) : port.addresses;
    const bool other_mac = stays && after->mac && after->mac != port.mac;
    if (port.network) router_.forget(*port.network, other_mac ? port.addresses : lost);
    for (const IpPrefix& p : lost) all.insert(p.address);
  }
  router_.forget(found);
  for (const auto& [network, address] : found) all.insert(address);
  nat_.forget(all, now());
}

LiveSwitch::Changes LiveSwitch::summarize(const Config& before, const PortChange& change) const {
  return {change.summary(), names_beyond(config_->networks, before.networks),
          names_changed(before.networks, config_->networks),
          names_beyond(before.networks, config_->networks)};
}

std::vector<PortInfo> LiveSwitch::port_infos() {
  std::vector<PortInfo> infos;
  for (auto& port : ports_) infos.push_back(info_of(*port));
  return infos;
}

std::optional<std::string> LiveSwitch::publish(const PublishConfig& entry) {
  if (auto refusal = nat_.publish(entry)) return refusal;
  publish_tables();
  return std::nullopt;
}

std::optional<std::string> LiveSwitch::unpublish(const PublishConfig& entry,
                                                 PublishConfig& removed) {
  if (auto refusal = nat_.unpublish(entry, removed)) return refusal;
  publish_tables();
  return std::nullopt;
}

// Takes out the ports that are dead; the others do not notice.
template <class Dead>
void LiveSwitch::bury_if(Dead dead) {
  std::vector<PortId> found;
  for (PortId id = 0; id < ports_.size(); ++id) {
    LivePort& port = *ports_[id];
    if (!port.gone() && dead(port)) found.push_back(id);
  }
  if (!found.empty()) bury(found);
}

void LiveSwitch::bury(const std::vector<PortId>& dead) {
  Departures departures;
  for (const PortId id : dead) {
    const PortConfig& config = ports_[id]->config();
    spdlog::warn("port {}: {} is gone; the port is down", config.name, describe(config));
    note_departure(departures, config_->networks, id, config, nullptr);
    ports_[id]->bury();
  }
  publish_tables();
  const StationAddresses found = addresses_behind(departures);
  std::set<IpAddress> all;
  for (const auto& [network, address] : found) all.insert(address);
  for (const PortId id : dead) {
    const PortConfig& config = ports_[id]->config();
    for (const IpPrefix& p : config.addresses) all.insert(p.address);
    if (config.network) router_.forget(*config.network, config.addresses);
    for (const auto& fdb : fdbs_) fdb->flush_port(id);  // BR-4
  }
  router_.forget(found);
  nat_.forget(all, now());
}

void LiveSwitch::follow_paths() {
  uint64_t count;
  [[maybe_unused]] ssize_t n = read(paths_.get(), &count, sizeof count);
  if (tunnels_.follow_paths(*config_, ports_)) publish_tables();
}

void LiveSwitch::bury_dead() {
  bury_if([](const LivePort& p) { return !p.port()->alive(); });
}

void LiveSwitch::follow_links() {
  for (const LinkEvent& event : monitor_.read_events()) {
    if (event.kind == LinkEvent::Kind::removed) {
      bury_if([&](const LivePort& p) { return p.link_index() == event.index; });
    } else if (event.kind == LinkEvent::Kind::overrun) {
      NetlinkSocket netlink(NetNs::own());
      bury_if([&](const LivePort& p) {
        return p.link_index() != 0 && !find_link(netlink, p.link_index());
      });
    }
  }
}

void LiveSwitch::tick_router() {
  router_.tick(now());
  nat_.tick(now());
}

void LiveSwitch::keep_house() {
  for (auto& port : ports_) {
    if (!port->gone()) port->port()->check_alive();
  }
  bury_dead();
  for (NetworkId n = 0; n < config_->networks.size(); ++n) {
    if (!is_free(config_->networks[n])) {
      fdbs_[n]->sweep(now(), config_->networks[n].ageing, groups_a_sweep);
    }
  }
  TunnelControl::note_heard(ports_, now());
  follow_paths();
  engine_.expire();
}

}  // namespace uswitch
