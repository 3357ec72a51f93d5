// What becomes of packets to the destinations of a route: values, any thread.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/fold.h"
#include "core/ids.h"
#include "wire/address.h"
#include "wire/bytes.h"

namespace uswitch {

enum class RouteKind : uint8_t {
  forward,
  local,        // the router's own address
  broadcast,    // of a connected network, or to all
  blackhole,    // silence
  unreachable,  // an ICMP error: no route
  prohibit,     // an ICMP error: administratively prohibited
};

// Where a route comes from; look-ups do not care.
enum class RouteOrigin : uint8_t { local, connected, configured, host };

// One way out of the router.
struct RouteHop {
  NetworkId network = no_network;
  bool onlink = false;  // the destination itself is the neighbour; the gateway is of no account
  IpAddress gateway;

  bool operator==(const RouteHop& other) const {
    return network == other.network && onlink == other.onlink &&
           (onlink || gateway == other.gateway);
  }
  // What tells hops apart, as a number: the same in every process.
  uint64_t identity() const {
    const uint64_t mask = onlink ? 0 : ~uint64_t{0};
    const uint64_t high = load_be64(gateway.bytes.data()) & mask;
    const uint64_t low = load_be64(gateway.bytes.data() + 8) & mask;
    return fold(high ^ 0x9a3f2c5d71e8b64f, low ^ 0x5bd1e995c46f07a3) + network * step;
  }

 private:
  static constexpr uint64_t step = 0xc2b2ae3d27d4eb4f;
};

struct RouteTarget {
  static constexpr size_t max_hops = 16;

  RouteKind kind = RouteKind::unreachable;
  RouteOrigin origin = RouteOrigin::configured;
  // Hops used. forward: 1..16, any of them will do (ECMP). Otherwise 0 or 1: local and broadcast
  // say by hops[0].network, whatever the count, on which network.
  uint8_t count = 0;
  std::array<RouteHop, max_hops> hops;

  bool operator==(const RouteTarget& other) const;
  // Follows ==.
  uint64_t hash() const;

  // The hop that a flow takes, by its hash (core/flow_hash): the one with the highest of the
  // weights that hops draw for the flow, each from its own identity (rendezvous hashing, Thaler and
  // Ravishankar 1998). So the order of hops does not matter, and when one comes or goes only the
  // flows move that it gains or had (EP-2). Two nanoseconds a hop, of several.
  const RouteHop& hop(uint32_t flow_hash) const {
    return count <= 1 ? hops[0] : hops[heaviest(flow_hash)];
  }

 private:
  size_t heaviest(uint32_t flow_hash) const;
  // Hops that mean something.
  size_t used() const;
};

}  // namespace uswitch
