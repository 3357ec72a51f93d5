// A shortcut through a PrefixTrie for IPv4: what the trie finds for each value of an address's
// first 24 bits, in one plain array. Most destinations are found in one access (as in DIR-24-8,
// Gupta, Lin, McKeown 1998). A word is a leaf, the node that looks at the last 8 bits, or 0: in
// the /16s without routes longer than that the trie has to be asked.
//
// The control thread repeats here what it changes in the trie; workers read. 64 MiB are reserved
// and become resident as routes longer than 16 bits come: a page for four /16s that have any.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "router/lazy_memory.h"
#include "router/trie_node.h"
#include "wire/bytes.h"

namespace uswitch {

class FlatLevel {
 public:
  FlatLevel();

  const std::atomic<TrieWord>& word(const uint8_t* address) const {
    return words_[load_be32(address) >> 8];
  }

  // Control. For the addresses that begin with these 16 bits: the words, and where they are 0 the
  // leaf that covers them all, or 0.
  void show(size_t high, const std::array<TrieWord, 256>& words, TrieWord cover);
  // Control. Another leaf covers them.
  void show_cover(size_t high, TrieWord cover);
  // Control. For the addresses that begin with this one's 24 bits.
  void set(const uint8_t* address, TrieWord word) {
    words_[load_be32(address) >> 8].store(word, std::memory_order_release);
  }

 private:
  static constexpr size_t bytes = sizeof(TrieWord) << 24;
  static constexpr size_t regions = bytes / LazyMemory::huge_page;

  // Marks a leaf that covers the whole /16; look-ups do not care.
  static constexpr TrieWord cover_bit = TrieWord{1} << 30;
  static TrieWord covering(TrieWord cover) { return cover ? cover | cover_bit : 0; }

  void count_use(size_t region);

  LazyMemory memory_;
  std::atomic<TrieWord>* words_;
  std::array<uint32_t, regions> shown_{};  // /16s that were ever shown with a word
};

}  // namespace uswitch
