#include "router/flat_level.h"

namespace uswitch {
namespace {

// Of the 2048 in a region: from here on most of its pages are in use or soon will be, and
// random look-ups in them would spend their time on address translation.
constexpr uint32_t enough_for_huge_page = 512;

}  // namespace

FlatLevel::FlatLevel()
    : memory_(bytes),
      words_(reinterpret_cast<std::atomic<TrieWord>*>(memory_.data())),
      shown_(regions * region_highs) {}

// Writes only what differs: a page that holds nothing stays untouched.
bool FlatLevel::show(size_t high, const std::array<TrieWord, 256>& words, TrieWord cover) {
  std::atomic<TrieWord>* const first = words_ + (high << 8);
  for (size_t i = 0; i < words.size(); ++i) {
    const TrieWord word = words[i] ? words[i] : covering(cover);
    if (first[i].load(std::memory_order_relaxed) != word) {
      first[i].store(word, std::memory_order_release);
    }
  }
  if (shown_[high]) return false;
  shown_[high] = true;
  const size_t region = high / region_highs;
  if (++shown_in_region_[region] != enough_for_huge_page) return false;
  memory_.prefer_huge_pages(region * LazyMemory::huge_page, LazyMemory::huge_page);
  return true;
}

void FlatLevel::show_cover(size_t high, TrieWord cover) {
  shown_[high] = true;
  std::atomic<TrieWord>* const first = words_ + (high << 8);
  for (size_t i = 0; i < 256; ++i) {
    const TrieWord shown = first[i].load(std::memory_order_relaxed);
    const bool covered = shown == 0 || (!is_child(shown) && (shown & cover_bit));
    if (covered) first[i].store(covering(cover), std::memory_order_release);
  }
}

}  // namespace uswitch
