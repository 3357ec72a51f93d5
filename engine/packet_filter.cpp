#include "engine/packet_filter.h"

#include <netinet/in.h>
#include <pcap/pcap.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

namespace uswitch {

namespace {

// For the length of its life this thread asks no name server: names come from files or not at all.
class NoNameServers {
 public:
  NoNameServers() {
    res_init();
    _res.nscount = 0;
  }
  ~NoNameServers() { res_init(); }
  NoNameServers(const NoNameServers&) = delete;
  NoNameServers& operator=(const NoNameServers&) = delete;
};

std::vector<bpf_insn> compile(const std::string& expression) {
  if (expression.find_first_not_of(" \t\n") == std::string::npos) return {};
  const NoNameServers files_only;
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> format(
      pcap_open_dead(DLT_EN10MB, static_cast<int>(max_frame)), pcap_close);
  bpf_program program{};
  if (pcap_compile(format.get(), &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    throw std::invalid_argument(pcap_geterr(format.get()));
  }
  std::vector<bpf_insn> instructions(program.bf_insns, program.bf_insns + program.bf_len);
  pcap_freecode(&program);
  return instructions;
}

uint32_t load(const uint8_t* p) {
  uint32_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

uint64_t ones(size_t count) {
  return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
}

// test(i) of eight, a bit each. No branch depends on what it says.
template <class Test, size_t... n>
uint64_t test_eight(Test test, size_t i, std::index_sequence<n...>) {
  return ((uint64_t{test(i + n)} << n) | ...);
}

// Of all below count, and those that fill up the last eight.
template <class Test>
uint64_t test_all(size_t count, Test test) {
  uint64_t bits = 0;
  for (size_t i = 0; i < count; i += 8) {
    bits |= test_eight(test, i, std::make_index_sequence<8>()) << i;
  }
  return bits;
}

template <class Act>
void for_each_bit(uint64_t bits, Act act) {
  for (; bits != 0; bits &= bits - 1) act(static_cast<size_t>(__builtin_ctzll(bits)));
}

}  // namespace

struct PacketFilter::Frames {
  size_t count = 0;
  // Filled up to a multiple of eight.
  std::array<const uint8_t*, 64> data;
  std::array<uint32_t, 64> length;
  std::array<const uint8_t*, 64> indexed;  // where something is by index: data, or behind IPv4

  std::span<const uint8_t> operator[](size_t i) const { return {data[i], length[i]}; }
  void fill_up() {
    for (size_t i = count; i % 8 != 0; ++i) {
      data[i] = data[0];
      length[i] = length[0];
    }
  }

  // Those of `asked` that the node says yes to; of others it may say anything.
  uint64_t ask(const FilterNode& n, uint64_t asked) const {
    const bool by_index =
        n.kind == FilterNode::Kind::indexed_equal || n.kind == FilterNode::Kind::indexed_greater;
    const uint8_t* const* from = (by_index ? indexed : data).data();
    const uint32_t offset = n.offset, mask = n.mask, value = n.value;
    const auto equal = [=](size_t i) { return (load(from[i] + offset) & mask) == value; };
    const auto greater = [=](size_t i) {
      return __builtin_bswap32(load(from[i] + offset) & mask) > value;
    };
    switch (n.kind) {
      case FilterNode::Kind::equal:
      case FilterNode::Kind::indexed_equal:
        return test(asked, equal);
      case FilterNode::Kind::greater:
      case FilterNode::Kind::indexed_greater:
        return test(asked, greater);
      default:
        return test(asked, [this, value](size_t i) { return length[i] > value; });
    }
  }

  template <class Test>
  uint64_t test(uint64_t asked, Test test_one) const {
    constexpr int few = 8;
    if (__builtin_popcountll(asked) > few) return test_all(count, test_one);
    uint64_t yes = 0;
    for_each_bit(asked, [&](size_t i) { yes |= uint64_t{test_one(i)} << i; });
    return yes;
  }
};

PacketFilter::PacketFilter(const std::string& expression) : PacketFilter(compile(expression)) {}

PacketFilter::PacketFilter(std::vector<bpf_insn> program) : program_(std::move(program)) {
  if (!program_.empty()) nodes_ = translate_filter(program_, reach_);
}

bool PacketFilter::matches(std::span<const uint8_t> frame) const {
  if (program_.empty()) return true;
  if (nodes_.empty() || frame.size() < reach_.fixed) return interpret(frame);
  Frames f;
  f.count = 1;
  f.data[0] = frame.data();
  f.length[0] = static_cast<uint32_t>(frame.size());
  return decide(f) != 0;
}

uint64_t PacketFilter::match(std::span<Packet* const> packets) const {
  if (program_.empty()) return ones(packets.size());
  Frames f;
  uint32_t shortest = ~uint32_t{0};
  for (const Packet* p : packets) {
    f.data[f.count] = p->data;
    f.length[f.count++] = p->length;
    shortest = std::min(shortest, p->length);
  }
  if (!nodes_.empty() && shortest >= reach_.fixed) [[likely]]
    return decide(f);
  uint64_t taken = 0;
  for (size_t i = 0; i < f.count; ++i) taken |= uint64_t{matches(f[i])} << i;
  return taken;
}

bool PacketFilter::interpret(std::span<const uint8_t> frame) const {
  const auto length = static_cast<u_int>(frame.size());
  return bpf_filter(program_.data(), frame.data(), length, length) != 0;
}

// Those that the node sets the index of; the others must be interpreted.
uint64_t PacketFilter::set_index(const FilterNode& n, Frames& f, uint64_t who) const {
  const auto set = [&f, offset = n.offset, reach = reach_.indexed](size_t i) {
    const uint32_t header = 4 * (f.data[i][offset] & 0x0fu);
    const bool fits = f.length[i] >= header + reach;
    f.indexed[i] = f.data[i] + (fits ? header : 0);
    return fits;
  };
  if (who == ones(f.count)) return test_all(f.count, set) & who;
  uint64_t fit = 0;
  for_each_bit(who, [&](size_t i) { fit |= uint64_t{set(i)} << i; });
  return fit;
}

// Of frames that no load by a fixed offset lies outside of.
uint64_t PacketFilter::decide(Frames& f) const {
  f.fill_up();
  if (reach_.indexed != 0) f.indexed = f.data;
  std::array<uint64_t, FilterNode::max_nodes> at;  // who has come as far as a node
  std::fill_n(at.begin(), nodes_.size(), 0);
  uint64_t taken = 0;
  const auto go = [&](uint16_t to, uint64_t who) {
    if (to == FilterNode::accept) taken |= who;
    if (to < FilterNode::reject) at[to] |= who;
  };
  at[0] = ones(f.count);
  for (size_t here = 0; here < nodes_.size(); ++here) {
    const FilterNode& n = nodes_[here];
    const uint64_t who = at[here];
    if (who == 0) continue;
    if (n.kind == FilterNode::Kind::index) {
      const uint64_t fit = set_index(n, f, who);
      go(n.yes, fit);
      for_each_bit(who & ~fit, [&](size_t i) { taken |= uint64_t{interpret(f[i])} << i; });
    } else {
      const uint64_t yes = f.ask(n, who) & who;
      go(n.yes, yes);
      go(n.no, who & ~yes);
    }
  }
  return taken;
}

}  // namespace uswitch
