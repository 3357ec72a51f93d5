#include "router/flat_level.h"

#include <algorithm>

namespace uswitch {
namespace {

// Of the 2048 in a region. From here on most of its pages are in use or soon will be, and
// random look-ups in them would spend their time on address translation.
constexpr uint32_t shown_for_huge_page = 512;

}  // namespace

FlatLevel::FlatLevel()
    : memory_(bytes), words_(reinterpret_cast<std::atomic<TrieWord>*>(memory_.data())) {}

// Writes only what differs: a page that holds nothing stays untouched.
void FlatLevel::show(size_t high, const std::array<TrieWord, 256>& words, TrieWord cover) {
  std::atomic<TrieWord>* const first = words_ + (high << 8);
  bool was_empty = true;
  for (size_t i = 0; i < words.size(); ++i) {
    const TrieWord shown = first[i].load(std::memory_order_relaxed);
    const TrieWord word = words[i] ? words[i] : covering(cover);
    was_empty &= shown == 0;
    if (shown != word) first[i].store(word, std::memory_order_release);
  }
  if (was_empty) count_use((high << 8) * sizeof(TrieWord) / LazyMemory::huge_page);
}

void FlatLevel::show_cover(size_t high, TrieWord cover) {
  std::atomic<TrieWord>* const first = words_ + (high << 8);
  for (size_t i = 0; i < 256; ++i) {
    const TrieWord shown = first[i].load(std::memory_order_relaxed);
    const bool covered = shown == 0 || (!is_child(shown) && (shown & cover_bit));
    if (covered) first[i].store(covering(cover), std::memory_order_relaxed);
  }
}

// Counts a /16 again that came back; then a huge page comes somewhat early.
void FlatLevel::count_use(size_t region) {
  if (++shown_[region] != shown_for_huge_page) return;
  memory_.prefer_huge_pages(region * LazyMemory::huge_page, LazyMemory::huge_page);
}

}  // namespace uswitch
