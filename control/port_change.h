// The ports of a running switch on their way from one configuration to the next: what is new is
// made beside what is there, what has changed is changed, and all of it can be taken back until it
// is kept. The slots (reload_plan.h) always hold the ports as they are to be published.
//
// Owner: LiveSwitch, for one reload, on the control thread. Dropped without keep(), it puts
// everything back.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/live_port.h"
#include "control/reload_plan.h"
#include "control/tunnel_control.h"

namespace uswitch {

// Whether the endpoint takes addresses from the advertisements of its network's router: that of a
// namespace does, the host does not.
bool autoconfigures(const PortConfig& port, const std::vector<NetworkConfig>& networks);

class PortChange {
 public:
  // `publish` makes the workers let go of ports that have been buried.
  PortChange(LivePorts& ports, NamedNamespaces& namespaces, Underlays& underlays, unsigned workers,
             std::function<void()> publish)
      : ports_(ports),
        namespaces_(namespaces),
        underlays_(underlays),
        workers_(workers),
        publish_(std::move(publish)) {}
  ~PortChange();
  PortChange(const PortChange&) = delete;
  PortChange& operator=(const PortChange&) = delete;

  // Throws std::runtime_error with a sentence that names the port; the destructor puts back what
  // was done until then.
  void apply(const PortPlan& plan, const Config& from, const Config& to);

  // For good, once it is published: what has left is taken away. `forgotten` counts on what was
  // counted under ids that other ports have now.
  void keep(PortStats& forgotten);

  // Of each kind, by name.
  struct Summary {
    std::vector<std::string> added, changed, removed;
  };
  const Summary& summary() const { return summary_; }

 private:
  struct Replaced {
    PortId id;
    std::unique_ptr<LivePort> port;  // what stood there; null: the slot is new
  };
  struct Changed {
    PortId id;
    PortConfig config;
    bool autoconfigured;
  };

  void clear_the_way(const PortPlan& plan, const Config& from);
  void take_step(const PortStep& step, const Config& from, const Config& to);
  void change(PortId id, const PortConfig& wanted, const Config& from, const Config& to);
  void make(PortId id, const PortConfig& wanted, const Config& to);
  void revive(PortId id, const PortConfig& wanted, const Config& to);
  void remove(PortId id);
  void put(PortId id, std::unique_ptr<LivePort> port);
  void go_back();
  void make_again(const Changed& buried);

  LivePorts& ports_;
  NamedNamespaces& namespaces_;
  Underlays& underlays_;
  const unsigned workers_;
  const std::function<void()> publish_;
  std::vector<Replaced> replaced_;
  std::vector<Changed> changed_;
  std::vector<Changed> buried_;  // they stood in the way
  Summary summary_;
  bool done_ = false;
};

}  // namespace uswitch
