#include "engine/egress.h"

#include "switch/vlan.h"

namespace uswitch {

namespace {

bool takes(const Capabilities& can, const Offload& offload) {
  switch (offload.gso) {
    case Offload::Gso::none:
      return can.checksum;
    case Offload::Gso::tcp4:
      return can.tso4;
    case Offload::Gso::tcp6:
      return can.tso6;
    case Offload::Gso::udp:
      return can.uso;
    case Offload::Gso::unknown:
      return false;
  }
  return false;
}

}  // namespace

Treatment offload_treatment(const PortSettings& port, const Packet& p) {
  if (takes(port.capabilities, p.offload)) return Treatment::none;
  return p.offload.gso != Offload::Gso::none ? Treatment::segment : Treatment::sum;
}

// Frames on their way into one port, handed over in groups of at most Batch::limit. A frame whose
// network is tagged on this port carries its tag only while it is handed over, so that a flooded
// frame can be the same bytes for tagged and untagged ports.
struct Egress::Sending {
  const Tables& tables;
  const PortId id;
  const PortSettings& settings;
  Port& port;
  PortCounters& counters;  // of this port: what left
  Io& io;
  Witness& witness;
  unsigned worker;
  std::array<Outgoing, Batch::limit>& frames;
  uint32_t count = 0;

  // Of the port the packet came in by: what was added.
  PortCounters& ingress(const Packet& p) const { return tables.counters(p.ingress, worker); }

  void add(Packet& p) {
    if (count == frames.size()) flush();
    frames[count++] = {&p, Reason::none};
  }

  void flush() {
    if (count == 0) return;
    const std::span out(frames.data(), count);
    if (settings.vlans) tag(out);
    port.tx(worker, out, io);
    account(out);
    if (settings.vlans) untag(out);
    count = 0;
  }

  void tag(std::span<Outgoing> out) {
    for (Outgoing& o : out) {
      const uint16_t vid = settings.tag_of(o.packet->network);
      if (vid != untagged) push_tag(*o.packet, vid);
    }
  }

  void untag(std::span<Outgoing> out) {
    for (Outgoing& o : out) {
      if (settings.tag_of(o.packet->network) != untagged) pop_tag(*o.packet);
    }
  }

  void account(std::span<const Outgoing> out) {
    if (witness.watches()) [[unlikely]]
      witness.left(id, out);
    uint64_t sent = 0, bytes = 0;
    for (const Outgoing& o : out) {
      if (o.failed != Reason::none) {
        witness.dropped(*o.packet, o.failed);
        continue;
      }
      ++sent;
      bytes += o.packet->length;
    }
    counters.tx_packets.add(sent);
    counters.tx_bytes.add(bytes);
  }

  // Cuts a super-segment and sends the pieces, as many at a time as there are buffers for. Earlier
  // frames have gone: order is kept (BR-8).
  void segment(const Packet& super, PacketPool& pool) {
    Batch pieces(pool);
    Segmenter segmenter(super);
    uint64_t made = 0;
    while (Packet* piece = next_buffer(pieces)) {
      if (!segmenter.next(*piece)) {
        flush();
        ingress(super).copies.add(made - 1);
        return;
      }
      ++made;
      add(*piece);
    }
    witness.dropped(super, Reason::no_buffer);
  }

  // Null only when there is none but for pieces that are under way already.
  Packet* next_buffer(Batch& pieces) {
    if (Packet* piece = pieces.append()) return piece;
    flush();
    pieces.release();
    return pieces.append();
  }
};

void Egress::send_queue(const Tables& tables, PortId id) {
  const PortSettings& settings = tables.settings[id];
  const PortEntry& entry = tables.ports[id];
  PortCounters& own = entry.stats->of_worker[worker_];
  Sending sending{tables, id, settings, *entry.port, own, io_, witness_, worker_, outgoing_};
  Queue& q = queues_[id];
  for (Packet* p : std::span(q.packets.data(), q.count)) {
    switch (treatment(settings, *p)) {
      case Treatment::too_long:
        witness_.dropped(*p, Reason::exceeds_mtu);
        break;
      case Treatment::segment:
        sending.flush();
        sending.segment(*p, pool_);
        break;
      case Treatment::sum:
        complete_checksum(*p);
        [[fallthrough]];
      case Treatment::none:
        sending.add(*p);
    }
  }
  sending.flush();
  q.count = 0;
}

void Egress::flush(const Tables& tables) {
  for (PortId id : dirty_) send_queue(tables, id);
  dirty_.clear();
}

}  // namespace uswitch
