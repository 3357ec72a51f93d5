// The running switch: makes what the configuration asks for, publishes it to the workers, notices
// what dies, ages what was learned, and takes everything away again.
//
// Owner and thread: main, which is the control thread.
#pragma once
#include <memory>
#include <string>

#include "control/config.h"

namespace uswitch {

class Daemon {
 public:
  // Brings everything up. Throws std::runtime_error (DeviceError) with one sentence for the user;
  // what was made until then is taken away. `file` is where the configuration came from.
  Daemon(Config config, std::string file);
  ~Daemon();

  // Serves until SIGTERM or SIGINT.
  void run();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace uswitch
