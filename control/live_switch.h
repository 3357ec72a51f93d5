// All of the running switch that lives and changes: networks, ports, the router's and NAT's
// control, the workers. Brings a configuration up, takes it from one to the next, and takes it
// away.
//
// Owner and thread: Daemon, on the control thread.
//
// A reload in this order: the new configuration is compared with the running one; what is new is
// made (namespaces, devices, sockets) beside what is there; one value of Tables is published with
// all of it; what is old is taken away, and what was learned about it forgotten. A worker that
// passes from one Tables to the next between two turns loses nothing, and what is in both, ports
// with their numbers and counters, MAC tables, routes, neighbours and connections, is the same
// object in both. Until the Tables are published everything can be taken back.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/build_tables.h"
#include "control/config.h"
#include "control/live_port.h"
#include "control/nat_control.h"
#include "control/port_change.h"
#include "control/port_info.h"
#include "control/router_control.h"
#include "control/tunnel_control.h"
#include "engine/engine.h"
#include "switch/fd.h"
#include "switch/link_monitor.h"

namespace uswitch {

class LiveSwitch {
 public:
  // Calls `made` when all devices are there, before the first thread is started. Throws
  // std::runtime_error (DeviceError) with one sentence for the user; what was made until then is
  // taken away.
  LiveSwitch(Config config, const std::function<void(const Config&)>& made);
  ~LiveSwitch();
  LiveSwitch(const LiveSwitch&) = delete;
  LiveSwitch& operator=(const LiveSwitch&) = delete;

  // Names of what a reload has changed.
  struct Changes {
    PortChange::Summary ports;
    std::vector<std::string> networks_added, networks_changed, networks_removed;
    bool none() const;
  };
  // From now on this configuration. Throws std::runtime_error with one sentence when it cannot be;
  // everything is then as it was.
  Changes reload(Config config);

  // The configuration, with its networks in the order of their ids: a free one has no name.
  const Config& config() const { return *config_; }
  const Engine& engine() const { return engine_; }
  Engine& engine() { return engine_; }
  std::vector<PortInfo> port_infos();  // indexed by PortId
  // What was counted on ports whose ids others have by now.
  const PortStats& forgotten() const { return forgotten_; }

  const NatControl& nat() const { return nat_; }

  // At run time; see NatControl. Why it cannot be, or nothing.
  std::optional<std::string> publish(const PublishConfig& entry);
  std::optional<std::string> unpublish(const PublishConfig& entry, PublishConfig& removed);

  // Events. A worker found a device dead; a device of this namespace has gone or may have.
  int attention_fd() const { return engine_.attention_fd(); }
  int links_fd() const { return monitor_.fd(); }
  void bury_dead();
  // A packet was too long for the path of a tunnel.
  int paths_fd() const { return paths_.get(); }
  void follow_paths();
  void follow_links();
  // Addresses of the host may have changed; -1 without a host port. Another one after a reload.
  int host_fd() const { return router_.host_fd(); }
  void follow_host() { router_.follow_host(); }

  static constexpr auto router_interval = RouterControl::interval;
  static constexpr auto housekeeping_interval = std::chrono::seconds(1);
  void tick_router();
  void keep_house();

 private:
  LivePorts make_ports();
  static Engine start(const Config& config, const std::function<void(const Config&)>& before);
  Fdbs make_fdbs(const Config& config) const;
  void publish_tables();
  void settle_statics(const Tables& tables);
  void carry_paths(Config& wanted) const;
  PortPlan plan(const Config& wanted) const;
  void update_controls(const Config& wanted);
  Departures departures(const PortPlan& plan, const Config& wanted) const;
  StationAddresses addresses_behind(const Departures& departures) const;
  void flush_strangers(const PortPlan& plan);
  void forget_endpoints(const Config& before, const StationAddresses& found);
  Changes summarize(const Config& before, const PortChange& change) const;
  void bury(const std::vector<PortId>& dead);
  template <class Dead>
  void bury_if(Dead dead);

  std::unique_ptr<Config> config_;
  LinkMonitor monitor_;  // it watches before anything is made
  NamedNamespaces namespaces_;
  UniqueFd paths_;  // an eventfd, signalled by the sockets of tunnels
  Underlays underlays_{paths_.get()};
  Fdbs fdbs_;
  LivePorts ports_;
  Engine engine_;  // destroyed before the ports that its workers use
  TunnelControl tunnels_;
  NatControl nat_;
  RouterControl router_;
  std::shared_ptr<PortStats> router_stats_;
  StaticMacs statics_;
  PortStats forgotten_;
};

}  // namespace uswitch
