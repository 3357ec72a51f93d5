#include "engine/pipeline.h"

#include <array>

#include "core/layout.h"
#include "switch/bridge.h"
#include "switch/vlan.h"

namespace uswitch {

struct Pipeline::Turn {
  const Tables& tables;
  const PortSettings& port;  // the ingress
  PortCounters& counters;    // its
};

Pipeline::Pipeline(PacketPool& pool, Io& io, unsigned worker)
    : egress_(pool, io, worker), worker_(worker) {}

void Pipeline::run(const Tables& tables, PortId ingress, Batch& batch, Time now) {
  const Turn turn{tables, tables.settings[ingress],
                  tables.ports[ingress].stats->of_worker[worker_]};
  uint64_t bytes = 0;
  for (Packet* p : batch.packets()) bytes += p->length;
  turn.counters.rx_packets.add(batch.size());
  turn.counters.rx_bytes.add(bytes);

  std::array<Verdict, Batch::limit> verdicts;
  std::array<bridge::Addresses, Batch::limit> addresses;
  for (size_t i = 0; i < batch.size(); ++i) {
    batch[i].ingress = ingress;
    verdicts[i] = admit(turn.port, batch[i]);
    if (verdicts[i].kind() != Verdict::Kind::next) continue;
    addresses[i] = bridge::prepare(tables.networks[batch[i].network], batch[i]);
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    if (verdicts[i].kind() != Verdict::Kind::next) continue;
    const Network& network = tables.networks[batch[i].network];
    verdicts[i] = bridge::decide(network, turn.port, turn.counters, batch[i], addresses[i], now);
    if (verdicts[i].kind() == Verdict::Kind::to_port) egress_.prefetch(tables, verdicts[i].port());
  }
  for (size_t i = 0; i < batch.size(); ++i) dispatch(turn, batch[i], verdicts[i]);
  egress_.flush(tables, turn.counters);
  batch.release();
}

Verdict Pipeline::admit(const PortSettings& port, Packet& packet) {
  if (Reason r = classify_vlan(port, packet); r != Reason::none) return Verdict::drop(r);
  if (Reason r = parse_layout(packet); r != Reason::none) return Verdict::drop(r);
  if (port.guard) {
    if (Reason r = port.guard->check(packet); r != Reason::none) return Verdict::drop(r);
  }
  return Verdict::next();
}

void Pipeline::dispatch(const Turn& turn, Packet& packet, Verdict verdict) {
  switch (verdict.kind()) {
    case Verdict::Kind::to_port:
      return to_port(turn, packet, verdict.port());
    case Verdict::Kind::flood:
      return flood(turn, packet);
    case Verdict::Kind::drop:
      return turn.counters.drop(verdict.reason());
    case Verdict::Kind::to_router:
    case Verdict::Kind::consumed:
    case Verdict::Kind::next:
      break;
  }
  __builtin_unreachable();
}

void Pipeline::to_port(const Turn& turn, Packet& packet, PortId id) {
  if (!turn.tables.has_port(id)) return turn.counters.drop(Reason::egress_down);
  const bool apart = turn.port.isolated && turn.tables.settings[id].isolated;
  if (apart) return turn.counters.drop(Reason::isolated);
  egress_.add(id, packet);
}

// Every port gets the same bytes: nothing is copied.
void Pipeline::flood(const Turn& turn, Packet& packet) {
  uint64_t sent = 0;
  bool isolated = false;
  for (PortId member : turn.tables.networks[packet.network].members) {
    if (member == packet.ingress) continue;
    if (turn.port.isolated && turn.tables.settings[member].isolated) {
      isolated = true;
      continue;
    }
    ++sent;
    egress_.add(member, packet);
  }
  if (sent > 1) turn.counters.copies.add(sent - 1);
  if (sent == 0) turn.counters.drop(isolated ? Reason::isolated : Reason::no_egress);
}

}  // namespace uswitch
