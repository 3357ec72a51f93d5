// What the router is on one network, and all that the workers share of it.
//
// Kind "ours": made by the control thread, immutable once published with Tables. Inside are the
// table of routes (ours, changed in place) and the neighbours (learned).
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/ids.h"
#include "router/neighbours.h"
#include "router/reverse_path.h"
#include "router/route_table.h"
#include "wire/address.h"

namespace uswitch {

struct RouterInterface {
  bool present = false;  // without: the network is a plain L2 domain
  MacAddress mac;
  IpAddress link_local;             // fe80::/10, from the MAC
  std::vector<IpPrefix> addresses;  // its own, each with the prefix that is on the network
  uint16_t mtu = 1500;              // bytes of L3 packet
  ReversePath reverse_path = ReversePath::off;
  bool clamp_mss = false;  // PM-4, on what enters and what leaves
  bool isolated = false;   // not routed to other networks, but for the outside
  bool outside = false;
  bool advertise = false;  // router advertisements (ND-7)

  // Its own address for talking to the peer: the one whose prefix holds it, else the first of the
  // family; nothing when it has none of that family.
  std::optional<IpAddress> address_for(const IpAddress& peer) const;
  // Link-local included.
  bool owns(const IpAddress& address) const;
  // Whether it is the subnet-router anycast address of one of its prefixes: that of any router
  // there (RFC 4291 2.6.1). Long prefixes have none (RFC 6164 5.1).
  bool is_anycast(const IpAddress& address) const;
};

// All of the router's own addresses but the link-local ones, to be asked for every packet.
class OwnAddresses {
 public:
  void add(const IpAddress& address);
  bool contains(const IpAddress& address) const {
    return (filter_ >> bit(address) & 1) != 0 && listed(address);
  }

 private:
  static unsigned bit(const IpAddress& a) {
    return (a.bytes[15] ^ a.bytes[14] << 3 ^ a.bytes[13]) & 63;
  }
  bool listed(const IpAddress& address) const;

  uint64_t filter_ = 0;
  std::vector<IpAddress> addresses_;  // sorted
};

// The router as the workers see it.
struct Routing {
  std::vector<RouterInterface> interfaces;  // indexed by NetworkId
  std::shared_ptr<RouteTable> routes;       // null: no network has a router
  std::shared_ptr<Neighbours> neighbours;   // null likewise
  OwnAddresses own;
  PortId host_port = no_port;  // behind it is the host, which is kept from nobody
  uint32_t flow_seed = 0;      // keys the choice between equal paths

  const RouterInterface& at(NetworkId network) const { return interfaces[network]; }
  bool on(NetworkId network) const {
    return network < interfaces.size() && interfaces[network].present;
  }
  // The address under which the router answers what came into a network from `peer` for `asked`,
  // one of its own: that one, unless it is anycast, which is no station's (RFC 4443 2.2, 4.2).
  IpAddress station_for(NetworkId network, const IpAddress& asked, const IpAddress& peer) const;
  // Whether packets may go from one network to another (isolated, outside).
  bool joined(NetworkId from, NetworkId to) const;
  // Whether the router answers in the name of the host there: the host's address is elsewhere, but
  // a station that holds it for one of its own network asks for it here.
  bool stands_for_host(NetworkId network, const IpAddress& address) const;
};

// The routes that follow from the router's addresses on a network: to each itself, to the prefix
// around it, and to that one's broadcast or subnet-router anycast address.
using Routes = std::map<IpPrefix, RouteTarget>;
Routes connected_routes(NetworkId network, const std::vector<IpPrefix>& addresses);

}  // namespace uswitch
