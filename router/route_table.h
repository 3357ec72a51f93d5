// The table of routes: what becomes of a packet by its destination (RFC 1812 5.2.4.3, STANDARDS
// R4-5). IPv4 and IPv6. The Fib finds the longest prefix, TargetStore keeps what it leads to.
//
// Kind "ours", changed in place: one writer (the control thread) sets and removes routes while
// workers look up without locks. A look-up finds a route's old target or its new one, whole.
// Readers are registered with core/quiescent.h.
//
// Time: of look-ups that of the Fib (prefix_trie.h); a change takes a few microseconds, one of a
// short prefix up to some milliseconds, and now and then waits for a grace period. Bounded by the
// Fib's memory and by distinct targets.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "router/fib.h"
#include "router/route_target.h"
#include "router/target_store.h"

namespace uswitch {

class RouteTable {
 public:
  static constexpr size_t max_targets = 65536;  // distinct ones at a time

  enum class Change : uint8_t {
    added,
    replaced,   // there was a route of that prefix, with another target
    unchanged,  // with an equal one
    full,       // nothing changed: no room for the route or for one more distinct target
  };

  // fib_bytes: of each family's nodes. Throws std::system_error when a mapping is refused.
  explicit RouteTable(size_t fib_bytes = Fib::default_max_bytes, size_t targets = max_targets)
      : fib_(fib_bytes), targets_(targets) {}

  // Control. Host bits of a prefix are of no account. While a target takes another's place both
  // count.
  Change set(const IpPrefix& prefix, const RouteTarget& target);
  // Control. False when there is no such route.
  bool remove(const IpPrefix& prefix);
  // Control. The target of the very prefix.
  std::optional<RouteTarget> get(const IpPrefix& prefix) const;

  // Control. In the order of Fib::for_each.
  using Visit = std::function<void(const IpPrefix& prefix, const RouteTarget& target)>;
  void for_each(const Visit& visit) const;

  // Control.
  size_t size() const { return fib_.size(); }
  const TargetStore& targets() const { return targets_; }

  // Worker. Where packets to this destination go; null: no route. Valid until the worker's next
  // quiescent point.
  const RouteTarget* lookup(const IpAddress& destination) const {
    return found(fib_.lookup(destination));
  }
  // Worker. The same for many destinations at a time, as they stand in packets: of 4 or of 16
  // bytes.
  void lookup4(const uint8_t* const* addresses, size_t count, const RouteTarget** out) const {
    lookup_bulk(fib_.v4(), addresses, count, out);
  }
  void lookup6(const uint8_t* const* addresses, size_t count, const RouteTarget** out) const {
    lookup_bulk(fib_.v6(), addresses, count, out);
  }

 private:
  const RouteTarget* found(uint32_t next_hop) const {
    return next_hop == Fib::no_route ? nullptr : &targets_[next_hop];
  }
  void lookup_bulk(const PrefixTrie& trie, const uint8_t* const* addresses, size_t count,
                   const RouteTarget** out) const;

  Fib fib_;
  TargetStore targets_;
};

}  // namespace uswitch
