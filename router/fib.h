// The forwarding information base: which next hop a destination has, by the longest prefix that
// contains it (RFC 1812 5.2.4.3, STANDARDS R4-5). IPv4 and IPv6 side by side, a PrefixTrie each:
// there stand the threads, times and sizes.
//
// A next hop is a number that means something to the caller: gateway, connected network, a group
// for ECMP, blackhole. What the control thread wrote before it inserted the number, who looks it up
// may read.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>

#include "router/prefix_trie.h"
#include "wire/address.h"

namespace uswitch {

class Fib {
 public:
  using Insert = PrefixTrie::Insert;
  static constexpr uint32_t no_route = PrefixTrie::no_route;
  static constexpr uint32_t max_next_hop = PrefixTrie::max_next_hop;
  static constexpr size_t default_max_bytes = size_t{256} << 20;

  // max_bytes: of each family's nodes. Throws std::system_error when the mapping is refused.
  explicit Fib(size_t max_bytes = default_max_bytes) : v4_(4, max_bytes), v6_(16, max_bytes) {}

  // Control. Host bits of the prefix are of no account.
  Insert insert(const IpPrefix& prefix, uint32_t next_hop);
  // Control. False when there is no such route.
  bool remove(const IpPrefix& prefix);
  // Control. The next hop of the very prefix, or no_route.
  uint32_t get(const IpPrefix& prefix) const;

  // Worker. The next hop, or no_route.
  uint32_t lookup(const IpAddress& destination) const {
    return family(destination.family()).lookup(destination.wire());
  }
  // Worker. By the family's own look-ups, single or bulk, of addresses in a packet.
  const PrefixTrie& v4() const { return v4_; }
  const PrefixTrie& v6() const { return v6_; }

  // Control. IPv4 first, in the order of addresses, covering prefixes before what they cover.
  using Visit = std::function<void(const IpPrefix& prefix, uint32_t next_hop)>;
  void for_each(const Visit& visit) const;

  // Control.
  size_t size() const { return v4_.size() + v6_.size(); }

 private:
  const PrefixTrie& family(Family f) const { return f == Family::v4 ? v4_ : v6_; }
  PrefixTrie& family(Family f) { return f == Family::v4 ? v4_ : v6_; }

  PrefixTrie v4_;
  PrefixTrie v6_;
};

}  // namespace uswitch
