// The forwarding decision of a learning bridge (IEEE 802.1D-2004 clause 7): learn the source, look
// the destination up. It changes nothing but the MAC table; the pipeline carries the verdict out.
//
// In two passes over a batch, so that the MAC table's cache lines are on their way while other
// packets are looked at. No state of its own; any worker. All inline: as calls, these few
// instructions for every packet (and those of vlan.h) took an eighth of the switch's speed.
#pragma once
#include "core/counters.h"
#include "core/packet.h"
#include "core/time.h"
#include "core/verdict.h"
#include "switch/network.h"
#include "wire/address.h"

namespace uswitch::bridge {

// The two MAC table keys of a frame, hashed once.
struct Addresses {
  Fdb::Key source, destination;
};

inline constexpr uint64_t group_bit = uint64_t{1} << 40;
inline constexpr uint64_t bpdu_group = 0x0180c2000000;

// First pass: hashes the addresses and asks for their cache lines. Into its place and not returned:
// a copy of what was stored a moment ago costs a failed store forwarding, 7 ns.
inline void prepare(const Network& network, const Packet& packet, Addresses& addresses) {
  addresses.source = network.fdb->key(MacAddress::load(packet.data + 6));
  addresses.destination = network.fdb->key(MacAddress::load(packet.data));
  network.fdb->prefetch(addresses.source);
  network.fdb->prefetch(addresses.destination);
}

// The parts of decide() before and after it learns, which change nothing: next, or why the frame is
// dropped for its addresses alone; then where a frame that is not goes.
inline Verdict judge(const Network& network, const Addresses& a) {
  const uint64_t source = a.source.mac(), destination = a.destination.mac();
  if ((source & group_bit) || source == 0) return Verdict::drop(Reason::source_invalid);  // BR-2
  if ((destination & ~uint64_t{0xf}) == bpdu_group) {                                     // BR-7
    if (destination != bpdu_group || !network.relay_bpdu) {
      return Verdict::drop(Reason::link_local_group);
    }
  }
  if (source == network.router_mac) return Verdict::drop(Reason::router_mac_source);  // BR-12
  return Verdict::next();
}

inline Verdict find(const Network& network, const Packet& packet, const Addresses& a) {
  const uint64_t destination = a.destination.mac();
  if (destination & group_bit) return Verdict::flood();
  if (destination == network.router_mac && destination != 0) return Verdict::to_router();  // BR-13
  const PortId egress = network.fdb->lookup(a.destination);
  if (egress == no_port) return Verdict::flood();
  if (egress == packet.ingress) return Verdict::drop(Reason::same_port);
  return Verdict::to_port(egress);
}

inline void count(Fdb::Learn result, PortCounters& counters) {
  switch (result) {
    case Fdb::Learn::known:
    case Fdb::Learn::refreshed:
    case Fdb::Learn::learned:
      return;
    case Fdb::Learn::moved:
      return counters.moves.add(1);
    case Fdb::Learn::damped:
    case Fdb::Learn::table_full:
    case Fdb::Learn::port_full:
    case Fdb::Learn::refused_static:
      return counters.not_learned.add(1);
  }
}

// Second pass: learns the source and decides. The packet's layout is known and it belongs to
// `network`, which `port` is a member of; `counters` are that port's.
inline Verdict decide(const Network& network, const PortSettings& port, PortCounters& counters,
                      const Packet& packet, const Addresses& a, Time now) {
  if (const Verdict v = judge(network, a); v.kind() != Verdict::Kind::next) return v;
  count(network.fdb->learn(a.source, packet.ingress, now, port.max_addresses), counters);
  return find(network, packet, a);
}

// For a frame that the router has readdressed: asks for the cache line, then where the destination
// is; no_port: to be flooded.
inline void prefetch_destination(const Network& network, const Packet& packet) {
  network.fdb->prefetch(network.fdb->key(MacAddress::load(packet.data)));
}
inline PortId look_up_destination(const Network& network, const Packet& packet) {
  const MacAddress destination = MacAddress::load(packet.data);
  return destination.is_group() ? no_port : network.fdb->lookup(destination);
}

}  // namespace uswitch::bridge
