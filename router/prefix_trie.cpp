#include "router/prefix_trie.h"

#include <cassert>

#include "router/node_image.h"
#include "router/trie_lookup.h"
#include "wire/bytes.h"

namespace uswitch {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto release = std::memory_order_release;

// Retired memory beyond which a grace period is asked for.
constexpr size_t retired_limit = size_t{1} << 18;
// Blocks that insert() leaves: a change takes up to one for the new node, one for the new parent
// and one for the nodes between, and remove() must find some in whatever shape the memory is.
constexpr size_t reserved_blocks = 16;

constexpr unsigned level_length(unsigned length) {
  return (length - 1) % 8 + 1;
}
constexpr size_t level_depth(unsigned length) {
  return (length - 17) / 8;
}
constexpr size_t root_rule(size_t slot, unsigned length) {
  return (size_t{1} << length) + (slot >> (16 - length));
}

}  // namespace

PrefixTrie::PrefixTrie(size_t address_bytes, size_t max_bytes)
    : lookup_(trie_lookup()),
      lookup_bulk_(trie_lookup_bulk(address_bytes == 4)),
      root_memory_(root_slots * (sizeof *root_ + 2 * sizeof *root_rules_)),
      arena_(max_bytes + reserved_blocks * LineArena::max_block_bytes),
      address_bytes_(address_bytes) {
  root_ = reinterpret_cast<std::atomic<TrieWord>*>(root_memory_.data());
  if (address_bytes == 4) flat_.emplace();
  root_rules_ =
      reinterpret_cast<TrieWord*>(root_memory_.data() + root_slots * sizeof(std::atomic<TrieWord>));
}

PrefixTrie::Insert PrefixTrie::insert(const uint8_t* address, unsigned length, uint32_t next_hop) {
  assert(length <= 8 * address_bytes_ && next_hop <= max_next_hop);
  collect_when_worthwhile();
  if (arena_.whole_blocks_left() < reserved_blocks) return Insert::full;
  const bool added = length <= root_bits
                         ? put_root_rule(address, length, trie_leaf(next_hop, length))
                         : put_node_rule(address, length, next_hop);
  size_ += added;
  return added ? Insert::added : Insert::replaced;
}

bool PrefixTrie::remove(const uint8_t* address, unsigned length) {
  assert(length <= 8 * address_bytes_);
  collect_when_worthwhile();
  const bool removed =
      length <= root_bits ? erase_root_rule(address, length) : erase_node_rule(address, length);
  size_ -= removed;
  return removed;
}

uint32_t PrefixTrie::get(const uint8_t* address, unsigned length) const {
  if (length <= root_bits) return next_hop_of(root_rules_[root_rule(load_be16(address), length)]);
  const size_t target = level_depth(length);
  const Path path = descend(address, target);
  const TrieWord found = path.places[path.end]->load(relaxed);
  if (!is_child(found)) return no_route;
  return next_hop_of(NodeImage::rule_of(node(found), path.slot(target), level_length(length)));
}

// Before a change, never within one: what a change retires may still be linked until it ends.
void PrefixTrie::collect_when_worthwhile() {
  const bool short_of_memory = arena_.whole_blocks_left() < reserved_blocks;
  if (short_of_memory || arena_.retired_bytes() >= retired_limit) arena_.collect();
}

// --- The root: changed in place.

PrefixTrie::Place PrefixTrie::root_place(const uint8_t* address) const {
  return &root_[load_be16(address)];
}

void PrefixTrie::show_root_rule(size_t slot, unsigned length, TrieWord word) {
  if (length == 0) return default_.store(word, release);
  const size_t end = slot + (root_slots >> length);
  for (; slot < end; ++slot) {
    const TrieWord shown = root_[slot].load(relaxed);
    std::atomic<TrieWord>& leaf = is_child(shown) ? node(shown).own : root_[slot];
    if (length_of(leaf.load(relaxed)) > length) continue;
    leaf.store(word, release);
    if (flat_ && flat_->shows(slot)) flat_->show_cover(slot, word);
  }
}

