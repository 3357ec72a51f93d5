// What Nat would do, without doing it.
#include "nat/nat_steps.h"

namespace uswitch {

namespace {

using namespace nat_steps;
using Kind = FlowFields::Kind;
using Follow = ConnectionTable::Follow;

}  // namespace

Nat::Opening Nat::foresee_begin(const Translation& nat, const Packet& packet, NetworkId in,
                                Time now) {
  return begin_with(nat, flow_fields(packet), in, now, [&](const TransportAddress& external) {
    return nat.ports->peek_external(external);
  });
}

Nat::Foresight Nat::foresee(const Translation& nat, Packet& packet, Time now) {
  Foresight f;
  const FlowFields fields = flow_fields(packet);
  f.from = f.to = fields.tuple;
  if (is_ip(packet)) f.kind = Foresight::Kind::first;
  if (fields.kind == Kind::icmp_error) {
    f.found = translate_quote(nat, packet, now);
  } else if (is_of_a_flow(fields)) {
    f.found = nat.connections->lookup(nat.connections->key(f.from), now);
    if (!f.found) return f;
    const bool invalid = fields.kind == Kind::tcp &&
                         nat.connections->judge(*f.found, segment_of(packet)) == Follow::invalid;
    if (invalid) f.verdict = Verdict::drop(Reason::tcp_out_of_state);
    f.to = f.found->other().reversed();
    if (!invalid) rewrite(packet, f.from, f.to);
  }
  if (f.found) f.kind = Foresight::Kind::connection;
  return f;
}

Nat::Foresight Nat::foresee_open(const Translation& nat, const Opening& o, Packet& packet,
                                 NetworkId in, NetworkId out, Time now) {
  Foresight f;
  f.kind = Foresight::Kind::first;
  const FlowFields fields = flow_fields(packet);
  const auto drop = [&](Reason reason) {
    f.verdict = Verdict::drop(reason);
    return f;
  };
  if (const auto alone = judge_alone(nat, o, fields, in, out))
    return *alone == Reason::none ? f : drop(*alone);
  TcpTrack track;
  if (fields.kind == Kind::tcp &&
      uswitch::follow(track, Direction::original, segment_of(packet)) == TcpVerdict::invalid)
    return drop(Reason::tcp_out_of_state);
  const auto source =
      source_with(nat, o, in, out,
                  [&](const TransportAddress& inner, uint16_t realm,
                      std::span<const ExternalId> pool) -> std::optional<Source> {
                    const auto next = nat.ports->foresee(inner, realm, pool);
                    f.drawn = !next || next->drawn;
                    if (next) return Source{next->external, no_mapping};
                    const auto rivals = rivals_for_port(nat, inner, pool);
                    if (!rivals || !nat.connections->can_make_room(*rivals, now, nat.timeouts))
                      return std::nullopt;
                    return Source{{rivals->address, 0, inner.protocol}, no_mapping};
                  });
  if (!source) return drop(Reason::nat_ports_exhausted);
  f.from = o.tuple;
  f.to = {source->end.address, o.destination, source->end.port, o.port, o.tuple.protocol};
  const Tuple reply = f.to.reversed();
  const bool taken =
      !f.drawn && (reply == f.from || nat.connections->lookup(nat.connections->key(reply), now));
  if (taken) return drop(Reason::nat_ports_exhausted);
  f.kind = Foresight::Kind::opened;
  f.masquerade = masquerade_of(nat, o, in, out);
  rewrite(packet, f.from, f.to);
  return f;
}

}  // namespace uswitch
