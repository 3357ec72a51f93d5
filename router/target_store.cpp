#include "router/target_store.h"

#include "core/quiescent.h"

namespace uswitch {

TargetStore::TargetStore(size_t limit)
    : limit_(limit),
      memory_((limit + retired_limit) * sizeof(Slot)),
      slots_(reinterpret_cast<Slot*>(memory_.data())) {}

TargetStore::Id TargetStore::hold(const RouteTarget& target) {
  if (auto found = entries_.find(target); found != entries_.end()) {
    ++found->second.users;
    return found->second.id;
  }
  if (entries_.size() >= limit_) return none;
  const Id id = free_slot();
  slots_[id].target = target;
  entries_.emplace(target, Entry{id, 1});
  return id;
}

void TargetStore::let_go(Id id) {
  const auto entry = entries_.find(slots_[id].target);
  if (--entry->second.users > 0) return;
  entries_.erase(entry);
  retired_.push_back(id);
}

// Slots in use are fewer than the limit and those retired fewer than theirs when there is none
// free: so there is always room.
TargetStore::Id TargetStore::free_slot() {
  if (free_.empty() && retired_.size() >= retired_limit) collect();
  if (free_.empty()) return grown_++;
  const Id id = free_.back();
  free_.pop_back();
  return id;
}

void TargetStore::collect() {
  wait_for_quiescence();
  free_.swap(retired_);
}

}  // namespace uswitch