bool PrefixTrie::put_root_rule(const uint8_t* address, unsigned length, TrieWord word) {
  const size_t slot = load_be16(address);
  TrieWord& rule = root_rules_[root_rule(slot, length)];
  const bool added = rule == 0;
  rule = word;
  show_root_rule(slot, length, word);
  return added;
}

bool PrefixTrie::erase_root_rule(const uint8_t* address, unsigned length) {
  const size_t slot = load_be16(address);
  TrieWord& rule = root_rules_[root_rule(slot, length)];
  if (rule == 0) return false;
  rule = 0;
  show_root_rule(slot, length, root_cover(slot, length));
  return true;
}

// The route of length 0 is not among them: it is where look-ups begin.
TrieWord PrefixTrie::root_cover(size_t slot, unsigned length) const {
  while (length > 1) {
    if (TrieWord rule = root_rules_[root_rule(slot, --length)]) return rule;
  }
  return 0;
}

// --- Nodes: changed by a new one.

// Lets the slots of a rule show `word` where they show nothing longer.
void PrefixTrie::show_rule(NodeImage& image, uint8_t slot, unsigned length, TrieWord word) {
  const size_t end = slot + (size_t{256} >> length);
  for (size_t i = slot; i < end; ++i) {
    TrieWord& shown = image.words[i];
    if (!is_child(shown)) {
      if (length_of(shown) <= length) shown = word;
    } else if (std::atomic<TrieWord>& own = node(shown).own;
               length_of(own.load(relaxed)) <= length) {
      own.store(word, release);
    }
  }
}

PrefixTrie::Path PrefixTrie::descend(const uint8_t* address, size_t target) const {
  Path path{address, {root_place(address)}, 0};
  while (path.end < target) {
    const TrieWord word = path.places[path.end]->load(relaxed);
    if (!is_child(word)) break;
    Place next = &node(word).word(path.slot(path.end));
    path.places[++path.end] = next;
  }
  return path;
}

TrieWord PrefixTrie::make_node(const NodeImage& image) {
  const LineArena::Line line = arena_.allocate(image.order());
  const TrieWord child = line | trie_child_bit;
  image.store(node(child));
  return child;
}

void PrefixTrie::retire(TrieWord child) {
  arena_.retire(child & ~trie_child_bit, NodeImage::order_of(node(child)));
}

// Makes this the path's node at `depth`, in place of the node or leaf that is there.
void PrefixTrie::link(const Path& path, size_t depth, const NodeImage& image) {
  const TrieWord old = path.places[depth]->load(relaxed);
  const TrieWord made = make_node(image);
  path.places[depth]->store(made, release);
  if (flat_ && depth == 0) show_flat(load_be16(path.address), image);
  if (flat_ && depth == 1) flat_->set(path.address, made);
  if (is_child(old)) retire(old);
}

bool PrefixTrie::put_node_rule(const uint8_t* address, unsigned length, uint32_t next_hop) {
  const size_t target = level_depth(length);
  const Path path = descend(address, target);
  const TrieWord found = path.places[path.end]->load(relaxed);
  const bool exists = is_child(found);  // then it is the target
  NodeImage image = exists ? NodeImage(node(found)) : NodeImage();

  const unsigned within = level_length(length);
  const uint8_t slot = path.slot(target);
  const TrieWord word = trie_leaf(next_hop, within);
  const bool added = image.put_rule({word, slot});
  show_rule(image, slot, within, word);
  if (exists) {
    link(path, target, image);
    return added;
  }
  // Nodes for the bytes between the last place and the target, from below.
  for (size_t depth = target; depth > path.end; --depth) {
    const TrieWord child = make_node(image);
    image = NodeImage();
    image.words[path.slot(depth - 1)] = child;
  }
  image.own = found;
  link_new(path, image);
  return added;
}

