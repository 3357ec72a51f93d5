#include "control/connected.h"

#include "control/config_sections.h"

namespace uswitch {
namespace {

template <class Map>
const NetworkConfig* find(const Map& map, const typename Map::key_type& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

}  // namespace

Connected::Connected(const std::vector<NetworkConfig>& networks) {
  for (const NetworkConfig& n : networks) {
    for (const IpPrefix& p : n.router) {
      prefixes_.emplace(IpPrefix{p.network(), p.length}, &n);
      own_.emplace(p.address, &n);
      lengths_.insert(p.length);
    }
  }
}

const NetworkConfig* Connected::at(const IpPrefix& prefix) const {
  return find(prefixes_, prefix);
}

const NetworkConfig* Connected::owner(const IpAddress& address) const {
  return find(own_, address);
}

const NetworkConfig* Connected::network_around(const IpAddress& address) const {
  const auto prefix = around(address);
  return prefix ? at({prefix->network(), prefix->length}) : nullptr;
}

std::optional<IpPrefix> Connected::around(const IpAddress& address) const {
  const uint8_t longest = address.is_v4() ? 32 : 128;
  for (uint8_t length : lengths_) {
    const IpPrefix prefix{address, length};
    if (length <= longest && at({prefix.network(), length})) return prefix;
  }
  return std::nullopt;
}

std::string Connected::fault_of_station(const IpAddress& address) const {
  if (owner(address)) return "is the router's own address";
  const auto prefix = around(address);
  if (!prefix) return "is in no network of the router";
  const std::string fault(fault_of_host(*prefix));
  return fault.empty() ? fault : "is " + fault;
}

}  // namespace uswitch
