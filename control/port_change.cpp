#include "control/port_change.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>

namespace uswitch {

namespace {

// A namespace that has been deleted is not to be made again by a change of something else.
bool has_namespace(const PortConfig& port) {
  if (!port.netns) return true;
  switch (port.netns->kind) {
    case NetnsConfig::Kind::name:
      return is_netns(std::string(netns_directory) + "/" + port.netns->text);
    case NetnsConfig::Kind::path:
      return is_netns(port.netns->text);
    case NetnsConfig::Kind::pid:
      break;
  }
  return is_netns("/proc/" + std::to_string(port.netns->pid) + "/ns/net");
}

void count_on(PortCounters& sum, const PortCounters& counted) {
  sum.rx_packets.add(counted.rx_packets.get());
  sum.rx_bytes.add(counted.rx_bytes.get());
  sum.tx_packets.add(counted.tx_packets.get());
  sum.tx_bytes.add(counted.tx_bytes.get());
  sum.copies.add(counted.copies.get());
  sum.moves.add(counted.moves.get());
  sum.not_learned.add(counted.not_learned.get());
  for (size_t r = 0; r < reason_count; ++r) sum.drops[r].add(counted.drops[r].get());
}

void count_on(PortStats& sum, const PortStats& counted) {
  for (size_t w = 0; w < sum.of_worker.size(); ++w) {
    count_on(static_cast<PortCounters&>(sum.of_worker[w]), counted.of_worker[w]);
  }
}

}  // namespace

bool autoconfigures(const PortConfig& port, const std::vector<NetworkConfig>& networks) {
  if (!port.netns || !port.network) return false;
  return std::ranges::find(networks, *port.network, &NetworkConfig::name)->advertise;
}

PortChange::~PortChange() {
  if (!done_) go_back();
}

void PortChange::apply(const PortPlan& plan, const Config& from, const Config& to) {
  clear_the_way(plan, from);
  const auto take = [&](bool devices) {
    for (const PortStep& step : plan.steps) {
      if (makes_device(step) != devices) continue;
      try {
        take_step(step, from, to);
      } catch (const std::runtime_error& error) {
        throw std::runtime_error("port '" + to.ports[step.index].name + "': " + error.what());
      }
    }
  };
  // What is most likely to fail first: until then the running ports are as they were.
  take(true);
  take(false);
  for (const PortId id : plan.removed) remove(id);
}

void PortChange::clear_the_way(const PortPlan& plan, const Config& from) {
  for (const PortId id : plan.in_the_way) {
    LivePort& port = *ports_[id];
    PortConfig again = port.config();
    if (!again.mac && is_endpoint(again)) again.mac = port.mac();
    const bool autoconfigured = autoconfigures(again, from.networks);
    buried_.push_back({id, std::move(again), autoconfigured});
    port.bury();
  }
  if (!plan.in_the_way.empty()) publish_();
}

void PortChange::take_step(const PortStep& step, const Config& from, const Config& to) {
  const PortConfig& wanted = to.ports[step.index];
  switch (step.kind) {
    case PortStep::Kind::keep: {
      // Its network may have begun or ceased to advertise.
      const bool before = autoconfigures(ports_[step.id]->config(), from.networks);
      if (before != autoconfigures(wanted, to.networks)) change(step.id, wanted, from, to);
      break;
    }
    case PortStep::Kind::change:
      change(step.id, wanted, from, to);
      summary_.changed.push_back(wanted.name);
      break;
    case PortStep::Kind::make:
      make(step.id, wanted, to);
      summary_.added.push_back(wanted.name);
      break;
    case PortStep::Kind::replace:
      make(step.id, wanted, to);
      summary_.changed.push_back(wanted.name);
      break;
    case PortStep::Kind::revive:
      revive(step.id, wanted, to);
      break;
  }
}

void PortChange::change(PortId id, const PortConfig& wanted, const Config& from, const Config& to) {
  LivePort& port = *ports_[id];
  changed_.push_back({id, port.config(), autoconfigures(port.config(), from.networks)});
  port.change(wanted, autoconfigures(wanted, to.networks));
}

void PortChange::make(PortId id, const PortConfig& wanted, const Config& to) {
  auto made = std::make_unique<LivePort>(wanted, autoconfigures(wanted, to.networks), workers_,
                                         namespaces_, underlays_);
  if (id < ports_.size() && !ports_[id]->is_departed()) made->continue_counters(*ports_[id]);
  put(id, std::move(made));
}

void PortChange::revive(PortId id, const PortConfig& wanted, const Config& to) {
  if (!has_namespace(wanted)) return;
  try {
    make(id, wanted, to);
    summary_.added.push_back(wanted.name);
  } catch (const std::runtime_error& error) {
    spdlog::warn("port {} stays down: {}", wanted.name, error.what());
  }
}

void PortChange::remove(PortId id) {
  summary_.removed.push_back(ports_[id]->config().name);
  put(id, LivePort::departed(*ports_[id]));
}

void PortChange::put(PortId id, std::unique_ptr<LivePort> port) {
  if (id == ports_.size()) ports_.emplace_back();
  std::swap(ports_[id], port);
  replaced_.push_back({id, std::move(port)});
}

// The namespaces first: see LivePort::leave_netns().
void PortChange::keep(PortStats& forgotten) {
  done_ = true;
  for (Replaced& r : replaced_) {
    if (!r.port) continue;
    if (r.port->is_departed()) count_on(forgotten, *r.port->stats());
    r.port->leave_netns();
  }
  replaced_.clear();
}

void PortChange::go_back() {
  for (auto r = replaced_.rbegin(); r != replaced_.rend(); ++r) {
    if (r->port) {
      std::swap(ports_[r->id], r->port);
      r->port->leave_netns();
    } else {
      ports_.pop_back();
    }
  }
  replaced_.clear();
  for (auto c = changed_.rbegin(); c != changed_.rend(); ++c) {
    try {
      ports_[c->id]->change(c->config, c->autoconfigured);
    } catch (const std::runtime_error& error) {
      spdlog::error("port {} is not what it was: {}", c->config.name, error.what());
    }
  }
  for (const Changed& b : buried_) make_again(b);
  if (!buried_.empty()) publish_();
}

void PortChange::make_again(const Changed& buried) {
  try {
    auto port = std::make_unique<LivePort>(buried.config, buried.autoconfigured, workers_,
                                           namespaces_, underlays_);
    port->continue_counters(*ports_[buried.id]);
    ports_[buried.id] = std::move(port);
  } catch (const std::runtime_error& error) {
    spdlog::error("port {} is down: {}", buried.config.name, error.what());
  }
}

}  // namespace uswitch
