// A shortcut through a PrefixTrie for IPv4: what the trie finds for each value of an address's
// first 24 bits, in one plain array. Most destinations are found in one access (as in DIR-24-8,
// Gupta, Lin, McKeown 1998). A word is a leaf, the node that looks at the last 8 bits, or 0: then
// the trie has to be asked.
//
// The control thread repeats here what it changes in the trie; workers read. 64 MiB are reserved
// and become resident as routes longer than 16 bits come: a page for four /16s that have any. Other
// /16s are not shown, until most of those around them are.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/lazy_memory.h"
#include "router/trie_node.h"
#include "wire/bytes.h"

namespace uswitch {

class FlatLevel {
 public:
  // What a huge page has room for: so many /16s, all with the same first 5 bits.
  static constexpr size_t region_highs = LazyMemory::huge_page / 256 / sizeof(TrieWord);
  static constexpr size_t regions = 65536 / region_highs;

  FlatLevel();

  const std::atomic<TrieWord>& word(const uint8_t* address) const {
    return words_[load_be32(address) >> 8];
  }

  // Control. For the addresses that begin with these 16 bits: the words, and where they are 0 the
  // leaf that covers them all, or 0. True when it is time to show all of their region.
  [[nodiscard]] bool show(size_t high, const std::array<TrieWord, 256>& words, TrieWord cover);
  // Control. Whether they ever were. From then on every change to them has to be.
  bool shows(size_t high) const { return shown_[high]; }
  // Control. Another leaf covers them, or this one does where nothing was shown.
  void show_cover(size_t high, TrieWord cover);
  // Control. For the addresses that begin with this one's 24 bits.
  void set(const uint8_t* address, TrieWord word) {
    words_[load_be32(address) >> 8].store(word, std::memory_order_release);
  }

 private:
  static constexpr size_t bytes = sizeof(TrieWord) << 24;

  // Marks a leaf that covers the whole /16; look-ups do not care.
  static constexpr TrieWord cover_bit = TrieWord{1} << 30;
  static TrieWord covering(TrieWord cover) { return cover ? cover | cover_bit : 0; }

  LazyMemory memory_;
  std::atomic<TrieWord>* words_;
  std::vector<bool> shown_;                          // by high
  std::array<uint32_t, regions> shown_in_region_{};  // of them
};

}  // namespace uswitch
