// The process's events: signals, the control socket, devices that die, addresses of the host,
// timers. What they change is LiveSwitch, what they read anew is Reloads.
//
// Owner and thread: main, which is the control thread.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "control/config.h"

namespace uswitch {

class Daemon {
 public:
  // Brings everything up. Throws std::runtime_error (DeviceError) with one sentence for the user;
  // what was made until then is taken away. `file` is where the configuration came from; `control`,
  // if set, stands in place of the path of the control socket in this one and all later ones.
  Daemon(Config config, std::string file, std::optional<std::string> control);
  ~Daemon();

  // Serves until SIGTERM or SIGINT. SIGHUP reads the file anew.
  void run();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace uswitch
