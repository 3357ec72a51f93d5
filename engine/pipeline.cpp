#include "engine/pipeline.h"

#include <utility>

#include "core/gso.h"
#include "core/layout.h"
#include "router/own_packet.h"
#include "switch/bridge.h"
#include "switch/vlan.h"

namespace uswitch {

struct Pipeline::Turn {
  const PortSettings& port;  // the ingress
  PortCounters& counters;    // its
  Time now;
};

Pipeline::Pipeline(PacketPool& pool, Io& io, unsigned worker, LastDrops* last_drops)
    : worker_(worker),
      witness_(worker, last_drops),
      egress_(pool, io, witness_, worker),
      router_(*this, worker),
      fresh_{Batch(pool), Batch(pool)},
      wholes_(pool) {}

void Pipeline::run(const Tables& tables, PortId ingress, Batch& batch, Time now) {
  begin(tables, now);
  const Turn turn{tables.settings[ingress], counters(ingress), now};
  uint64_t bytes = 0;
  for (Packet* p : batch.packets()) bytes += p->length;
  turn.counters.rx_packets.add(batch.size());
  turn.counters.rx_bytes.add(bytes);
  if (witness_.watches()) [[unlikely]]
    witness_.arrived(batch.packets(), ingress);

  for (size_t i = 0; i < batch.size(); ++i) {
    batch[i].ingress = ingress;
    verdicts_[i] = admit(turn.port, batch[i]);
  }
  decide(turn, batch);
  if (turn.port.suppress && tables.suppression) hear_remote(turn, batch);
  if (tables.routing.routes) route(turn, batch);
  for (size_t i = 0; i < batch.size(); ++i) {
    if (verdicts_[i].kind() != Verdict::Kind::to_router) {
      dispatch(turn, batch[i], verdicts_[i]);
    } else {
      Verdict& routed = routed_.verdicts[routed_.of_batch[i]];
      routed = take_turn(turn, routed_.of_batch[i]);
      dispatch(turn, *routed_.packets[routed_.of_batch[i]], routed);
    }
  }
  if (witness_.watches() && witness_.has_arrivals()) [[unlikely]]
    conclude(batch);
  finish();
  batch.release();
}

void Pipeline::begin(const Tables& tables, Time now) {
  tables_ = &tables;
  witness_.begin(tables, now);
}

void Pipeline::conclude(Batch& batch) {
  for (size_t i = 0; i < batch.size(); ++i) {
    if (verdicts_[i].kind() != Verdict::Kind::to_router) {
      witness_.concluded(i, batch[i], verdicts_[i]);
    } else {
      const size_t n = routed_.of_batch[i];
      witness_.concluded(i, *routed_.packets[n], routed_.verdicts[n]);
    }
  }
}

Verdict Pipeline::admit(const PortSettings& port, Packet& packet) {
  if (packet.refused != Reason::none) return Verdict::drop(packet.refused);
  if (Reason r = classify_vlan(port, packet); r != Reason::none) return Verdict::drop(r);
  if (Reason r = parse_layout(packet); r != Reason::none) return Verdict::drop(r);
  if (port.guard) {
    if (Reason r = port.guard->check(packet); r != Reason::none) return Verdict::drop(r);
  }
  return Verdict::next();
}

// In two passes, so that the MAC table's cache lines are on their way while other packets are
// looked at.
void Pipeline::decide(const Turn& turn, Batch& batch) {
  std::array<bridge::Addresses, Batch::limit> addresses;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (verdicts_[i].kind() != Verdict::Kind::next) continue;
    bridge::prepare(tables_->networks[batch[i].network], batch[i], addresses[i]);
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    if (verdicts_[i].kind() != Verdict::Kind::next) continue;
    const Network& network = tables_->networks[batch[i].network];
    verdicts_[i] =
        bridge::decide(network, turn.port, turn.counters, batch[i], addresses[i], turn.now);
    if (verdicts_[i].kind() == Verdict::Kind::to_port)
      egress_.prefetch(*tables_, verdicts_[i].port());
  }
}

// With NAT a datagram is routed whole (NG-5): only its first fragment has ports. The wholes live as
// long as the batch: what earlier packets are cut into must not take their place.
void Pipeline::collect_routed(const Turn& turn, Batch& batch) {
  routed_.count = 0;
  Packet* whole = nullptr;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (verdicts_[i].kind() != Verdict::Kind::to_router) continue;
    Packet* packet = &batch[i];
    if (packet->layout.fragment && tables_->nat.connections) {
      if (whole == nullptr) whole = wholes_.append();
      verdicts_[i] = whole ? router_.reassemble(tables_->routing, batch[i], *whole, turn.now)
                           : Verdict::drop(Reason::no_buffer);
      if (verdicts_[i].kind() != Verdict::Kind::next) continue;
      verdicts_[i] = Verdict::to_router();
      packet = std::exchange(whole, nullptr);
    }
    routed_.of_batch[i] = static_cast<uint8_t>(routed_.count);
    routed_.packets[routed_.count++] = packet;
  }
}

