#include "nat/nat.h"

#include <new>

#include "nat/icmp_translate.h"
#include "nat/nat_steps.h"

namespace uswitch {

namespace {

using namespace nat_steps;
using Kind = FlowFields::Kind;
using Follow = ConnectionTable::Follow;

// Marks of a connection.
constexpr uint8_t from_outside_mark = 1;  // made by a packet that came to a mapping (U-8)

// CT-9: what somebody has only begun keeps nobody out. The port is not free yet when the mapping
// has further connections, or when another worker is faster.
bool free_a_port(const Translation& nat, const TransportAddress& inner, const ExternalPool& pool,
                 Time now) {
  const auto rivals = rivals_for_port(nat, inner, pool);
  return rivals && nat.connections->make_room(*rivals, now, nat.timeouts);
}

}  // namespace

void Nat::translate(const Translation& nat, Packet& packet, const Tuple& from, const Tuple& to) {
  rewrite(packet, from, to);
  if (to.source != from.source || to.source_port != from.source_port)
    ids_.renew(packet, *nat.ports);
}

void Nat::find_key(const Translation& nat, const Packet& packet, Flow& flow) {
  flow.known = flow.has_key = false;
  flow.masquerade = nullptr;
  // Made in place: a copy of what has just been stored in parts costs 5 ns.
  new (&flow.fields) FlowFields(flow_fields(packet));
  if (!is_of_a_flow(flow.fields)) return;
  nat.connections->prepare(flow.key, flow.fields.tuple);
  flow.has_key = true;
}

void Nat::look_up(const Translation& nat, std::span<Packet* const> packets,
                  std::span<Verdict> verdicts, Time now) {
  for (size_t i = 0; i < packets.size(); ++i) {
    // What is not IP is in no need of a connection.
    flows_[i].known = !is_ip(*packets[i]);
    flows_[i].has_key = false;
    if (verdicts[i].kind() == Verdict::Kind::to_router && !flows_[i].known)
      find_key(nat, *packets[i], flows_[i]);
  }
  for (size_t i = 0; i < packets.size(); ++i) {
    if (flows_[i].has_key) nat.connections->prefetch_connection(flows_[i].key);
  }
  for (size_t i = 0; i < packets.size(); ++i) {
    if (verdicts[i].kind() != Verdict::Kind::to_router || !is_ip(*packets[i])) continue;
    Flow& flow = flows_[i];
    if (flow.has_key) verdicts[i] = follow(nat, *packets[i], flow, now);
    if (flow.fields.kind == Kind::icmp_error)
      verdicts[i] = follow_error(nat, *packets[i], flow, now);
  }
}

// A connection that goes in this very moment is as good as none.
Verdict Nat::follow(const Translation& nat, Packet& packet, Flow& flow, Time now) {
  const auto found = nat.connections->lookup(flow.key, now);
  if (!found) return Verdict::to_router();
  // What strangers send to a mapping does not keep it alive (N-8, TR-13).
  const bool from_outside = (found->marks & from_outside_mark) != 0;
  const bool stranger = from_outside && found->direction == Direction::original;
  const auto refresh = stranger ? ConnectionTable::Refresh::no : ConnectionTable::Refresh::yes;
  bool is_reset = false;  // as answers to strangers are: they give no leave (N-4)
  if (flow.fields.kind == Kind::tcp) {
    const TcpSegment segment = segment_of(packet);
    if (is_damaged(packet, segment)) return Verdict::drop(Reason::bad_tcp_checksum);
    is_reset = segment.has(TcpView::Flag::rst);
    switch (nat.connections->follow(*found, segment, packet.length, now, nat.timeouts, refresh)) {
      case Follow::invalid:
        return Verdict::drop(Reason::tcp_out_of_state);
      case Follow::gone:
        return Verdict::to_router();
      case Follow::valid:
      case Follow::ignored:
      case Follow::closed:
        break;
    }
  } else {
    if (!nat.connections->touch(*found, packet.length, now, nat.timeouts, refresh)) {
      return Verdict::to_router();
    }
  }
  flow.known = true;
  packet.published = found->tag != 0;
  const Tuple& tuple = flow.fields.tuple;
  const Tuple translated = found->translated();
  translate(nat, packet, tuple, translated);
  const bool from_inside = from_outside == (found->direction == Direction::reply);
  const ConnectionRef giver = from_outside ? ConnectionRef{} : found->ref;
  if (is_reset)
    note_reset(nat, giver, from_inside ? translated : tuple.reversed(), now);
  else if (from_inside)
    note_sent(nat, giver, tuple, translated, now);
  return Verdict::to_router();
}

// It travels with the answers to the packet that it quotes (I-4, I-5, I-7); it neither keeps a
// connection alive nor ends it (U-12, T-10, I-6).
Verdict Nat::follow_error(const Translation& nat, Packet& packet, Flow& flow, Time now) {
  const auto about = translate_quote(nat, packet, now);
  if (!about) return Verdict::to_router();
  flow.known = true;
  if (flow_fields(packet).tuple.source != flow.fields.tuple.source) ids_.renew(packet, *nat.ports);
  return Verdict::to_router();
}

// The connection that the error is about, if it is about one.
std::optional<Found> Nat::translate_quote(const Translation& nat, Packet& packet, Time now) {
  const auto quote = parse_quote(packet);
  if (!quote) return std::nullopt;  // as one about no flow that is known
  const Tuple answer = quote->flow.tuple.reversed();
  const auto found = nat.connections->lookup(nat.connections->key(answer), now);
  if (!found) return found;
  translate_error(*quote, found->other(), packet);
  packet.published = found->tag != 0;
  return found;
}

bool Nat::must_open(const Translation& nat, size_t index, NetworkId in, NetworkId out) const {
  return !flows_[index].known && is_watched(nat, in, out);
}

// It will most likely leave masqueraded.
void Nat::prepare(const Translation& nat, size_t index, NetworkId out) {
  Flow& flow = flows_[index];
  const Tuple& tuple = flow.fields.tuple;
  if (!flow.has_key || out == no_network || !PortMap::maps(tuple.protocol)) return;
  const Masquerade* m = flow.masquerade = nat.policy.masquerade(tuple.source, out);
  if (m) nat.ports->prepare(requests_[index], source_end(tuple), m->realm, m->pool);
}

void Nat::expect(const Translation& nat, size_t index) {
  if (!flows_[index].masquerade) return;
  const auto end = nat.ports->expect(requests_[index]);
  if (!end) return;
  const Tuple& tuple = flows_[index].fields.tuple;
  nat.connections->prepare(answers_[index], {tuple.destination, end->address,
                                             tuple.destination_port, end->port, tuple.protocol});
}

Nat::Opening Nat::begin(const Translation& nat, size_t index, NetworkId in, Time now) const {
  return begin_with(nat, flows_[index].fields, in, now, [&](const TransportAddress& external) {
    return nat.ports->acquire_external(external);
  });
}

// The entry under which the source goes on, if any.
const Masquerade* Nat::masquerade_of(const Translation& nat, const Opening& o, NetworkId in,
                                     NetworkId out) {
  if (!is_hairpin(nat, o, in, out)) return nat.policy.masquerade(o.tuple.source, out);
  return nat.policy.masquerade(
      o.tuple.source,
      o.publish ? o.publish->on : nat.policy.side_of(o.lease.external.address, *nat.ports));
}

std::optional<Nat::Source> Nat::source_of(const Translation& nat, const Opening& o, size_t index,
                                          NetworkId in, NetworkId out, Time now) {
  const auto acquire = [&](const TransportAddress& inner, uint16_t realm,
                           const ExternalPool& pool) -> std::optional<Source> {
    PortMap::Request& request = requests_[index];
    const Masquerade* prepared = flows_[index].masquerade;
    if (!prepared || prepared->realm != realm) nat.ports->prepare(request, inner, realm, pool);
    PortMap::Lease lease = nat.ports->acquire(request);
    for (int tries = 0; !lease && tries < 8; ++tries) {
      if (!free_a_port(nat, inner, pool, now)) break;
      lease = nat.ports->acquire(request);
    }
    if (!lease) return std::nullopt;
    return Source{lease.external, lease.mapping};
  };
  return source_with(nat, o, in, out, acquire);
}

// What belongs to no flow, nor can begin one.
std::optional<Reason> Nat::judge_stray(const Translation& nat, const Opening& o,
                                       const FlowFields& fields, NetworkId in, NetworkId out) {
  const bool passes_outside = out != no_network && nat.networks[out].outside;
  if (nat.networks[in].outside && !passes_outside) {
    if (fields.kind == Kind::icmp_error) return Reason::icmp_unrelated;  // I-4
    return out == no_network ? Reason::none : Reason::unsolicited;
  }
  // A private address must not leak.
  const bool hidden = out != no_network && nat.policy.masquerade(o.tuple.source, out);
  return hidden ? Reason::untranslatable : Reason::none;
}

// What needs no connection of its own: none, or why it may not pass. Nothing: it needs one.
std::optional<Reason> Nat::judge_alone(const Translation& nat, const Opening& o,
                                       const FlowFields& fields, NetworkId in, NetworkId out) {
  if (o.refused != Reason::none) return o.refused;
  const bool from_outside = nat.networks[in].outside;
  if (!may_begin(fields)) return judge_stray(nat, o, fields, in, out);
  if (o.moved()) return std::nullopt;
  if (out == no_network) {
    return from_outside && fields.kind != Kind::icmp_query ? Reason::unsolicited : Reason::none;
  }
  if (!from_outside) return std::nullopt;
  return nat.networks[out].outside ? Reason::none : Reason::unsolicited;
}

Verdict Nat::open(const Translation& nat, const Opening& o, Packet& packet, size_t index,
                  NetworkId in, NetworkId out, Time now) {
  Flow& flow = flows_[index];
  const FlowFields& fields = flow.fields;
  // An earlier packet of the batch may have begun the flow.
  if (flow.has_key) {
    const Verdict followed = follow(nat, packet, flow, now);
    if (flow.known || followed.kind() == Verdict::Kind::drop) {
      close(nat, o);
      return followed;
    }
  }
  const auto alone = judge_alone(nat, o, fields, in, out);
  if (alone) {
    close(nat, o);
    return *alone == Reason::none ? Verdict::to_router() : Verdict::drop(*alone);
  }
  NewConnection made;
  if (fields.kind == Kind::tcp) {
    if (const Reason r = begin_tcp(made.tcp, packet); r != Reason::none) {
      close(nat, o);
      return Verdict::drop(r);
    }
  }
  const auto source = source_of(nat, o, index, in, out, now);
  if (!source) {
    close(nat, o);
    return Verdict::drop(Reason::nat_ports_exhausted);
  }
  made.reply = {o.destination, source->end.address, o.port, source->end.port, o.tuple.protocol};
  made.tag = o.publish ? o.publish->tag : source->tag;
  made.marks = o.lease && nat.networks[in].outside ? from_outside_mark : uint8_t{0};
  made.mapping = source->mapping;
  if (made.mapping == no_mapping)
    made.mapping = o.lease.mapping;
  else
    close(nat, o);
  return insert(nat, o.tuple, made, packet, flow, now);
}

// The use of the mapping that the packet came to, when no connection takes it over.
void Nat::close(const Translation& nat, const Opening& o) {
  if (o.lease) nat.ports->release(o.lease.mapping);
}

Verdict Nat::insert(const Translation& nat, const Tuple& tuple, const NewConnection& made,
                    Packet& packet, Flow& flow, Time now) {
  using Insert = ConnectionTable::Insert;
  const auto inserted = nat.connections->insert(flow.key, made, packet.length, now, nat.timeouts);
  if (inserted.outcome == Insert::full) return Verdict::drop(Reason::connections_full);
  if (!inserted.found) return Verdict::drop(Reason::nat_ports_exhausted);
  flow.known = true;
  packet.published = made.tag != 0;
  const Tuple translated = inserted.found->translated();
  translate(nat, packet, tuple, translated);
  note_sent(nat, inserted.found->ref, tuple, translated, now);
  return Verdict::to_router();
}

void Nat::untranslate(const Translation& nat, Packet& packet, Time now) {
  const FlowFields fields = flow_fields(packet);
  if (!is_of_a_flow(fields)) return;
  const auto key = nat.connections->key(fields.tuple.reversed());
  const auto found = nat.connections->lookup(key, now);
  if (!found) return;
  rewrite(packet, fields.tuple, found->other());
  DatagramIds::restore(packet);
}

}  // namespace uswitch
