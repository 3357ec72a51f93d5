// The last stage: frames are collected per egress port while a batch is decided, then sent with one
// transmit call a port. What the port cannot take is segmented or summed in software here (VH-11),
// what is too long for it is dropped (BR-9).
//
// Kind "mine": part of one worker's pipeline.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "core/batch.h"
#include "core/gso.h"
#include "engine/tables.h"
#include "engine/witness.h"

namespace uswitch {

// What has to be done to a packet before a port can take it.
enum class Treatment : uint8_t { none, segment, sum, too_long };
Treatment offload_treatment(const PortSettings& port, const Packet& packet);
inline Treatment treatment(const PortSettings& port, const Packet& packet) {
  if (segment_length(packet) > port.mtu) return Treatment::too_long;
  return packet.offload.any() ? offload_treatment(port, packet) : Treatment::none;
}

class Egress {
 public:
  Egress(PacketPool& pool, Io& io, Witness& witness, unsigned worker)
      : pool_(pool), io_(io), witness_(witness), worker_(worker) {}

  // Makes room for the ports of these tables. Called when the worker adopts them.
  void adopt(const Tables& tables) { queues_.resize(tables.ports.size()); }

  // Asks for what add() and flush() will need of this port.
  void prefetch(const Tables& tables, PortId port) const {
    __builtin_prefetch(&queues_[port]);
    __builtin_prefetch(&tables.settings[port]);
    __builtin_prefetch(&tables.ports[port].port);
  }
  // The packet must live until flush(). At most `limit` packets a port between two flushes.
  static constexpr size_t limit = 2 * Batch::limit;  // a batch and what the router adds to it
  void add(PortId port, Packet& packet) {
    Queue& q = queues_[port];
    if (q.count == 0) dirty_.push_back(port);
    q.packets[q.count++] = &packet;
  }
  // Drops and copies are booked on the port that each packet came in by.
  void flush(const Tables& tables);

 private:
  struct Queue {
    uint32_t count = 0;
    std::array<Packet*, limit> packets;
  };
  struct Sending;  // one port's turn

  void send_queue(const Tables& tables, PortId id);

  PacketPool& pool_;
  Io& io_;
  Witness& witness_;
  unsigned worker_;
  std::vector<Queue> queues_;  // indexed by PortId
  std::vector<PortId> dirty_;  // those with packets
  std::array<Outgoing, Batch::limit> outgoing_;
};

}  // namespace uswitch