void Pipeline::route(const Turn& turn, Batch& batch) {
  const Routing& routing = tables_->routing;
  const Translation& nat = tables_->nat;
  collect_routed(turn, batch);
  if (routed_.count == 0) return;
  const std::span packets(routed_.packets.data(), routed_.count);
  const std::span verdicts(routed_.verdicts.data(), routed_.count);
  router_.check(routing, packets, verdicts);
  if (nat.connections) nat_.look_up(nat, packets, verdicts, turn.now);
  router_.look_up(routing, packets, verdicts);
  if (nat.connections) open_flows(turn);
  router_.finish(routing, packets, verdicts, turn.now);
  if (witness_.watches()) [[unlikely]]
    witness_.readdressed(packets, verdicts);
  for (size_t i = 0; i < packets.size(); ++i) {
    if (verdicts[i].kind() == Verdict::Kind::forward)
      bridge::prefetch_destination(tables_->networks[packets[i]->network], *packets[i]);
  }
}

// In the order of the batch: the packets of a flow behind its first find what that one made.
void Pipeline::open_flows(const Turn& turn) {
  std::array<uint8_t, Batch::limit> first;
  size_t count = 0;
  for (size_t i = 0; i < routed_.count; ++i) {
    if (routed_.verdicts[i].kind() != Verdict::Kind::to_router) continue;
    const NetworkId out = router_.way_of(i);
    if (!nat_.must_open(tables_->nat, i, routed_.packets[i]->network, out)) continue;
    nat_.prepare(tables_->nat, i, out);
    first[count++] = static_cast<uint8_t>(i);
  }
  const std::span of_flows(first.data(), count);
  for (size_t i : of_flows) nat_.expect(tables_->nat, i);
  for (size_t i : of_flows) routed_.verdicts[i] = open_flow(turn, i);
}

Verdict Pipeline::open_flow(const Turn& turn, size_t i) {
  const Routing& routing = tables_->routing;
  const Translation& nat = tables_->nat;
  Packet& packet = *routed_.packets[i];
  const NetworkId in = packet.network;
  const Nat::Opening opening = nat_.begin(nat, i, in, turn.now);
  const NetworkId out =
      opening.moved() ? Router::way_to(routing, opening.destination) : router_.way_of(i);
  const Verdict verdict = nat_.open(nat, opening, packet, i, in, out, turn.now);
  if (verdict.kind() == Verdict::Kind::to_router) {
    if (destination_of(packet) != opening.tuple.destination)
      router_.look_up_anew(routing, packet, i);
  } else if (verdict.reason() == Reason::nat_ports_exhausted ||
             verdict.reason() == Reason::connections_full) {
    router_.tell_prohibited(routing, packet, turn.now);  // I-8
  }
  return verdict;
}

Verdict Pipeline::take_turn(const Turn& turn, size_t i) {
  if (routed_.verdicts[i].kind() != Verdict::Kind::to_router) return routed_.verdicts[i];
  return router_.take_turn(tables_->routing, *routed_.packets[i], i, turn.now);
}

void Pipeline::dispatch(const Turn& turn, Packet& packet, Verdict verdict) {
  switch (verdict.kind()) {
    case Verdict::Kind::to_port:
      return bridge_to(turn, packet, verdict.port());
    case Verdict::Kind::flood:
      return flood(turn, packet);
    case Verdict::Kind::forward:
      return forward(packet);
    case Verdict::Kind::drop:
      return drop(packet, verdict.reason());
    case Verdict::Kind::consumed:
      return;
    case Verdict::Kind::to_router:
    case Verdict::Kind::next:
      break;
  }
  __builtin_unreachable();
}

// A tunnel's path may carry less than its network does elsewhere. Who sends too much is told so,
// as far as a router is there to tell it (PM-5).
void Pipeline::bridge_to(const Turn& turn, Packet& packet, PortId id) {
  if (!tables_->has_port(id)) return drop(packet, Reason::egress_down);
  const PortSettings& to = tables_->settings[id];
  if (to.overlay && segment_length(packet) > to.mtu && tables_->routing.on(packet.network)) {
    router_.tell_too_big(tables_->routing, packet, to.mtu, turn.now);
  }
  send_to(packet, id);
}

