// What is configured of NAT: who is masqueraded, what is published, and how strict the outside is
// filtered. Pure questions, answered in one place; the answers become connections, so each is
// asked once a flow.
//
// Kind "ours": made by the control thread, immutable once published with Tables. Inside are the
// tables of connections and of ports (learned).
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/ids.h"
#include "nat/connection_table.h"
#include "nat/filtering.h"
#include "nat/port_map.h"
#include "nat/timeouts.h"
#include "wire/address.h"

namespace uswitch {

// Sources that leave a network under another address.
struct Masquerade {
  IpPrefix from;
  NetworkId out = no_network;
  ExternalPool pool;
  uint16_t realm = 0;  // of its mappings: the same as long as the entry stays, and no other's then
};

// Ports of one address that lead to an inner station. `on` is where the address is; its flows may
// come from any network (hairpin).
struct Publish {
  NetworkId on = no_network;
  uint16_t first_port = 0, last_port = 0;
  IpAddress to;
  uint16_t to_port = 0;         // of the first port, the others follow
  std::vector<IpPrefix> allow;  // clients; empty: all
  uint16_t tag = 0;             // names the entry in its connections
};

class Policy {
 public:
  // Control, before it is published. False when a port of that range is taken: nothing is added.
  bool add_publish(const IpAddress& address, uint8_t protocol, const Publish& publish);
  void add_masquerade(Masquerade masquerade) { masquerades_.push_back(std::move(masquerade)); }

  // The entry that this destination belongs to.
  const Publish* published(const IpAddress& address, uint8_t protocol, uint16_t port) const;
  // The first entry that covers the source, when it leaves into that network.
  const Masquerade* masquerade(const IpAddress& source, NetworkId out) const;
  // The network where this address of a pool is; no_network: it is of none.
  NetworkId side_of(const IpAddress& external, const PortMap& ports) const;

  // What a published server's own flows go on as when they are masqueraded by this entry: the port
  // that leads to it, or strangers' answers to the two would meet (U-1, CT-8). Of the addresses
  // that have the port, the one that the pool would give the server, else the first.
  struct PublishedEnd {
    TransportAddress external;
    uint16_t tag = 0;  // of the entry
  };
  std::optional<PublishedEnd> published_end(const TransportAddress& server, const Masquerade& m,
                                            const PortMap& ports) const {
    if (servers_.empty()) return std::nullopt;
    return find_published_end(server, m, ports);
  }

 private:
  struct Hash {
    size_t operator()(const IpAddress& a) const {
      return load_be64(a.bytes.data()) * 0x9e3779b97f4a7c15 ^ load_be64(a.bytes.data() + 8);
    }
  };
  // By protocol and first port; ranges of one protocol do not overlap.
  using Ranges = std::map<std::pair<uint8_t, uint16_t>, Publish>;

  // The other way round: the entries that lead to a server, by protocol and first port there. They
  // may overlap, by `widest` at most.
  struct Server {
    struct Way {
      NetworkId on;
      IpAddress address;
      uint16_t first_port, last_port, tag;
    };
    std::multimap<std::pair<uint8_t, uint16_t>, Way> ways;
    uint16_t widest = 0;  // last port less first
  };
  std::optional<PublishedEnd> find_published_end(const TransportAddress& server,
                                                 const Masquerade& m, const PortMap& ports) const;

  std::unordered_map<IpAddress, Ranges, Hash> published_;
  std::unordered_map<IpAddress, Server, Hash> servers_;
  std::vector<Masquerade> masquerades_;
};

// All that the workers share of NAT.
struct Translation {
  static constexpr uint16_t gateway_realms =
      0x8000;  // realm of a network's gateway: this plus its id
  // What `ports` must hold more than there are connections, one a worker at least: a flow takes its
  // port before another one is evicted for it (CT-9).
  static constexpr uint32_t spare_mappings = 64;

  Policy policy;
  Filtering filtering = Filtering::address_and_port_dependent;
  Timeouts timeouts;

  // By NetworkId.
  struct Side {
    bool outside = false;  // nothing unsolicited comes in from there
    bool tracked =
        false;  // what passes it belongs to connections: the outside, and masquerades' ways
    // The router's own addresses there (by family), that stand in for clients of the network whose
    // published server is their neighbour (HP-1).
    std::array<ExternalPool, 2> gateway;
  };
  std::vector<Side> networks;

  std::shared_ptr<PortMap> ports;                // null: there is no NAT
  std::shared_ptr<ConnectionTable> connections;  // likewise; behind the ports, which it uses
};

}  // namespace uswitch
