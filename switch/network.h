// What the switch knows of its ports and networks: the part of Tables that the L2 stages read.
//
// Kind "ours": made by the control thread, immutable once published, freed when every worker has
// adopted its successor. Only the Fdb inside is of kind "learned".
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/ids.h"
#include "core/time.h"
#include "switch/fdb.h"
#include "switch/guard.h"
#include "switch/port.h"

namespace uswitch {

inline constexpr uint16_t untagged = 0;  // in place of a VLAN id: VID 0 never names a VLAN

// Which 802.1Q VLAN of a trunk is which network, both ways.
struct VlanMap {
  std::array<NetworkId, 4096> network_of_vid;  // no_network: not a member
  std::vector<uint16_t> vid_of_network;        // indexed by NetworkId; `untagged`: no tag
};

// How one port takes part in switching. A cache line each.
struct alignas(64) PortSettings {
  NetworkId network = no_network;        // of untagged frames; no_network: only tagged ones
  uint16_t mtu = 1500;                   // bytes of L3 packet
  bool present = false;                  // an unused id: see Tables
  bool isolated = false;                 // exchanges nothing with other isolated ports
  bool overlay = false;                  // leads to another node: nothing goes from one to the next
  bool suppress = false;                 // so is asked for no neighbour that is known here
  Capabilities capabilities;             // of the port, remembered here to spare a virtual call
  uint32_t max_addresses = 1024;         // MAC entries it may learn in one network
  std::shared_ptr<const VlanMap> vlans;  // null: no tagged networks
  std::shared_ptr<const Guard> guard;    // null: the port may use any address

  // The tag that frames of this network carry on this port, or `untagged`.
  uint16_t tag_of(NetworkId n) const {
    return n == network || !vlans ? untagged : vlans->vid_of_network[n];
  }
};

// One broadcast domain.
struct Network {
  std::string name;
  uint16_t mtu = 1500;
  bool relay_bpdu = false;  // 01:80:C2:00:00:00 too (BR-7)
  uint64_t router_mac = 0;  // of its gateway, as MacAddress::to_u64; 0: it has none
  Duration ageing{};
  std::vector<PortId> members;
  std::shared_ptr<Fdb> fdb;
};

}  // namespace uswitch
