// The look-ups of PrefixTrie for the processor at hand: with its instruction that counts bits where
// it has one (every x86 since 2008, but compilers may not assume it).
#pragma once
#include <cstddef>
#include <cstdint>

#include "router/trie_node.h"

namespace uswitch {

class PrefixTrie;

using TrieLookupOne = uint32_t (*)(const PrefixTrie&, const uint8_t* address, TrieWord flat_word);
using TrieLookupBulk = void (*)(const PrefixTrie&, const uint8_t* const* addresses, size_t count,
                                uint32_t* next_hops);

// One address, of which the FlatLevel says this: a node, or 0 if there is no more to know.
TrieLookupOne trie_lookup();
// Many, beginning with the FlatLevel or without.
TrieLookupBulk trie_lookup_bulk(bool flat);

}  // namespace uswitch
