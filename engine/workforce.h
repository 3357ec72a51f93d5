// What the parts of the control side want of whoever runs packets: the Engine with its workers, or
// replay, which runs them itself.
//
// The control thread calls all of it, but for settle().
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "core/own_frame.h"
#include "engine/tables.h"

namespace uswitch {

class Workforce {
 public:
  virtual ~Workforce() = default;

  // Makes these the tables of all workers. What was posted before has been sent when it returns.
  virtual void publish(std::shared_ptr<const Tables> tables) = 0;
  virtual const Tables& tables() const = 0;
  // Has a worker send the router's own frames. Any time after the first publish().
  virtual void post(std::vector<OwnFrame> frames) = 0;
  // Something that packets wait for has been decided: for the workers of the mask, a bit each. Any
  // thread.
  virtual void settle(uint64_t workers) = 0;
};

}  // namespace uswitch
