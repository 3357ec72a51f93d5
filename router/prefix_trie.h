// Longest prefix match over the routes of one address family, for addresses as they stand in a
// packet: a multibit trie of compressed nodes.
//
// Kind "ours", changed in place: one writer (the control thread) inserts and removes; workers look
// up without locks and see at any moment either the state before a change or after it for each
// address, and no change at all for addresses the changed prefix does not cover. Words are stored
// with release and loaded with acquire, so that a next hop brings along what it names. Readers are
// registered with core/quiescent.h and hold nothing from here across a quiescent point.
//
// Theory of operation. The first 16 bits of an address index a plain array of words (the root);
// each further 8 bits are one node (trie_node.h). A route belongs to the level where its length
// ends: 0..16 to the root, 17..24 to a node below it and so on. A level shows for each of its slots
// the longest of its own routes only; look-up carries the best it has met downwards. So a change
// writes to the words of one level and to the `own` of nodes right below it, and removing a route
// shows again the longest of those it was within, which the node's rules tell. A node is changed by
// publishing a new one in one store. The old one's memory is used again after a grace period; one
// grace period serves hundreds of changes or more. Only changes to nodes need one: next hops in the
// root and `own` change in place.
//
// IPv4 look-ups take a shortcut past the root and the first node (flat_level.h).
//
// Size: bounded by max_bytes for the nodes: beyond that insert() refuses; remove() always works.
// Routes as in the Internet, rules included: 1 M of IPv4 take 20 MiB and the shortcut's 56; 200 k
// of IPv6 take 16 MiB. A route with nothing near it takes a cache line for each 8 bits behind the
// root's. A few routes take a few pages, a default route none.
//
// Time: a look-up reads a word of the root, then a node's first line and one of its words for each
// 8 bits that the routes there are longer. A change takes a microsecond or two; one of length 1..16
// goes through up to 2^(16-length) words and the nodes behind them, some milliseconds at most.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "core/lazy_memory.h"
#include "router/flat_level.h"
#include "router/line_arena.h"
#include "router/trie_node.h"

namespace uswitch {

class NodeImage;

class PrefixTrie {
 public:
  static constexpr uint32_t no_route = 0xffffffff;
  static constexpr uint32_t max_next_hop = trie_hop_mask - 1;

  enum class Insert : uint8_t { added, replaced, full };

  // For addresses of `address_bytes` bytes: 4 or 16. Throws std::system_error when the mapping is
  // refused.
  PrefixTrie(size_t address_bytes, size_t max_bytes);

  // Control. The address in network byte order, its bits beyond length 0; next_hop up to
  // max_next_hop. May wait for a grace period. Nothing changes when full.
  Insert insert(const uint8_t* address, unsigned length, uint32_t next_hop);
  // Control. False when there is no such route. May wait for a grace period.
  bool remove(const uint8_t* address, unsigned length);
  // Control. The next hop of the very route, or no_route.
  uint32_t get(const uint8_t* address, unsigned length) const;

  // Worker. The next hop of the longest prefix that contains the address, or no_route.
  uint32_t lookup(const uint8_t* address) const {
    const TrieWord word = flat_ ? flat_->word(address).load(std::memory_order_acquire) : 0;
    return is_leaf(word) ? next_hop_of(word) : lookup_(*this, address, word);
  }
  // Worker. The same for many addresses at a time, with their memory accesses overlapped.
  void lookup(const uint8_t* const* addresses, size_t count, uint32_t* next_hops) const {
    lookup_bulk_(*this, addresses, count, next_hops);
  }

  // Control. In the order of addresses, covering routes before what they cover.
  using Visit = std::function<void(const uint8_t* address, unsigned length, uint32_t next_hop)>;
  void for_each(const Visit& visit) const;

  // Control.
  size_t size() const { return size_; }
  size_t bytes() const { return arena_.bytes(); }  // nodes', in use or kept for reuse

 private:
  friend struct TrieLookup;
  using Single = uint32_t (*)(const PrefixTrie&, const uint8_t*, TrieWord);
  using Bulk = void (*)(const PrefixTrie&, const uint8_t* const*, size_t, uint32_t*);
  using Place = std::atomic<TrieWord>*;  // a word that refers to a node, or may come to
  static constexpr size_t max_address_bytes = 16;
  static constexpr unsigned root_bits = 16;
  static constexpr size_t root_slots = size_t{1} << root_bits;

  // The nodes on the way to a prefix: places[d] refers to the one that looks at byte 2 + d.
  struct Path {
    const uint8_t* address;
    std::array<Place, max_address_bytes - 2> places;
    size_t end;  // places[end] is the last place there is
    uint8_t slot(size_t depth) const { return address[2 + depth]; }
  };

  TrieNode& node(TrieWord child) const {
    return *reinterpret_cast<TrieNode*>(arena_.at(child & ~trie_child_bit));
  }
  Place root_place(const uint8_t* address) const;
  Path descend(const uint8_t* address, size_t target) const;

  bool put_root_rule(const uint8_t* address, unsigned length, TrieWord word);
  bool erase_root_rule(const uint8_t* address, unsigned length);
  TrieWord root_cover(size_t slot, unsigned length) const;
  void show_root_rule(size_t slot, unsigned length, TrieWord word);

  void show_rule(NodeImage& image, uint8_t slot, unsigned length, TrieWord word);
  bool put_node_rule(const uint8_t* address, unsigned length, uint32_t next_hop);
  bool erase_node_rule(const uint8_t* address, unsigned length);
  TrieWord make_node(const NodeImage& image);
  void link(const Path& path, size_t depth, const NodeImage& image);
  void show_flat(size_t slot, const NodeImage& image);
  void link_new(const Path& path, const NodeImage& image);
  void replace_or_prune(const Path& path, size_t depth, NodeImage& image);
  void retire(TrieWord child);
  void collect_when_worthwhile();

  void visit_root_rules(size_t slot, const Visit& visit) const;
  void visit_node(TrieWord child, uint8_t* address, size_t depth, const Visit& visit) const;

  Single lookup_;
  Bulk lookup_bulk_;
  std::atomic<TrieWord> default_{0};  // of the route of length 0
  std::atomic<TrieWord>* root_;       // by the first 16 bits
  TrieWord* root_rules_;              // control's, by 2^length + the prefix's bits
  LazyMemory root_memory_;
  LineArena arena_;
  std::optional<FlatLevel> flat_;  // IPv4 only
  size_t address_bytes_;
  size_t size_ = 0;
};

}  // namespace uswitch
