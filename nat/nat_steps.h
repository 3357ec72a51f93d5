// What opening a flow and foreseeing it have in common: nat.cpp does, foresee.cpp only says. Of
// these two files alone.
#pragma once
#include <algorithm>

#include "nat/leave.h"
#include "nat/nat.h"
#include "nat/rewrite.h"
#include "nat/tcp_segment.h"
#include "wire/tcp.h"

namespace uswitch {

namespace nat_steps {

inline TransportAddress source_end(const Tuple& t) {
  return {t.source, t.source_port, t.protocol};
}
inline TransportAddress destination_end(const Tuple& t) {
  return {t.destination, t.destination_port, t.protocol};
}

inline bool is_of_a_flow(const FlowFields& f) {
  return f.has_ports() || f.kind == FlowFields::Kind::other;
}
// An answer that nobody asked for begins nothing (CT-11).
inline bool may_begin(const FlowFields& f) {
  return is_of_a_flow(f) && !f.is_reply;
}
inline bool is_ip(const Packet& p) {
  return p.layout.l3_end != 0;
}

inline TcpSegment segment_of(const Packet& p) {
  return tcp_segment(
      *TcpView::parse({p.data + p.layout.l4, size_t{p.layout.l3_end} - p.layout.l4}));
}

// Who has the ports that this inner end could have.
inline std::optional<ConnectionTable::Answered> rivals_for_port(const Translation& nat,
                                                                const TransportAddress& inner,
                                                                std::span<const ExternalId> pool) {
  const auto external = nat.ports->external_address(inner.address, pool);
  if (!external) return std::nullopt;
  return ConnectionTable::Answered{*external, inner.protocol, PortMap::class_of(inner)};
}

}  // namespace nat_steps

// Filtering is for what comes from outside: neighbours always reach each other's mappings (U-9).
template <class Find>
Nat::Opening Nat::begin_with(const Translation& nat, const FlowFields& fields, NetworkId in,
                             Time now, Find find) {
  using namespace nat_steps;
  Opening o;
  o.tuple = fields.tuple;
  o.destination = o.tuple.destination;
  o.port = o.tuple.destination_port;
  if (!fields.has_ports()) return o;
  const Publish* p = nat.policy.published(o.destination, o.tuple.protocol, o.port);
  if (p && fields.kind != FlowFields::Kind::icmp_query) {
    const auto allowed = [&](const IpPrefix& a) { return a.contains(o.tuple.source); };
    if (!p->allow.empty() && std::ranges::none_of(p->allow, allowed))
      o.refused = Reason::client_refused;
    o.publish = p;
    o.destination = p->to;
    o.port = static_cast<uint16_t>(p->to_port + (o.port - p->first_port));
  } else if (fields.kind != FlowFields::Kind::icmp_query &&
             (!nat.networks[in].outside || may_enter(nat, o.tuple, now))) {
    o.lease = find(destination_end(o.tuple));
    if (!o.lease) return o;
    o.destination = o.lease.inner.address;
    o.port = o.lease.inner.port;
  }
  return o;
}

// Under which address the source goes on: its own external one (U-1), also when it goes to a
// published port or a mapping of its own side (U-9, T-8); the gateway's, so that the answers of a
// neighbour come back this way (HP-1); or its own. Nothing when no port is left (I-8).
template <class Acquire>
std::optional<Nat::Source> Nat::source_with(const Translation& nat, const Opening& o, NetworkId in,
                                            NetworkId out, Acquire acquire) {
  const TransportAddress inner = nat_steps::source_end(o.tuple);
  const bool hairpin = o.moved() && !nat.networks[in].outside;
  const Masquerade* m = masquerade_of(nat, o, in, out);
  const ExternalId gateway = nat.networks[in].gateway[inner.address.is_v4() ? 0 : 1];
  std::span<const ExternalId> pool;
  if (m)
    pool = m->pool;
  else if (hairpin && in == out && gateway != no_external)
    pool = {&gateway, 1};
  else
    return Source{inner, no_mapping};

  if (!PortMap::maps(inner.protocol)) {
    const auto address = nat.ports->external_address(inner.address, pool);
    if (!address) return std::nullopt;
    return Source{{*address, 0, inner.protocol}, no_mapping};
  }
  const uint16_t realm = m ? m->realm : static_cast<uint16_t>(Translation::gateway_realms + in);
  return acquire(inner, realm, pool);
}

}  // namespace uswitch
