#include "engine/packet_filter_translator.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace uswitch {

namespace {

// The BPF machine's accumulator, as far as it is known without a packet.
struct Accumulator {
  enum class Kind : uint8_t { nothing, bytes, indexed_bytes, length };
  Kind kind = Kind::nothing;
  bool has_index = false;  // an index has been set on the way here
  uint8_t size = 0;        // of bytes: 1, 2 or 4
  bool fresh = false;      // loaded and not compared yet
  uint16_t offset = 0;
  uint32_t mask = 0;  // what has been masked off since, of the number

  auto key() const { return std::tuple(kind, has_index, size, fresh, offset, mask); }
};

bool is_load(const bpf_insn& i) {
  return BPF_CLASS(i.code) == BPF_LD || BPF_CLASS(i.code) == BPF_LDX;
}

// NOLINTBEGIN(misc-no-recursion): as deep as the program is long, which libpcap bounds.

// Follows the program from an instruction on with what the accumulator is there; BPF jumps only
// forward, so this ends. What two ways lead to in the same state is translated once.
class FilterTranslator {
 public:
  explicit FilterTranslator(std::span<const bpf_insn> program) : program_(program) {}

  // Null: cannot be translated.
  std::optional<uint16_t> node_of(size_t pc, Accumulator a) {
    if (pc >= program_.size()) return std::nullopt;
    const auto key = std::tuple(pc, a.key());
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    const auto node = translate(pc, a);
    if (node) known_[key] = *node;
    return node;
  }

  // What nodes lead to is finished before them.
  std::vector<FilterNode> in_order() const {
    std::vector<uint16_t> new_place(nodes.size());
    for (size_t i = 0; i < finished_.size(); ++i) {
      new_place[finished_[i]] = static_cast<uint16_t>(finished_.size() - 1 - i);
    }
    const auto moved = [&](uint16_t to) { return to >= FilterNode::reject ? to : new_place[to]; };
    std::vector<FilterNode> sorted(nodes.size());
    for (size_t i = 0; i < nodes.size(); ++i) {
      FilterNode& node = sorted[new_place[i]] = nodes[i];
      node.yes = moved(node.yes);
      node.no = moved(node.no);
    }
    return sorted;
  }

  std::vector<FilterNode> nodes;
  FilterReach reach;

 private:
  using Kind = FilterNode::Kind;

  std::optional<uint16_t> translate(size_t pc, Accumulator a) {
    const bpf_insn& i = program_[pc];
    // A load that nothing was asked about may still have been outside of the frame: BPF rejects it.
    if (a.fresh && (is_load(i) || BPF_CLASS(i.code) == BPF_RET)) return std::nullopt;
    switch (i.code) {
      case BPF_LD | BPF_B | BPF_ABS:
      case BPF_LD | BPF_H | BPF_ABS:
      case BPF_LD | BPF_W | BPF_ABS:
        return load(pc, Accumulator::Kind::bytes, a.has_index);
      case BPF_LD | BPF_B | BPF_IND:
      case BPF_LD | BPF_H | BPF_IND:
      case BPF_LD | BPF_W | BPF_IND:
        return a.has_index ? load(pc, Accumulator::Kind::indexed_bytes, true) : std::nullopt;
      case BPF_LD | BPF_W | BPF_LEN:
        return node_of(pc + 1, {.kind = Accumulator::Kind::length, .has_index = a.has_index});
      case BPF_LDX | BPF_MSH | BPF_B:
        return index(pc, a);
      case BPF_ALU | BPF_AND | BPF_K:
        if (a.kind != Accumulator::Kind::bytes && a.kind != Accumulator::Kind::indexed_bytes)
          return std::nullopt;
        a.mask &= i.k;
        return node_of(pc + 1, a);
      case BPF_JMP | BPF_JA:
        return node_of(pc + 1 + i.k, a);
      case BPF_RET | BPF_K:
        return i.k != 0 ? FilterNode::accept : FilterNode::reject;
      default:
        return BPF_CLASS(i.code) == BPF_JMP && BPF_SRC(i.code) == BPF_K ? jump(pc, a)
                                                                        : std::nullopt;
    }
  }

  std::optional<uint16_t> load(size_t pc, Accumulator::Kind kind, bool has_index) {
    const bpf_insn& i = program_[pc];
    const auto size = static_cast<uint8_t>(BPF_SIZE(i.code) == BPF_B   ? 1
                                           : BPF_SIZE(i.code) == BPF_H ? 2
                                                                       : 4);
    if (i.k > max_offset) return std::nullopt;
    uint32_t& end = kind == Accumulator::Kind::bytes ? reach.fixed : reach.indexed;
    end = std::max(end, i.k + 4);
    return node_of(pc + 1, {.kind = kind,
                            .has_index = has_index,
                            .size = size,
                            .fresh = true,
                            .offset = static_cast<uint16_t>(i.k),
                            .mask = size == 4 ? ~uint32_t{0} : (uint32_t{1} << 8 * size) - 1});
  }

