// What the router reaches without any route: its own addresses, and the prefixes around them. For
// the sections of the configuration that refer to it.
//
// Used by one thread; the networks must outlive it. No errors.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/config.h"

namespace uswitch {

class Connected {
 public:
  explicit Connected(const std::vector<NetworkConfig>& networks);

  // The network that the prefix is on, or null.
  const NetworkConfig* at(const IpPrefix& prefix) const;
  // The network in which the address is the router's own, or null.
  const NetworkConfig* owner(const IpAddress& address) const;
  // The network whose prefix, the longest of them, the address is in, or null.
  const NetworkConfig* network_around(const IpAddress& address) const;
  // That prefix, with the address itself.
  std::optional<IpPrefix> around(const IpAddress& address) const;

  // Why no station that the router reaches directly can have this address, "is in no network of
  // the router"; or "".
  std::string fault_of_station(const IpAddress& address) const;

 private:
  std::map<IpPrefix, const NetworkConfig*> prefixes_;
  std::map<IpAddress, const NetworkConfig*> own_;
  std::set<uint8_t, std::greater<>> lengths_;
};

}  // namespace uswitch
