// What a new configuration asks of a running switch: which ports and networks stay, which change,
// come or go, and under which numbers. Pure: any thread, no effect on anything.
//
// The numbers (PortId, NetworkId) are slots. What stays keeps its own, what comes takes free ones,
// and what is freed now is taken by nothing before the next plan: by then nobody remembers who had
// it. A network's slot is its place in Config::networks; a free one is held by a network without a
// name, so that in the configuration of a running switch place and number are the same.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/config.h"
#include "core/ids.h"

namespace uswitch {

// Why this cannot be had without a new start, a sentence; or nothing.
std::optional<std::string> refuse_change(const Config& running, const Config& wanted);

inline bool is_free(const NetworkConfig& network) {
  return network.name.empty();
}

// Puts the networks into their slots: each where the running one of its name is.
void lay_out_networks(const std::vector<NetworkConfig>& running,
                      std::vector<NetworkConfig>& wanted);

// Whether a port of one configuration becomes one of the other without a new device.
bool is_same_device(const PortConfig& a, const PortConfig& b);

// A port as it runs.
struct PortSlot {
  const PortConfig* config = nullptr;  // null: the slot is free
  bool gone = false;                   // its device is
};

struct PortStep {
  enum class Kind : uint8_t {
    keep,     // nothing about it has changed
    change,   // the same device with other settings
    make,     // new
    replace,  // another device under the same name
    revive,   // unchanged but gone: made anew if it can be
  };
  Kind kind;
  PortId id;
  size_t index;  // in the wanted ports
};

inline bool makes_device(const PortStep& step) {
  return step.kind == PortStep::Kind::make || step.kind == PortStep::Kind::replace;
}

struct PortPlan {
  std::vector<PortStep> steps;  // one for each wanted port, in their order
  std::vector<PortId> removed;
  // Running ports, of `removed` or to be replaced, whose device another port is to have: they go
  // before that one is made.
  std::vector<PortId> in_the_way;
  // Whether there are numbers for all.
  bool fits = true;
};

PortPlan plan_ports(std::span<const PortSlot> running, std::span<const PortConfig> wanted);

}  // namespace uswitch
