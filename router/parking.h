// Packets that wait for the MAC of their next hop (STANDARDS ARP-10, ND-4; RFC 1122 2.3.2.2, 4861
// 7.2.2). Kind "mine": one a worker. They are copied out of the pool's buffers, which are scarce,
// and allocate, which forwarding never does.
//
//   lookup() says unresolved -> ask() -> park()
//   woken (Neighbours::on_resolved, sweep()) -> settle()
//
// Bounded: 64 packets a neighbour, of which a newer one displaces the oldest; 1024 neighbours, 4096
// packets and 4 MiB in all, beyond which a packet displaces the oldest of its own neighbour if that
// makes room, and is refused otherwise.
#pragma once
#include <cstddef>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/saved_packet.h"
#include "router/neighbours.h"

namespace uswitch {

class Parking {
 public:
  using Key = Neighbours::Key;
  using Outcome = Neighbours::Outcome;

  static constexpr size_t max_per_neighbour = 64;
  static constexpr size_t max_neighbours = 1024;
  static constexpr size_t max_packets = 4096;
  static constexpr size_t max_bytes = size_t{4} << 20;  // SavedPacket::memory

  // Keeps a copy of the packet, or returns false. `displaced` becomes the packet that was
  // lost for it, if one was.
  bool park(const Key& key, const Packet& packet, std::optional<SavedPacket>& displaced);

  // Calls deliver(const SavedPacket&, Outcome, const MacAddress&) for every packet whose
  // neighbour's fate is known, those of one neighbour in the order of their coming: `resolved`
  // with the MAC, `failed` or `gone` (lost without anybody's fault but the table's size or a
  // flush: no ICMP error, ARP-11). deliver may park again. Asks for each waiting neighbour.
  template <class Deliver>
  void settle(Neighbours& neighbours, Time now, unsigned worker, Deliver deliver) {
    for (const Settled& s : take_settled(neighbours, now, worker)) {
      for (const SavedPacket& packet : s.packets) deliver(packet, s.outcome, s.mac);
    }
  }

  bool empty() const { return packets_ == 0; }
  size_t size() const { return packets_; }
  size_t bytes() const { return bytes_; }
  size_t neighbours() const { return waiting_.size(); }

 private:
  using Queue = std::deque<SavedPacket>;
  struct Settled {
    Outcome outcome;
    MacAddress mac;
    Queue packets;
  };
  // Already hashed with a key that nobody outside knows.
  struct Hash {
    size_t operator()(const Key& key) const { return key.home; }
  };

  bool fits(size_t packets, size_t bytes) const {
    return packets_ + packets <= max_packets && bytes_ + bytes <= max_bytes;
  }
  bool park_behind(Queue& queue, const Packet& packet, std::optional<SavedPacket>& displaced);
  void append(Queue& queue, const Packet& packet);
  std::deque<Settled> take_settled(Neighbours& neighbours, Time now, unsigned worker);

  std::unordered_map<Key, Queue, Hash> waiting_;  // no queue is empty
  size_t packets_ = 0;
  size_t bytes_ = 0;
};

}  // namespace uswitch
