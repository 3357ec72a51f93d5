// The targets of all routes, each distinct one once: a route is then a number in the Fib, and a
// million routes over a few gateways stay small.
//
// Kind "ours", changed in place by the control thread. A slot is written before anything refers to
// it, and not again until it has no user and a grace period has passed; one grace period serves
// hundreds of slots. How the number of a slot reaches a reader must order the reader behind
// hold(): the Fib's words do.
//
// Bounded: `limit` distinct targets at a time. 448 bytes for each here, resident as they are used,
// and nearly as much again in the control thread's index.
#pragma once
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/lazy_memory.h"
#include "router/route_target.h"

namespace uswitch {

class TargetStore {
 public:
  using Id = uint32_t;
  static constexpr Id none = ~Id{0};

  // Throws std::system_error when the mapping is refused.
  explicit TargetStore(size_t limit);

  // Worker. Of an id that something still refers to, or did at the last quiescent point.
  const RouteTarget& operator[](Id id) const { return slots_[id].target; }

  // Control. Where an equal target stands, with one user more; none: there is no room for another.
  // May wait for a grace period.
  Id hold(const RouteTarget& target);
  // Control. One user less; nothing new must lead readers to the target by this use of it.
  void let_go(Id id);

  // Control.
  size_t size() const { return entries_.size(); }  // distinct targets
  size_t slots() const { return grown_; }          // ever in use

 private:
  // An odd number of cache lines, so that the first ones, all that most look-ups need, do not
  // compete for half of the cache's sets.
  struct alignas(64) Slot {
    RouteTarget target;
    std::byte apart[64];
  };
  static_assert(sizeof(Slot) / 64 % 2 == 1);
  struct Entry {
    Id id;
    uint32_t users;
  };
  struct Hash {
    size_t operator()(const RouteTarget& t) const { return t.hash(); }
  };
  // Slots that wait for a grace period before one is asked for.
  static constexpr size_t retired_limit = 256;

  Id free_slot();
  void collect();

  size_t limit_;
  LazyMemory memory_;
  Slot* slots_;
  Id grown_ = 0;
  std::vector<Id> free_;
  std::vector<Id> retired_;
  std::unordered_map<RouteTarget, Entry, Hash> entries_;
};

}  // namespace uswitch
