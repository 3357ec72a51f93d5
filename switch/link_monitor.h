// What happens to the network devices of a namespace: changed or gone (RTNLGRP_LINK).
//
// Owner: the control thread, whose event loop watches fd() and calls read_events() when it is
// readable. Watch only the namespace that uswitch runs in: the socket would keep another one alive
// after its end. That is enough: when the namespace of a veth's far end dies, the near end is
// deleted with it, and a TAP says so on its own descriptor.
#pragma once
#include <string>
#include <vector>

#include "switch/netlink.h"

namespace uswitch {

struct LinkEvent {
  enum class Kind {
    changed,  // new, or any property differs now
    removed,  // deleted, or moved to another namespace
    overrun,  // events were lost: read the state of every device again; all other fields are empty
  };
  Kind kind = Kind::changed;
  int index = 0;
  std::string name;
  bool up = false;       // administratively
  bool running = false;  // and with a carrier
};

class LinkMonitor {
 public:
  // DeviceError when the socket cannot be had.
  explicit LinkMonitor(const NetNs& netns);

  int fd() const { return events_.fd(); }
  // All that is waiting, in order, an overrun last; never blocks.
  std::vector<LinkEvent> read_events();

 private:
  NetlinkEvents events_;
};

}  // namespace uswitch
