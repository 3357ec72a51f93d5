// Networks and addresses that the section `nat` refers to.
#include "control/config_nat.h"

namespace uswitch {
namespace {

// Of any station, or of the many that are none.
std::string fault_of_any(const IpPrefix& prefix) {
  if (prefix.address.is_link_local()) return "is a link-local address";
  const std::string fault(fault_of_host(prefix));
  return fault.empty() ? fault : "is " + fault;
}

IpPrefix alone(const IpAddress& address) {
  return {address, static_cast<uint8_t>(address.is_v4() ? 32 : 128)};
}

}  // namespace

NatPlaces::NatPlaces(const Config& config)
    : networks_(config.networks), connected_(config.networks) {
  std::map<std::string_view, const NetworkConfig*> by_name;
  for (const NetworkConfig& n : config.networks) by_name.emplace(n.name, &n);
  for (const PortConfig& p : config.ports) {
    if (!p.network) continue;
    const NetworkConfig& network = *by_name.at(*p.network);
    if (network.router.empty()) continue;
    for (const IpPrefix& a : p.addresses) stations_.emplace(a.address, &p);
    host_v4_ |= is_host(p) && has_router(network, Family::v4);
    host_v6_ |= is_host(p) && has_router(network, Family::v6);
  }
}

const NetworkConfig* NatPlaces::resolve(const MapReader& entry, std::string_view key,
                                        std::optional<Family> family) const {
  const YamlNode& node = *entry.find(key);
  const NetworkConfig* network = networks_.resolve_router(entry, node);
  if (network && family && !check_router(entry, node, *network, *family)) return nullptr;
  return network;
}

std::string NatPlaces::fault_of_public(const IpAddress& address, const NetworkConfig& on) const {
  if (connected_.owner(address)) return {};
  const NetworkConfig* around = connected_.network_around(address);
  if (around && around != &on) {
    return "is in network " + quoted(around->name) + ", not in " + quoted(on.name);
  }
  if (const auto found = stations_.find(address); found != stations_.end()) {
    return "is the address of port " + quoted(found->second->name);
  }
  return fault_of_any(around ? *connected_.around(address) : alone(address));
}

std::string NatPlaces::fault_of_host_address(const IpAddress& address) const {
  if (const NetworkConfig* network = connected_.owner(address)) {
    return "is the router's address in network " + quoted(network->name);
  }
  const auto found = stations_.find(address);
  if (found != stations_.end() && !is_host(*found->second)) {
    return "is the address of port " + quoted(found->second->name);
  }
  return address.is_loopback() ? std::string() : fault_of_any(alone(address));
}

}  // namespace uswitch
