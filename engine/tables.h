// Everything that is configured, as one immutable value. A reload is a new value; ports and learned
// tables that stay the same are shared between the old one and the new.
//
// Kind "ours": built by the control thread, published by Engine::publish, freed once every worker
// has adopted its successor.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/counters.h"
#include "engine/capture.h"
#include "nat/policy.h"
#include "router/interface.h"
#include "switch/network.h"
#include "switch/port.h"
#include "tunnel/suppression.h"

namespace uswitch {

// The counters of one port, one set a worker, each on cache lines of its own.
struct PortStats {
  struct alignas(64) PerWorker : PortCounters {};
  explicit PortStats(unsigned workers) : of_worker(workers) {}
  std::vector<PerWorker> of_worker;
};

struct PortEntry {
  std::string name;
  std::shared_ptr<Port> port;  // null: the id is free
  std::shared_ptr<PortStats> stats;
};

struct Tables {
  // Indexed by PortId, of equal size. An id keeps its port across reloads.
  std::vector<PortEntry> ports;
  std::vector<PortSettings> settings;
  // Indexed by NetworkId.
  std::vector<Network> networks;

  Routing routing;
  Translation nat;
  // Neighbours behind ports with `suppress`; null: there are no such ports.
  std::shared_ptr<Suppression> suppression;
  // Of the router, which is a port in the books: what it originates it receives, what ends at it it
  // sends. Set when a network has a router.
  std::shared_ptr<PortStats> router_stats;
  // What runs of them, put in by Engine; null: none does.
  std::shared_ptr<const CaptureSet> captures;

  // A learned or static MAC entry may name a port that has just been taken out.
  bool has_port(PortId id) const { return id < settings.size() && settings[id].present; }
  // Why a packet may not go from its ingress to this port; none: it may. Isolated ports exchange
  // nothing within a network, and what came from one node is not sent on to the next, which has had
  // it from the first (VX-9). What the router takes to another network is for the router to judge,
  // and a flow to a published port is permitted by that, also between neighbours.
  Reason kept_apart(const Packet& packet, PortId egress) const {
    if (packet.ingress == no_port || packet.routed || packet.published) return Reason::none;
    const PortSettings &from = settings[packet.ingress], &to = settings[egress];
    if (from.isolated && to.isolated) return Reason::isolated;
    return from.overlay && to.overlay ? Reason::split_horizon : Reason::none;
  }
  // What a question that a local port asks all is answered here, for a station that is known to be
  // behind another node (ND-10): for as long as the station's MAC address is there (TR-14), and
  // never for what the router has to say.
  std::optional<Suppression::Answer> answer_for_remote(const Packet& question, Time now) const;
  // Where a worker books what comes from this port; no_port: from the router.
  PortCounters& counters(PortId ingress, unsigned worker) const {
    PortStats& stats = ingress == no_port ? *router_stats : *ports[ingress].stats;
    return stats.of_worker[worker];
  }
};

// The VLANs of a trunk, by VID; null when there are none. Each network stands for one VID at most.
std::shared_ptr<const VlanMap> make_vlan_map(const std::map<uint16_t, NetworkId>& tagged,
                                             size_t networks);

// Fills in the members of every network from the settings of the ports: the last step of making
// Tables.
void collect_members(Tables& tables);

}  // namespace uswitch
