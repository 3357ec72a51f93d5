// The look-ups of PrefixTrie for the processor at hand: with its instruction that counts bits where
// it has one (every x86 since 2008, but compilers may not assume it).
#pragma once
#include <cstddef>
#include <cstdint>

namespace uswitch {

class PrefixTrie;

using TrieLookupOne = uint32_t (*)(const PrefixTrie&, const uint8_t* address);
using TrieLookupBulk = void (*)(const PrefixTrie&, const uint8_t* const* addresses, size_t count,
                                uint32_t* next_hops);

// One address, by the trie alone.
TrieLookupOne trie_lookup();
// Many, beginning with the FlatLevel or without.
TrieLookupBulk trie_lookup_bulk(bool flat);

}  // namespace uswitch
