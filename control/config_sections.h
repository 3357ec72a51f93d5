// The sections of the configuration file, one function each; only control/config*.cpp use this.
//
// A later section is one more function here, one file, and one row in the table of top-level keys
// in config.cpp.
#pragma once
#include <span>
#include <string_view>

#include "control/config.h"
#include "control/yaml_reader.h"

namespace uswitch {

// Each reads its section out of the map of top-level keys.
void read_log(const MapReader& top, Config& config);
void read_networks(const MapReader& top, Config& config);
void read_ports(const MapReader& top, Config& config);  // after the networks, which it refers to

// The parts of a port that configure an endpoint inside its namespace, and its device.
void read_endpoint(const MapReader& map, PortConfig& port);
std::string read_device(const MapReader& map);

// The MAC of one station, or nullopt after reporting why it is none.
std::optional<MacAddress> read_mac(const MapReader& map, const YamlNode& node);

// What no port can know alone: that it shares no device, file, address or MAC with another. The
// nodes are the ports' own, in the same order.
void check_ports_together(std::span<const PortConfig> ports, std::span<const YamlNode* const> nodes,
                          ErrorList& errors);

// Names of networks and ports: [A-Za-z0-9_.-]{1,64}. Reports one that is not.
void check_name(const MapReader& section, const YamlNode& entry);

}  // namespace uswitch
