// Who goes when ports leave networks: stations by their MAC addresses, and, as far as the router
// knows, by their IP addresses. An endpoint also has addresses that no configuration names: made of
// router advertisements, or given inside its namespace.
//
// The control thread's.
#pragma once
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "control/config.h"
#include "router/neighbours.h"
#include "switch/fdb.h"

namespace uswitch {

// Ports of endpoints that leave a network.
using Departures = std::map<NetworkId, std::set<PortId>>;
// `after` is what the port becomes; null: it goes, or is another device.
void note_departure(Departures& all, const std::vector<NetworkConfig>& networks, PortId id,
                    const PortConfig& before, const PortConfig* after);

using Stations = std::set<std::pair<NetworkId, MacAddress>>;
// Those that the network's MAC table has behind one of the ports.
void add_stations(Stations& stations, NetworkId network, const Fdb& fdb,
                  const std::set<PortId>& ports, Time now);

using StationAddresses = std::vector<std::pair<NetworkId, IpAddress>>;
// The addresses by which the router has them for neighbours.
StationAddresses addresses_of(const Stations& stations, const Neighbours& neighbours, Time now);

}  // namespace uswitch
