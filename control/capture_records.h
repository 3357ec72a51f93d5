// What the workers have recorded for one capture, as one sequence. Control thread.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "control/capture_control.h"

namespace uswitch {

class CaptureRecords {
 public:
  // Starts nothing and stops nothing. `control` may be gone before.
  CaptureRecords(std::weak_ptr<CaptureControl> control, std::shared_ptr<Capture> capture)
      : control_(std::move(control)), capture_(std::move(capture)) {}

  struct Item {
    CaptureRecord record;
    unsigned worker;
    std::span<const uint8_t> bytes;  // valid until drop_front()
  };
  // The oldest of what the workers have published by now, by their clock; null: nothing is there.
  std::optional<Item> front();
  void drop_front();

  // Ends the capture: no more records come.
  void stop();
  bool stopped() const { return stopped_; }
  const Capture& capture() const { return *capture_; }

  // Of a port, as of now; no_port is the router.
  std::string name_of(PortId port) const;
  // Its counters; null when it has none.
  std::shared_ptr<const PortStats> stats_of(PortId port) const;
  // "to port web", "flooded", "drop: guard_mac: The endpoint ...": what became of a packet.
  std::string outcome_of(const CaptureRecord& record) const;

 private:
  CaptureRing& ring(unsigned worker) const { return capture_->of_worker(worker).ring; }

  std::weak_ptr<CaptureControl> control_;
  std::shared_ptr<Capture> capture_;
  unsigned oldest_ = 0;  // the worker whose record front() was
  bool stopped_ = false;
};

// The wall clock's time of a worker's: that of the moment, so that a clock that is set does not
// make the workers' time wrong for long.
class WallClock {
 public:
  WallClock()
      : offset_(std::chrono::system_clock::now().time_since_epoch() -
                std::chrono::steady_clock::now().time_since_epoch()) {}
  // Nanoseconds since 1970.
  uint64_t of(Time time) const {
    return static_cast<uint64_t>((time.time_since_epoch() + offset_).count());
  }

 private:
  std::chrono::nanoseconds offset_;
};

}  // namespace uswitch
