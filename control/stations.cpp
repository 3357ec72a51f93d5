#include "control/stations.h"

#include <algorithm>

namespace uswitch {

namespace {

bool is_in(const PortConfig& port, const std::string& network) {
  return port.network == network ||
         std::ranges::any_of(port.tagged, [&](const auto& t) { return t.second == network; });
}

}  // namespace

void note_departure(Departures& all, const std::vector<NetworkConfig>& networks, PortId id,
                    const PortConfig& before, const PortConfig* after) {
  if (!is_endpoint(before)) return;
  for (NetworkId n = 0; n < networks.size(); ++n) {
    const std::string& name = networks[n].name;
    if (is_in(before, name) && !(after && is_in(*after, name))) all[n].insert(id);
  }
}

void add_stations(Stations& stations, NetworkId network, const Fdb& fdb,
                  const std::set<PortId>& ports, Time now) {
  fdb.for_each(now, [&](const Fdb::Entry& e) {
    if (ports.contains(e.port)) stations.emplace(network, e.mac);
  });
}

StationAddresses addresses_of(const Stations& stations, const Neighbours& neighbours, Time now) {
  StationAddresses found;
  if (stations.empty()) return found;
  neighbours.for_each(now, [&](const Neighbours::Entry& e) {
    if (stations.contains({e.network, e.mac})) found.emplace_back(e.network, e.address);
  });
  return found;
}

}  // namespace uswitch
