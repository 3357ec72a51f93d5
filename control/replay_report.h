// What a replay reports: of each port what came in and left, of each reason what was dropped, of
// each flow what became of it. Main thread.
#pragma once
#include <array>
#include <boost/json/fwd.hpp>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "control/replay_files.h"
#include "engine/tables.h"

namespace uswitch {

class ReplayReport {
 public:
  static constexpr size_t max_flows = 100'000;  // those that come later are counted together
  static constexpr size_t max_listed = 100;     // in the text; JSON has all of them

  // Around the run of each frame.
  void before(const Tables& tables, PortId port);
  void after(const Tables& tables, PortId port, std::span<const uint8_t> frame, bool whole,
             CaptureTime at, Time now);

  struct Summary {
    uint64_t seed = 0;
    uint64_t answers = 0;              // of endpoints
    uint64_t held = 0;                 // packets still waiting at the end
    std::vector<std::string> damaged;  // a sentence for each file that was
  };
  boost::json::object json(const Tables& tables, const Summary& summary) const;
  std::string text(const Tables& tables, const Summary& summary) const;

 private:
  struct Flow {
    uint64_t packets = 0, bytes = 0;
    CaptureTime first{}, last{};
    std::string translated;  // what it goes on as, when that is something else
    std::map<Reason, uint64_t> drops;
  };
  using Key = std::pair<PortId, std::string>;
  using Drops = std::array<uint64_t, reason_count>;

  static Drops drops_of(const Tables& tables, PortId port);
  std::vector<const std::pair<const Key, Flow>*> largest_flows() const;

  std::map<Key, Flow> flows_;
  Drops before_{};
  uint64_t frames_ = 0, cut_short_ = 0;
  CaptureTime first_{}, last_{};
};

}  // namespace uswitch