  std::optional<uint16_t> index(size_t pc, Accumulator a) {
    const bpf_insn& i = program_[pc];
    // What was loaded by another index is no longer there to be compared.
    if (i.k > max_offset || a.kind == Accumulator::Kind::indexed_bytes) return std::nullopt;
    reach.fixed = std::max(reach.fixed, i.k + 4);
    a.has_index = true;
    return add({.offset = static_cast<uint16_t>(i.k), .kind = Kind::index}, pc + 1, pc + 1, a);
  }

  std::optional<uint16_t> jump(size_t pc, Accumulator a) {
    const bpf_insn& i = program_[pc];
    const size_t yes = pc + 1 + i.jt, no = pc + 1 + i.jf;
    a.fresh = false;
    if (a.kind == Accumulator::Kind::length) return jump_by_length(i, yes, no, a);
    if (a.kind == Accumulator::Kind::nothing) return std::nullopt;
    const bool indexed = a.kind == Accumulator::Kind::indexed_bytes;
    FilterNode node{.offset = a.offset, .kind = indexed ? Kind::indexed_equal : Kind::equal};
    node.mask = in_memory(a.mask, a);
    switch (BPF_OP(i.code)) {
      case BPF_JEQ:
        // Even of what can never be equal the load must be there to be found outside.
        if ((i.k & ~a.mask) != 0) return add(node, no, no, a);
        node.value = in_memory(i.k, a);
        return add(node, yes, no, a);
      case BPF_JSET:
        node.mask = in_memory(a.mask & i.k, a);
        return add(node, no, yes, a);
      case BPF_JGT:
      case BPF_JGE:
        return jump_by_size(i, yes, no, a, node);
      default:
        return std::nullopt;
    }
  }

  std::optional<uint16_t> jump_by_size(const bpf_insn& i, size_t yes, size_t no,
                                       const Accumulator& a, FilterNode node) {
    if (BPF_OP(i.code) == BPF_JGE && i.k == 0) return add(node, yes, yes, a);
    const uint32_t above = BPF_OP(i.code) == BPF_JGE ? i.k - 1 : i.k;
    const uint32_t largest = a.size == 4 ? ~uint32_t{0} : (uint32_t{1} << 8 * a.size) - 1;
    if (above >= largest) return add(node, no, no, a);
    node.kind = node.kind == Kind::equal ? Kind::greater : Kind::indexed_greater;
    // What stands behind the number in the 32 bits is masked off.
    node.value = above << shift_of(a);
    return add(node, yes, no, a);
  }

  std::optional<uint16_t> jump_by_length(const bpf_insn& i, size_t yes, size_t no,
                                         const Accumulator& a) {
    FilterNode node{.kind = Kind::longer};
    if (BPF_OP(i.code) == BPF_JGE && i.k != 0) {
      node.value = i.k - 1;
    } else if (BPF_OP(i.code) == BPF_JGT) {
      node.value = i.k;
    } else {
      return std::nullopt;
    }
    return add(node, yes, no, a);
  }

  static unsigned shift_of(const Accumulator& a) { return 8u * (4u - a.size); }
  static uint32_t in_memory(uint32_t number, const Accumulator& a) {
    return __builtin_bswap32(number << shift_of(a));
  }

  std::optional<uint16_t> add(FilterNode node, size_t yes, size_t no, const Accumulator& a) {
    if (nodes.size() >= FilterNode::max_nodes) return std::nullopt;
    const auto place = static_cast<uint16_t>(nodes.size());
    nodes.push_back(node);
    const auto there = node_of(yes, a);
    const auto otherwise = there ? node_of(no, a) : std::nullopt;
    if (!otherwise) return std::nullopt;
    nodes[place].yes = *there;
    nodes[place].no = *otherwise;
    finished_.push_back(place);
    return place;
  }

  static constexpr uint32_t max_offset = 0x7fff;

  std::span<const bpf_insn> program_;
  std::vector<uint16_t> finished_;
  std::map<std::tuple<size_t, decltype(Accumulator{}.key())>, uint16_t> known_;
};

// NOLINTEND(misc-no-recursion)

}  // namespace

std::vector<FilterNode> translate_filter(std::span<const bpf_insn> program, FilterReach& reach) {
  FilterTranslator translator(program);
  const auto first = translator.node_of(0, {});
  if (!first) return {};
  reach = translator.reach;
  return translator.in_order();  // none when it accepts or rejects at once: as fast that way
}

}  // namespace uswitch
