// The tunnels' side of the control thread: sockets learn for whom they read, the MTU of networks
// and endpoints follows the paths that tunnels take, and who was heard is noted.
//
// Owner: Daemon, on the control thread.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/live_port.h"
#include "tunnel/suppression.h"

namespace uswitch {

using LivePorts = std::vector<std::unique_ptr<LivePort>>;  // indexed by PortId

class TunnelControl {
 public:
  // Before Tables are made of the ports.
  static void connect(const Config& config, const LivePorts& ports);

  // What is known of stations behind remotes whose tunnels suppress; null when there are none.
  std::shared_ptr<Suppression> suppression(const LivePorts& ports);

  // Asks the kernel for the MTU of every path and brings in step with it the tunnels' ports and,
  // where the file says no MTU, their networks and the ports and devices on those (PM-5, PM-6).
  // True: new Tables must be published. What cannot be changed is logged.
  bool follow_paths(Config& config, const LivePorts& ports);

  // Each second.
  static void note_heard(const LivePorts& ports, Time now);

 private:
  void follow(Config& config, NetworkConfig& network, uint16_t least, const LivePorts& ports);

  std::shared_ptr<Suppression> suppression_;
  std::set<std::string> warned_;  // networks whose own MTU is more than a path takes
};

}  // namespace uswitch
