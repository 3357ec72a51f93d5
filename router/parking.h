// TEMPORARY
#pragma once
#include <map>
#include <deque>
#include <optional>
#include "core/saved_packet.h"
#include "router/neighbours.h"
namespace uswitch {
class Parking {
 public:
  Reason park(const Neighbours::Key& k, const Packet& p, std::optional<SavedPacket>& displaced) {
    auto& q = t_[k]; if (q.size() == 64) { displaced = q.front(); q.pop_front(); --n_; } q.emplace_back(p); ++n_; return Reason::none; }
  size_t size() const { return n_; }
  bool empty() const { return n_ == 0; }
  std::map<Neighbours::Key, std::deque<SavedPacket>> t_;
  size_t n_ = 0;
};
}
