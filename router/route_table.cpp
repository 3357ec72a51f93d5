#include "router/route_table.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace uswitch {

RouteTable::Change RouteTable::set(const IpPrefix& prefix, const RouteTarget& target) {
  assert(target.count <= RouteTarget::max_hops);
  assert(target.kind != RouteKind::forward || target.count > 0);
  const uint32_t old = fib_.get(prefix);
  if (old != Fib::no_route && targets_[old] == target) return Change::unchanged;
  const TargetStore::Id id = targets_.hold(target);
  if (id == TargetStore::none) return Change::full;
  if (fib_.insert(prefix, id) == Fib::Insert::full) {
    targets_.let_go(id);
    return Change::full;
  }
  if (old == Fib::no_route) return Change::added;
  targets_.let_go(old);
  return Change::replaced;
}

bool RouteTable::remove(const IpPrefix& prefix) {
  const uint32_t old = fib_.get(prefix);
  if (old == Fib::no_route) return false;
  fib_.remove(prefix);
  targets_.let_go(old);
  return true;
}

std::optional<RouteTarget> RouteTable::get(const IpPrefix& prefix) const {
  const RouteTarget* target = found(fib_.get(prefix));
  return target ? std::optional(*target) : std::nullopt;
}

void RouteTable::for_each(const Visit& visit) const {
  fib_.for_each([&](const IpPrefix& prefix, uint32_t id) { visit(prefix, targets_[id]); });
}

void RouteTable::lookup_bulk(const PrefixTrie& trie, const uint8_t* const* addresses, size_t count,
                             const RouteTarget** out) const {
  std::array<uint32_t, 64> ids;
  while (count > 0) {
    const size_t now = std::min(count, ids.size());
    trie.lookup(addresses, now, ids.data());
    for (size_t i = 0; i < now; ++i) {
      out[i] = found(ids[i]);
      __builtin_prefetch(out[i]);  // the caller reads them next
    }
    addresses += now, out += now, count -= now;
  }
}

}  // namespace uswitch
