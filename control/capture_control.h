// The captures that run: which there are, and that the workers know of them. Owner and thread: the
// control thread's.
#pragma once
#include <memory>

#include "engine/engine.h"

namespace uswitch {

class CaptureControl : public std::enable_shared_from_this<CaptureControl> {
 public:
  // The engine must outlive it.
  explicit CaptureControl(Engine& engine) : engine_(engine) {}

  // Workers record from now on. Null: CaptureSet::limit run already.
  std::shared_ptr<Capture> start(CaptureRequest request);
  // No worker records when it returns; what has been recorded can still be read. Does nothing for
  // one that does not run.
  void stop(const Capture& capture);

  // With the names and counters of the ports, as of now.
  const Tables& tables() const { return engine_.tables(); }

 private:
  Engine& engine_;
  CaptureSet running_;
};

}  // namespace uswitch
