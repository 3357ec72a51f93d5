// What a PrefixTrie is made of, as readers see it: words and nodes.
//
// A word says what becomes of the addresses that lead to it. Either it is a leaf: the next hop of a
// route and the route's length, counted from where the word's level begins; or it refers to the
// node that looks at the next 8 bits; or it is 0: nothing here, what was found above holds.
//
// A node maps the 256 values of 8 bits (slots) to words. Neighbouring slots mostly have the same
// word: a run. Only the words of runs are stored; a bit a slot says where a run begins, and
// the count of those bits up to a slot is the run's index. What covers the whole node stands in it
// as `own`, so that a change of a short prefix does not reach into the nodes below. Behind the
// words stand the node's rules, for the control thread (NodeImage).
//
//   bytes 0..31 starts | 32..35 before | 36..39 own | words | rule count | rules | their slots
//
// Published nodes never change but for `own` and for the words that refer to other nodes (a run of
// their own each), which are replaced in one store.
#pragma once
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace uswitch {

using TrieWord = uint32_t;

inline constexpr TrieWord trie_child_bit = TrieWord{1} << 31;
inline constexpr unsigned trie_length_shift = 24;
inline constexpr TrieWord trie_hop_mask = (TrieWord{1} << trie_length_shift) - 1;

inline constexpr TrieWord trie_leaf(uint32_t next_hop, unsigned length) {
  return (next_hop + 1) | length << trie_length_shift;
}
inline constexpr bool is_child(TrieWord word) {
  return word & trie_child_bit;
}
inline constexpr bool is_leaf(TrieWord word) {
  return word - 1 < trie_child_bit - 1;
}
// Of a leaf; 0 for the word 0.
inline constexpr unsigned length_of(TrieWord word) {
  return word >> trie_length_shift;
}
// Of a leaf; all ones for the word 0.
inline constexpr uint32_t next_hop_of(TrieWord word) {
  return (word & trie_hop_mask) - 1;
}

struct TrieNode {
  std::array<std::atomic<uint64_t>, 4> starts;  // bit i of [q]: slot 64 * q + i begins a run
  std::array<std::atomic<uint8_t>, 4> before;   // runs that begin before slot 64 * q
  std::atomic<TrieWord> own;                    // a leaf of the level above, or 0

  const std::atomic<TrieWord>* words() const {
    return reinterpret_cast<const std::atomic<TrieWord>*>(this + 1);
  }
  std::atomic<TrieWord>* words() { return reinterpret_cast<std::atomic<TrieWord>*>(this + 1); }

  // The index of the slot's run. Inlined always: callers choose the processor's instructions.
  [[gnu::always_inline]] size_t run(uint8_t slot) const {
    const unsigned quarter = slot / 64;
    const uint64_t up_to_slot = starts[quarter].load(std::memory_order_relaxed) << (~slot & 63);
    const int count = __builtin_popcountll(up_to_slot);
    return before[quarter].load(std::memory_order_relaxed) + static_cast<size_t>(count) - 1;
  }
  [[gnu::always_inline]] const std::atomic<TrieWord>& word(uint8_t slot) const {
    return words()[run(slot)];
  }
  std::atomic<TrieWord>& word(uint8_t slot) { return words()[run(slot)]; }
};
static_assert(sizeof(TrieNode) == 40);

}  // namespace uswitch
