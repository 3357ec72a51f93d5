#include "router/trie_lookup.h"

#include <algorithm>
#include <utility>

#include "router/prefix_trie.h"
#include "wire/bytes.h"

namespace uswitch {
namespace {

constexpr auto acquire = std::memory_order_acquire;
constexpr size_t batch = 64;

}  // namespace

// Inlined always, into a function for each kind of processor.
struct TrieLookup {
  const PrefixTrie& trie;

  [[gnu::always_inline]] TrieWord root_word(const uint8_t* address) const {
    return trie.root_[load_be16(address)].load(acquire);
  }
  [[gnu::always_inline]] const TrieNode& node(TrieWord child) const { return trie.node(child); }
  [[gnu::always_inline]] static TrieWord either(TrieWord preferred, TrieWord otherwise) {
    return preferred ? preferred : otherwise;
  }

  [[gnu::always_inline]] TrieWord walk(TrieWord word, const uint8_t* next, TrieWord best) const {
    for (; is_child(word); ++next) {
      const TrieNode& n = node(word);
      best = either(n.own.load(acquire), best);
      word = n.word(*next).load(acquire);
    }
    return either(word, best);
  }
  [[gnu::always_inline]] uint32_t from_root(const uint8_t* address) const {
    return next_hop_of(walk(root_word(address), address + 2, trie.default_.load(acquire)));
  }
  [[gnu::always_inline]] uint32_t one(const uint8_t* address, TrieWord flat_word) const {
    const TrieWord found = walk(flat_word, address + 3, 0);
    return found != 0 ? next_hop_of(found) : from_root(address);
  }

  // Many look-ups go step by step together, so that their cache misses overlap.
  struct Search {
    TrieWord child;  // to look into next, by the address's byte `next`
    TrieWord best;   // met so far; 0 unless it is known, or there is none
    const uint8_t* address;
    const uint8_t* next;
    const std::atomic<TrieWord>* place;
    uint32_t* next_hop;
  };
  struct Searches {
    Search all[batch];
    size_t going = 0;

    [[gnu::always_inline]] void add(const Search& search) { all[going++] = search; }
  };

  [[gnu::always_inline]] void start(Searches& searches, const uint8_t* address,
                                    uint32_t* next_hop) const {
    const TrieWord best = trie.default_.load(acquire);
    const TrieWord word = root_word(address);
    if (is_child(word)) {
      __builtin_prefetch(&node(word));
      searches.add({word, best, address, address + 2, nullptr, next_hop});
    } else {
      *next_hop = next_hop_of(either(word, best));
    }
  }

  [[gnu::always_inline]] void start_flat(Searches& searches, const uint8_t* address,
                                         uint32_t* next_hop) const {
    const TrieWord word = trie.flat_->word(address).load(acquire);
    *next_hop = next_hop_of(word);
    if (is_leaf(word)) [[likely]]
      return;
    if (word == 0) return start(searches, address, next_hop);
    __builtin_prefetch(&node(word));
    searches.add({word, 0, address, address + 3, nullptr, next_hop});
  }

  [[gnu::always_inline]] void finish(Searches& searches) const {
    while (searches.going > 0) {
      for (size_t i = 0; i < searches.going; ++i) step_to_place(searches.all[i]);
      const size_t count = std::exchange(searches.going, 0);
      for (size_t i = 0; i < count; ++i) step_to_word(searches, searches.all[i]);
    }
  }
  [[gnu::always_inline]] void step_to_place(Search& s) const {
    const TrieNode& n = node(s.child);
    s.best = either(n.own.load(acquire), s.best);
    s.place = &n.word(*s.next);
    __builtin_prefetch(s.place);
  }
  [[gnu::always_inline]] void step_to_word(Searches& searches, Search s) const {
    const TrieWord word = s.place->load(acquire);
    if (is_child(word)) {
      __builtin_prefetch(&node(word));
      searches.add({word, s.best, s.address, s.next + 1, nullptr, s.next_hop});
      return;
    }
    const TrieWord found = either(word, s.best);
    // Nothing on the way from the flat level: what is above it has not been looked at.
    const bool seen_all = found != 0 || s.next != s.address + 3 || !trie.flat_;
    *s.next_hop = seen_all ? next_hop_of(found) : from_root(s.address);
  }

  template <bool flat>
  [[gnu::always_inline]] void some(const uint8_t* const* addresses, size_t count,
                                   uint32_t* next_hops) const {
    Searches searches;
    if constexpr (flat) {
      for (size_t i = 0; i < count; ++i) __builtin_prefetch(&trie.flat_->word(addresses[i]));
    }
    for (size_t i = 0; i < count; ++i) {
      flat ? start_flat(searches, addresses[i], &next_hops[i])
           : start(searches, addresses[i], &next_hops[i]);
    }
    finish(searches);
  }

  template <bool flat>
  [[gnu::always_inline]] void bulk(const uint8_t* const* addresses, size_t count,
                                   uint32_t* next_hops) const {
    while (count > 0) {
      const size_t now = std::min(count, batch);
      some<flat>(addresses, now, next_hops);
      addresses += now, next_hops += now, count -= now;
    }
  }
};

namespace {

uint32_t one_anywhere(const PrefixTrie& trie, const uint8_t* address, TrieWord flat_word) {
  return TrieLookup{trie}.one(address, flat_word);
}
template <bool flat>
void bulk_anywhere(const PrefixTrie& trie, const uint8_t* const* addresses, size_t count,
                   uint32_t* next_hops) {
  TrieLookup{trie}.bulk<flat>(addresses, count, next_hops);
}

#if defined(__x86_64__) && !defined(__POPCNT__)
[[gnu::target("popcnt")]] uint32_t one_popcnt(const PrefixTrie& trie, const uint8_t* address,
                                              TrieWord flat_word) {
  return TrieLookup{trie}.one(address, flat_word);
}
template <bool flat>
[[gnu::target("popcnt")]] void bulk_popcnt(const PrefixTrie& trie, const uint8_t* const* addresses,
                                           size_t count, uint32_t* next_hops) {
  TrieLookup{trie}.bulk<flat>(addresses, count, next_hops);
}
bool has_popcnt() {
  return __builtin_cpu_supports("popcnt");
}
#else
constexpr auto one_popcnt = one_anywhere;
template <bool flat>
constexpr auto bulk_popcnt = bulk_anywhere<flat>;
bool has_popcnt() {
  return true;
}
#endif

}  // namespace

TrieLookupOne trie_lookup() {
  return has_popcnt() ? one_popcnt : one_anywhere;
}

TrieLookupBulk trie_lookup_bulk(bool flat) {
  if (has_popcnt()) return flat ? bulk_popcnt<true> : bulk_popcnt<false>;
  return flat ? bulk_anywhere<true> : bulk_anywhere<false>;
}

}  // namespace uswitch