void Pipeline::to_port(Packet& packet, PortId id) {
  if (!tables_->has_port(id)) return drop(packet, Reason::egress_down);
  send_to(packet, id);
}

void Pipeline::send_to(Packet& packet, PortId id) {
  if (const Reason r = tables_->kept_apart(packet, id); r != Reason::none) return drop(packet, r);
  egress_.add(id, packet);
}

// Every port gets the same bytes: nothing is copied.
unsigned Pipeline::to_members(Packet& packet, PortId except, Reason& why_none) {
  unsigned sent = 0;
  for (PortId member : tables_->networks[packet.network].members) {
    if (member == except) continue;
    if (const Reason r = tables_->kept_apart(packet, member); r != Reason::none) {
      why_none = r;
      continue;
    }
    ++sent;
    egress_.add(member, packet);
  }
  if (sent > 1) counters(packet.ingress).copies.add(sent - 1);
  return sent;
}

// What is said by stations behind another node, to whomever.
void Pipeline::hear_remote(const Turn& turn, const Batch& batch) {
  for (size_t i = 0; i < batch.size(); ++i) {
    const Packet& packet = *batch.packets()[i];
    if (verdicts_[i].kind() != Verdict::Kind::drop && neighbour_message::may_be(packet)) {
      tables_->suppression->hear_remote(packet, turn.now);
    }
  }
}

// A question for a station that is known to be behind another node need not go there: it becomes
// the answer.
bool Pipeline::answer_for_remote(const Turn& turn, Packet& packet) {
  if (!tables_->suppression || turn.port.overlay || !neighbour_message::may_be(packet))
    return false;
  tables_->suppression->hear_local(packet);
  const auto answer = tables_->answer_for_remote(packet, turn.now);
  if (!answer) return false;
  neighbour_message::turn_into_answer(packet, answer->station);
  egress_.add(packet.ingress, packet);
  return true;
}

// The router listens to what is said to all (BR-13); its copy has an end of its own.
void Pipeline::flood(const Turn& turn, Packet& packet) {
  if (answer_for_remote(turn, packet)) return;
  Reason why_none = Reason::no_egress;
  unsigned sent = to_members(packet, packet.ingress, why_none);
  if (tables_->routing.on(packet.network) && Router::listens_to(packet)) {
    if (sent++ != 0) turn.counters.copies.add(1);
    const Verdict verdict = router_.listen(tables_->routing, packet, turn.now);
    if (verdict.kind() == Verdict::Kind::drop) {
      if (sent > 1 && witness_.watches()) witness_.flooded(packet);
      drop(packet, verdict.reason());
    }
  }
  if (sent == 0) drop(packet, why_none);
}

// From the router: readdressed or its own. Unlike a bridged frame it may leave by the port it came
// in by.
void Pipeline::forward(Packet& packet) {
  if (witness_.watches()) [[unlikely]]
    witness_.forwarded(packet);
  const PortId egress = bridge::look_up_destination(tables_->networks[packet.network], packet);
  if (egress != no_port) return to_port(packet, egress);
  Reason why_none = Reason::no_egress;
  if (to_members(packet, no_port, why_none) == 0) drop(packet, why_none);
}

// The older packets have been sent by the time they are needed again.
Packet* Pipeline::fresh() {
  if (Packet* packet = fresh_[newer_].append()) return packet;
  egress_.flush(*tables_);
  newer_ = 1 - newer_;
  fresh_[newer_].release();
  return fresh_[newer_].append();
}

void Pipeline::finish() {
  egress_.flush(*tables_);
  for (Batch& batch : fresh_) batch.release();
  wholes_.release();
  witness_.end();
}

void Pipeline::send_own(const Tables& tables, std::span<const OwnFrame> frames, Time now) {
  begin(tables, now);
  for (const OwnFrame& frame : frames) {
    Packet* packet = fresh();
    if (packet == nullptr || !tables.routing.on(frame.network)) continue;
    std::memcpy(packet->data, frame.bytes.data(), frame.bytes.size());
    packet->length = static_cast<uint32_t>(frame.bytes.size());
    if (parse_layout(*packet) == Reason::none) router_.send_frame(*packet, frame.network);
  }
  finish();
}

void Pipeline::settle(const Tables& tables, Time now) {
  begin(tables, now);
  if (tables.routing.routes) router_.settle(tables.routing, now);
  finish();
}

void Pipeline::expire(const Tables& tables, Time now) {
  begin(tables, now);
  if (tables.routing.routes) router_.expire(tables.routing, now);
  finish();
}

}  // namespace uswitch
