// A TrieNode as the control thread works on it: one word a slot, and the rules: the routes whose
// length ends within the node, whether a slot shows them or longer ones hide them everywhere.
// A change loads an image, changes it and stores it as a new node.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "router/trie_node.h"

namespace uswitch {

class NodeImage {
 public:
  struct Rule {
    TrieWord word;  // a leaf, its length 1..8
    uint8_t slot;   // the first that it covers
    unsigned length() const { return length_of(word); }
    bool operator==(const Rule&) const = default;
  };

  TrieWord own = 0;
  std::array<TrieWord, 256> words{};

  NodeImage() = default;
  explicit NodeImage(const TrieNode& node);
  void store(TrieNode& node) const;
  // The block of a node has 2^order cache lines: the one to store this in, and one that is stored.
  unsigned order() const { return order(runs(), rule_count_); }
  static unsigned order_of(const TrieNode& node);
  // The leaf of a rule of the node, or 0.
  static TrieWord rule_of(const TrieNode& node, uint8_t slot, unsigned length);

  // Sorted by first slot, shorter ones first.
  std::span<const Rule> rules() const { return {rules_.data(), rule_count_}; }
  // False when it took the place of one of the same slot and length.
  bool put_rule(Rule rule);
  // False when there is none.
  bool erase_rule(uint8_t slot, unsigned length);
  // The leaf of the longest rule that covers this one, or 0.
  TrieWord cover(uint8_t slot, unsigned length) const;

  // Neither a rule nor a child.
  bool empty() const;

 private:
  static constexpr size_t max_rules = 510;  // 2 + 4 + ... + 256

  static unsigned order(size_t runs, size_t rules);
  size_t position(uint8_t slot, unsigned length) const;
  bool has(size_t position, uint8_t slot, unsigned length) const;
  size_t runs() const;
  void store_words(TrieNode& node) const;
  void store_rules(std::atomic<TrieWord>* at) const;

  size_t rule_count_ = 0;
  std::array<Rule, max_rules> rules_;  // only the first rule_count_ are
};

}  // namespace uswitch
