// What the entries of the section `nat` refer to: networks, and addresses that packets may have.
//
// Used by one thread, while the section is read; the configuration's networks and ports must not
// change meanwhile.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "control/config_sections.h"
#include "control/connected.h"

namespace uswitch {

class NatPlaces {
 public:
  explicit NatPlaces(const Config& config);

  const Connected& connected() const { return connected_; }

  // The network this key names, in which the router speaks that version of IP, or null after
  // reporting why there is none. Without a family the destination was refused already.
  const NetworkConfig* resolve(const MapReader& entry, std::string_view key,
                               std::optional<Family> family) const;

  bool has_network(std::string_view name) const { return networks_.contains(name); }

  // Why packets to this address cannot be ours to translate when they come by the network, "is
  // the address of port 'web'"; or "".
  std::string fault_of_public(const IpAddress& address, const NetworkConfig& on) const;
  // Why this cannot be an address of the host, or "".
  std::string fault_of_host_address(const IpAddress& address) const;

  // Whether the host has a port in a network whose router speaks that version of IP.
  bool host_reaches(Family family) const { return family == Family::v4 ? host_v4_ : host_v6_; }

 private:
  NetworkIndex networks_;
  Connected connected_;
  std::map<IpAddress, const PortConfig*> stations_;  // ports' addresses in networks with a router
  bool host_v4_ = false, host_v6_ = false;
};

// False after reporting that the key is missing, with an entry that would be right.
bool require_key(const MapReader& entry, std::string_view key, std::string_view example);

// One value that is an address, without a prefix length; nullopt after reporting that it is none.
std::optional<IpAddress> read_address(const MapReader& map, const YamlNode& node,
                                      std::string_view form);

// The list under `publish`.
void read_publish(const MapReader& nat, const NatPlaces& places, NatConfig& config);

// One entry of it that stands alone, or nullopt after reporting what is wrong; whether its ports
// are free is not asked. Unless `whole` it may leave out `to`, which is unspecified then: enough to
// name an entry by.
std::optional<PublishConfig> read_publish_alone(const MapReader& entry, const NatPlaces& places,
                                                bool whole);

}  // namespace uswitch
