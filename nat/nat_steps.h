// What opening a flow and foreseeing it have in common: nat.cpp does, foresee.cpp only says. Of
// these two files alone.
#pragma once
#include <algorithm>

#include "nat/leave.h"
#include "nat/nat.h"
#include "nat/partial_checksum.h"
#include "nat/rewrite.h"
#include "nat/tcp_segment.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ip_protocol.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
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

inline bool tcp_checksum_right(const Packet& p) {
  const bool v4 = p.layout.ether_type == ether_type::ipv4;
  const std::span<const uint8_t> tcp(p.data + p.layout.l4, p.layout.l3_end - p.layout.l4);
  const uint8_t* ip = p.data + Layout::l3;
  const uint16_t pseudo =
      v4 ? checksum::pseudo4(ip + Ipv4View::Offset::source, ip_protocol::tcp, tcp.size())
         : checksum::pseudo6(ip + Ipv6View::Offset::source, ip_protocol::tcp, tcp.size());
  return checksum::add(pseudo, checksum::sum(tcp)) == 0xffff;
}

// Whether the segment would open or end a connection and was damaged on its way (CT-4). Of those
// alone the checksum is read: data are for their receiver to judge, and summing them would cost
// more than all the rest.
inline bool is_damaged(const Packet& p, const TcpSegment& segment) {
  using Flag = TcpView::Flag;
  if (!segment.has(Flag::syn | Flag::fin | Flag::rst) || p.offload.gso != Offload::Gso::none)
    return false;
  return !has_partial_checksum(p, TcpView::Offset::checksum) && !tcp_checksum_right(p);
}

// The first segment of a connection, or why it is none.
inline Reason begin_tcp(TcpTrack& track, const Packet& p) {
  const TcpSegment segment = segment_of(p);
  if (is_damaged(p, segment)) return Reason::bad_tcp_checksum;
  const bool invalid = follow(track, Direction::original, segment) == TcpVerdict::invalid;
  return invalid ? Reason::tcp_out_of_state : Reason::none;
}

// Who has the ports that this inner end could have.
inline std::optional<ConnectionTable::Answered> rivals_for_port(const Translation& nat,
                                                                const TransportAddress& inner,
                                                                const ExternalPool& pool) {
  const auto external = nat.ports->external_address(inner.address, pool);
  if (!external) return std::nullopt;
  return ConnectionTable::Answered{*external, inner.protocol, PortMap::class_of(inner)};
}

}  // namespace nat_steps

// Filtering is for what comes from outside: neighbours always reach each other's mappings (U-9).
// But for their ICMP queries: the router answers those to its addresses itself (R4-11), and a
// mapping's id says nothing, since all hosts of some kinds ask with the same one.
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

// Whether the source is to be another one although it stays on this side: of flows from inside to
// a published port or a mapping (U-9), and to a published server from its own network, which would
// answer directly, wherever that is (HP-1).
inline bool Nat::is_hairpin(const Translation& nat, const Opening& o, NetworkId in, NetworkId out) {
  return o.moved() && (!nat.networks[in].outside || (o.publish && in == out));
}

// Under which address the source goes on: its own external one (U-1), also when it goes to a
// published port or a mapping of its own side (U-9, T-8), and that is the published one if it has
// one; the gateway's, so that the answers of a neighbour come back this way (HP-1); or its own.
// Nothing when no port is left (I-8).
template <class Acquire>
std::optional<Nat::Source> Nat::source_with(const Translation& nat, const Opening& o, NetworkId in,
                                            NetworkId out, Acquire acquire) {
  const TransportAddress inner = nat_steps::source_end(o.tuple);
  const Masquerade* m = masquerade_of(nat, o, in, out);
  if (m) {
    if (const auto published = nat.policy.published_end(inner, *m, *nat.ports))
      return Source{published->external, no_mapping, published->tag};
  }
  const ExternalPool& gateway = nat.networks[in].gateway[inner.address.is_v4() ? 0 : 1];
  const bool by_gateway = is_hairpin(nat, o, in, out) && in == out && !gateway.empty();
  if (!m && !by_gateway) return Source{inner, no_mapping};
  const ExternalPool& pool = m ? m->pool : gateway;

  if (!PortMap::maps(inner.protocol)) {
    const auto address = nat.ports->external_address(inner.address, pool);
    if (!address) return std::nullopt;
    return Source{{*address, 0, inner.protocol}, no_mapping};
  }
  const uint16_t realm = m ? m->realm : static_cast<uint16_t>(Translation::gateway_realms + in);
  return acquire(inner, realm, pool);
}

}  // namespace uswitch
