// From what is configured and what is alive to the Tables that the workers run on. Control thread;
// no effect on anything.
#pragma once
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "control/config.h"
#include "control/live_port.h"
#include "engine/tables.h"

namespace uswitch {

// The MAC tables, by NetworkId: they outlive one value of Tables. A free id has an empty one, for
// packets that are still on their way there.
using Fdbs = std::vector<std::shared_ptr<Fdb>>;

// Networks and `ports` in the order of their ids; a port that is gone keeps its id, its name and
// its counters.
std::shared_ptr<const Tables> build_tables(const Config& config,
                                           const std::vector<std::unique_ptr<LivePort>>& ports,
                                           const Fdbs& fdbs, Routing routing, Translation nat,
                                           const std::shared_ptr<PortStats>& router_stats,
                                           const std::shared_ptr<Suppression>& suppression);

// The configured static entries of all MAC tables: the port behind a MAC of a network.
using StaticMacs = std::map<std::pair<NetworkId, MacAddress>, PortId>;
StaticMacs static_macs(const std::vector<std::unique_ptr<LivePort>>& ports, const Tables& tables);

}  // namespace uswitch
