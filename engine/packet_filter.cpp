#include "engine/packet_filter.h"

#include <netinet/in.h>
#include <pcap/pcap.h>
#include <resolv.h>

#include <cstring>
#include <memory>
#include <stdexcept>

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

}  // namespace

PacketFilter::PacketFilter(const std::string& expression) : PacketFilter(compile(expression)) {}

PacketFilter::PacketFilter(std::vector<bpf_insn> program) : program_(std::move(program)) {
  if (!program_.empty()) nodes_ = translate_filter(program_, fast_length_);
}

bool PacketFilter::matches(std::span<const uint8_t> frame) const {
  return program_.empty() || walk(frame);
}

uint64_t PacketFilter::match(std::span<Packet* const> packets) const {
  uint64_t taken = 0;
  for (size_t i = 0; i < packets.size(); ++i) {
    taken |= uint64_t{program_.empty() || walk(packets[i]->frame())} << i;
  }
  return taken;
}

bool PacketFilter::interpret(std::span<const uint8_t> frame) const {
  const auto length = static_cast<u_int>(frame.size());
  return bpf_filter(program_.data(), frame.data(), length, length) != 0;
}

// A branch, not a conditional move: predicted, the next node does not wait for this one's bytes.
#define USWITCH_GO(condition) \
  if (condition) {            \
    at = n.yes;               \
    asm volatile("");         \
  } else {                    \
    at = n.no;                \
  }

inline bool PacketFilter::walk(std::span<const uint8_t> frame) const {
  if (nodes_.empty() || frame.size() < fast_length_) [[unlikely]]
    return interpret(frame);
  const uint8_t* const p = frame.data();
  const uint8_t* indexed = p;
  uint16_t at = 0;
  do {
    const FilterNode& n = nodes_[at];
    switch (n.kind) {
      case FilterNode::Kind::equal:
        USWITCH_GO((load(p + n.offset) & n.mask) == n.value)
        break;
      case FilterNode::Kind::greater:
        USWITCH_GO(__builtin_bswap32(load(p + n.offset) & n.mask) > n.value)
        break;
      case FilterNode::Kind::index:
        indexed = p + 4 * (p[n.offset] & 0x0fu);
        at = n.yes;
        break;
      case FilterNode::Kind::indexed_equal:
        if (indexed + n.offset + 4 > p + frame.size()) return interpret(frame);
        USWITCH_GO((load(indexed + n.offset) & n.mask) == n.value)
        break;
      case FilterNode::Kind::indexed_greater:
        if (indexed + n.offset + 4 > p + frame.size()) return interpret(frame);
        USWITCH_GO(__builtin_bswap32(load(indexed + n.offset) & n.mask) > n.value)
        break;
      case FilterNode::Kind::longer:
        USWITCH_GO(frame.size() > n.value)
        break;
    }
  } while (at < FilterNode::reject);
  return at == FilterNode::accept;
}

#undef USWITCH_GO

}  // namespace uswitch
