#include "router/parking.h"

namespace uswitch {

bool Parking::park(const Key& key, const Packet& packet, std::optional<SavedPacket>& displaced) {
  displaced.reset();
  const auto found = waiting_.find(key);
  if (found != waiting_.end()) return park_behind(found->second, packet, displaced);
  const bool room = waiting_.size() < max_neighbours && fits(1, SavedPacket::memory(packet.length));
  if (room) append(waiting_[key], packet);
  return room;
}

bool Parking::park_behind(Queue& queue, const Packet& packet,
                          std::optional<SavedPacket>& displaced) {
  const size_t bytes = SavedPacket::memory(packet.length);
  if (queue.size() == max_per_neighbour || !fits(1, bytes)) {
    SavedPacket& oldest = queue.front();
    if (bytes_ - oldest.memory() + bytes > max_bytes) return false;
    bytes_ -= oldest.memory();
    displaced = std::move(oldest);
    --packets_;
    queue.pop_front();
  }
  append(queue, packet);
  return true;
}

void Parking::append(Queue& queue, const Packet& packet) {
  bytes_ += queue.emplace_back(packet).memory();
  ++packets_;
}

// Taken out first, so that who delivers them may park again.
std::deque<Parking::Settled> Parking::take_settled(Neighbours& neighbours, Time now,
                                                   unsigned worker) {
  std::deque<Settled> settled;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    MacAddress mac;
    const Outcome outcome = neighbours.outcome(it->first, now, worker, mac);
    if (outcome == Outcome::wait) {
      ++it;
      continue;
    }
    for (const SavedPacket& packet : it->second) bytes_ -= packet.memory();
    packets_ -= it->second.size();
    settled.push_back({outcome, mac, std::move(it->second)});
    it = waiting_.erase(it);
  }
  return settled;
}

}  // namespace uswitch