void PrefixTrie::show_flat(size_t slot, const NodeImage& image) {
  if (!flat_->show(slot, image.words, image.own)) return;
  // The memory is there for all of the region now; what is not shown has no nodes.
  const size_t first = slot / FlatLevel::region_highs * FlatLevel::region_highs;
  for (size_t i = first; i < first + FlatLevel::region_highs; ++i) {
    if (!flat_->shows(i)) flat_->show_cover(i, root_[i].load(relaxed));
  }
}

// At the path's end, where there is a leaf. Its word may stand for several slots in the node above,
// which then needs a word more.
void PrefixTrie::link_new(const Path& path, const NodeImage& image) {
  if (path.end == 0) return link(path, 0, image);
  const size_t above = path.end - 1;
  NodeImage parent(node(path.places[above]->load(relaxed)));
  parent.words[path.slot(above)] = make_node(image);
  link(path, above, parent);
}

bool PrefixTrie::erase_node_rule(const uint8_t* address, unsigned length) {
  const size_t target = level_depth(length);
  const Path path = descend(address, target);
  const TrieWord found = path.places[path.end]->load(relaxed);
  if (!is_child(found)) return false;
  NodeImage image(node(found));
  const unsigned within = level_length(length);
  const uint8_t slot = path.slot(target);
  if (!image.erase_rule(slot, within)) return false;
  show_rule(image, slot, within, image.cover(slot, within));
  replace_or_prune(path, target, image);
  return true;
}

// Stores the image of the path's node at `depth`. When nothing is left of it, the slot above shows
// what covered it, and the node above may have become empty in turn.
void PrefixTrie::replace_or_prune(const Path& path, size_t depth, NodeImage& image) {
  std::array<TrieWord, max_address_bytes - 2> unlinked;
  size_t count = 0;
  while (image.empty() && depth > 0) {
    const TrieWord cover = image.own;
    unlinked[count++] = path.places[depth]->load(relaxed);
    --depth;
    image = NodeImage(node(path.places[depth]->load(relaxed)));
    image.words[path.slot(depth)] = cover;
  }
  if (image.empty()) {
    unlinked[count++] = path.places[0]->load(relaxed);
    path.places[0]->store(image.own, release);
    if (flat_) show_flat(load_be16(path.address), image);
  } else {
    link(path, depth, image);
  }
  while (count > 0) retire(unlinked[--count]);
}

// --- Listing.

void PrefixTrie::for_each(const Visit& visit) const {
  std::array<uint8_t, max_address_bytes> address;
  for (size_t slot = 0; slot < root_slots; ++slot) {
    visit_root_rules(slot, visit);
    const TrieWord word = root_[slot].load(relaxed);
    if (!is_child(word)) continue;
    address.fill(0);
    store_be16(address.data(), static_cast<uint16_t>(slot));
    visit_node(word, address.data(), 0, visit);
  }
}

// Those that begin at the slot.
void PrefixTrie::visit_root_rules(size_t slot, const Visit& visit) const {
  std::array<uint8_t, max_address_bytes> address{};
  store_be16(address.data(), static_cast<uint16_t>(slot));
  for (unsigned length = 0; length <= root_bits; ++length) {
    if (slot & ((root_slots >> length) - 1)) continue;
    const TrieWord rule = root_rules_[root_rule(slot, length)];
    if (rule != 0) visit(address.data(), length, next_hop_of(rule));
  }
}

// As deep as an address has bytes.
// NOLINTNEXTLINE(misc-no-recursion)
void PrefixTrie::visit_node(TrieWord child, uint8_t* address, size_t depth,
                            const Visit& visit) const {
  const NodeImage image(node(child));
  auto rule = image.rules().begin();
  for (unsigned slot = 0; slot < 256; ++slot) {
    address[2 + depth] = static_cast<uint8_t>(slot);
    for (; rule != image.rules().end() && rule->slot == slot; ++rule) {
      const auto above = static_cast<unsigned>(root_bits + 8 * depth);
      visit(address, above + rule->length(), next_hop_of(rule->word));
    }
    if (is_child(image.words[slot])) visit_node(image.words[slot], address, depth + 1, visit);
  }
  address[2 + depth] = 0;
}

}  // namespace uswitch
