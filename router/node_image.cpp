#include "router/node_image.h"

#include <algorithm>

#include "router/line_arena.h"

namespace uswitch {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;

std::atomic<uint8_t>* slots_behind(std::atomic<TrieWord>* words) {
  return reinterpret_cast<std::atomic<uint8_t>*>(words);
}
const std::atomic<uint8_t>* slots_behind(const std::atomic<TrieWord>* words) {
  return reinterpret_cast<const std::atomic<uint8_t>*>(words);
}

}  // namespace

NodeImage::NodeImage(const TrieNode& node) : own(node.own.load(relaxed)) {
  const std::atomic<TrieWord>* next = node.words();
  for (size_t slot = 0; slot < 256; ++slot) {
    const bool start = node.starts[slot / 64].load(relaxed) >> slot % 64 & 1;
    words[slot] = start ? (next++)->load(relaxed) : words[slot - 1];
  }
  rule_count_ = (next++)->load(relaxed);
  const std::atomic<uint8_t>* slots = slots_behind(next + rule_count_);
  for (size_t i = 0; i < rule_count_; ++i) {
    rules_[i] = {next[i].load(relaxed), slots[i].load(relaxed)};
  }
}

void NodeImage::store(TrieNode& node) const {
  node.own.store(own, relaxed);
  store_words(node);
  store_rules(node.words() + runs());
}

void NodeImage::store_words(TrieNode& node) const {
  std::atomic<TrieWord>* next = node.words();
  for (size_t quarter = 0; quarter < 4; ++quarter) {
    node.before[quarter].store(static_cast<uint8_t>(next - node.words()), relaxed);
    uint64_t starts = 0;
    for (size_t i = 0; i < 64; ++i) {
      const size_t slot = quarter * 64 + i;
      if (slot > 0 && words[slot] == words[slot - 1]) continue;
      starts |= uint64_t{1} << i;
      (next++)->store(words[slot], relaxed);
    }
    node.starts[quarter].store(starts, relaxed);
  }
}

void NodeImage::store_rules(std::atomic<TrieWord>* at) const {
  (at++)->store(static_cast<TrieWord>(rule_count_), relaxed);
  std::atomic<uint8_t>* slots = slots_behind(at + rule_count_);
  for (size_t i = 0; i < rule_count_; ++i) {
    at[i].store(rules_[i].word, relaxed);
    slots[i].store(rules_[i].slot, relaxed);
  }
}

size_t NodeImage::runs() const {
  size_t count = 1;
  for (size_t slot = 1; slot < 256; ++slot) count += words[slot] != words[slot - 1];
  return count;
}

unsigned NodeImage::order(size_t runs, size_t rules) {
  constexpr size_t line = LineArena::line_bytes;
  static_assert(sizeof(TrieNode) + (256 + 1 + max_rules) * sizeof(TrieWord) + max_rules <=
                LineArena::max_block_bytes);
  const size_t bytes = sizeof(TrieNode) + (runs + 1 + rules) * sizeof(TrieWord) + rules;
  return static_cast<unsigned>(std::bit_width((bytes + line - 1) / line - 1));
}

unsigned NodeImage::order_of(const TrieNode& node) {
  const size_t runs = node.run(255) + 1;
  return order(runs, node.words()[runs].load(relaxed));
}

TrieWord NodeImage::rule_of(const TrieNode& node, uint8_t slot, unsigned length) {
  const std::atomic<TrieWord>* rules = node.words() + node.run(255) + 1;
  const TrieWord count = (rules++)->load(relaxed);
  const std::atomic<uint8_t>* slots = slots_behind(rules + count);
  for (size_t i = 0; i < count; ++i) {
    const TrieWord rule = rules[i].load(relaxed);
    if (slots[i].load(relaxed) == slot && length_of(rule) == length) return rule;
  }
  return 0;
}

size_t NodeImage::position(uint8_t slot, unsigned length) const {
  auto before = [&](const Rule& r) {
    return r.slot < slot || (r.slot == slot && r.length() < length);
  };
  return static_cast<size_t>(std::ranges::partition_point(rules(), before) - rules().begin());
}

bool NodeImage::has(size_t position, uint8_t slot, unsigned length) const {
  return position < rule_count_ && rules_[position].slot == slot &&
         rules_[position].length() == length;
}

bool NodeImage::put_rule(Rule rule) {
  const size_t at = position(rule.slot, rule.length());
  if (has(at, rule.slot, rule.length())) {
    rules_[at] = rule;
    return false;
  }
  std::copy_backward(&rules_[at], &rules_[rule_count_], &rules_[rule_count_] + 1);
  rules_[at] = rule;
  ++rule_count_;
  return true;
}

bool NodeImage::erase_rule(uint8_t slot, unsigned length) {
  const size_t at = position(slot, length);
  if (!has(at, slot, length)) return false;
  std::copy(&rules_[at] + 1, rules_.data() + rule_count_, &rules_[at]);
  --rule_count_;
  return true;
}

TrieWord NodeImage::cover(uint8_t slot, unsigned length) const {
  while (--length > 0) {
    const auto first = static_cast<uint8_t>(slot & 0xff << (8 - length));
    const size_t at = position(first, length);
    if (has(at, first, length)) return rules_[at].word;
  }
  return 0;
}

bool NodeImage::empty() const {
  return rule_count_ == 0 && std::ranges::none_of(words, is_child);
}

}  // namespace uswitch
