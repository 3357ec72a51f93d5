#include "switch/bridge.h"

#include "wire/address.h"

namespace uswitch::bridge {

namespace {

constexpr uint64_t group_bit = uint64_t{1} << 40;
constexpr uint64_t bpdu_group = 0x0180c2000000;

uint64_t mac_of(const Fdb::Key& key) {
  return key.tag >> 16;
}

void count(Fdb::Learn result, PortCounters& counters) {
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

}  // namespace

Addresses prepare(const Network& network, const Packet& packet) {
  const Addresses a{network.fdb->key(MacAddress::load(packet.data + 6)),
                    network.fdb->key(MacAddress::load(packet.data))};
  network.fdb->prefetch(a.source);
  network.fdb->prefetch(a.destination);
  return a;
}

Verdict judge(const Network& network, const Addresses& a) {
  const uint64_t source = mac_of(a.source), destination = mac_of(a.destination);
  if ((source & group_bit) || source == 0) return Verdict::drop(Reason::source_invalid);  // BR-2
  if ((destination & ~uint64_t{0xf}) == bpdu_group) {                                     // BR-7
    if (destination != bpdu_group || !network.relay_bpdu) {
      return Verdict::drop(Reason::link_local_group);
    }
  }
  if (source == network.router_mac) return Verdict::drop(Reason::router_mac_source);  // BR-12
  return Verdict::next();
}

Verdict find(const Network& network, const Packet& packet, const Addresses& a) {
  const uint64_t destination = mac_of(a.destination);
  if (destination & group_bit) return Verdict::flood();
  if (destination == network.router_mac) return Verdict::to_router();  // BR-13
  const PortId egress = network.fdb->lookup(a.destination);
  if (egress == no_port) return Verdict::flood();
  if (egress == packet.ingress) return Verdict::drop(Reason::same_port);
  return Verdict::to_port(egress);
}

Verdict decide(const Network& network, const PortSettings& port, PortCounters& counters,
               const Packet& packet, const Addresses& a, Time now) {
  if (const Verdict v = judge(network, a); v.kind() != Verdict::Kind::next) return v;
  count(network.fdb->learn(a.source, packet.ingress, now, port.max_addresses), counters);
  return find(network, packet, a);
}

void prefetch_destination(const Network& network, const Packet& packet) {
  network.fdb->prefetch(network.fdb->key(MacAddress::load(packet.data)));
}

PortId look_up_destination(const Network& network, const Packet& packet) {
  const MacAddress destination = MacAddress::load(packet.data);
  return destination.is_group() ? no_port : network.fdb->lookup(destination);
}

}  // namespace uswitch::bridge
