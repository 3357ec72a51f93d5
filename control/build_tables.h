// From what is configured and what is alive to the Tables that the workers run on. Control thread;
// no effect on anything but the static MAC entries of the tables it is given.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/live_port.h"
#include "engine/tables.h"

namespace uswitch {

// The MAC tables, by network name: they outlive one value of Tables.
using Fdbs = std::map<std::string, std::shared_ptr<Fdb>>;

// `ports` in the order of their ids; one that is gone keeps its id, its name and its counters.
std::shared_ptr<const Tables> build_tables(const Config& config,
                                           const std::vector<std::unique_ptr<LivePort>>& ports,
                                           const Fdbs& fdbs, Routing routing, Translation nat,
                                           const std::shared_ptr<PortStats>& router_stats,
                                           const std::shared_ptr<Suppression>& suppression);

}  // namespace uswitch
