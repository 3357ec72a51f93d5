// What Nat would do, without doing it.
#include "nat/nat_steps.h"

namespace uswitch {

namespace {

using namespace nat_steps;
using Kind = FlowFields::Kind;
using Follow = ConnectionTable::Follow;

Verdict judge_tcp(const Translation& nat, const Found& found, const Packet& packet) {
  const TcpSegment segment = segment_of(packet);
  if (is_damaged(packet, segment)) return Verdict::drop(Reason::bad_tcp_checksum);
  const bool invalid = nat.connections->judge(found, segment) == Follow::invalid;
  return invalid ? Verdict::drop(Reason::tcp_out_of_state) : Verdict::next();
}

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
    f.to = f.found->other().reversed();
    if (fields.kind == Kind::tcp) f.verdict = judge_tcp(nat, *f.found, packet);
    if (f.verdict.kind() == Verdict::Kind::next) rewrite(packet, f.from, f.to);
    packet.published = f.found->tag != 0;
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
  if (fields.kind == Kind::tcp) {
    TcpTrack track;
    if (const Reason r = begin_tcp(track, packet); r != Reason::none) return drop(r);
  }
  const auto acquire = [&](const TransportAddress& inner, uint16_t realm,
                           const ExternalPool& pool) -> std::optional<Source> {
    const auto next = nat.ports->foresee(inner, realm, pool);
    f.drawn = !next || next->drawn;
    if (next) return Source{next->external};
    const auto rivals = rivals_for_port(nat, inner, pool);
    if (!rivals || !nat.connections->can_make_room(*rivals, now, nat.timeouts)) return std::nullopt;
    return Source{{rivals->address, 0, inner.protocol}};
  };
  const auto source = source_with(nat, o, in, out, acquire);
  if (!source) return drop(Reason::nat_ports_exhausted);
  f.from = o.tuple;
  f.to = {source->end.address, o.destination, source->end.port, o.port, o.tuple.protocol};
  const Tuple reply = f.to.reversed();
  const bool taken =
      !f.drawn && (reply == f.from || nat.connections->lookup(nat.connections->key(reply), now));
  if (taken) return drop(Reason::nat_ports_exhausted);
  f.kind = Foresight::Kind::opened;
  f.published = source->tag != 0;
  f.masquerade = masquerade_of(nat, o, in, out);
  packet.published = o.publish != nullptr || f.published;
  rewrite(packet, f.from, f.to);
  return f;
}

}  // namespace uswitch
