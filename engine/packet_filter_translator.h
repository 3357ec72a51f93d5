// From a BPF program to nodes that load, mask and compare in one: see engine/packet_filter.h. No
// state; the control thread calls it.
#pragma once
#include <sys/types.h>  // before pcap/bpf.h, which lacks it
//
#include <pcap/bpf.h>

#include <cstdint>
#include <span>
#include <vector>

namespace uswitch {

struct FilterNode {
  enum class Kind : uint8_t {
    equal,            // the 32 bits at `offset`, masked, are `value`, both as they lie in memory
    greater,          // the same as a big-endian number is above `value`
    index,            // sets the index to the length of the IPv4 header at `offset`; goes to `yes`
    indexed_equal,    // as equal, at index + offset
    indexed_greater,  // as greater, at index + offset
    longer,           // the frame is longer than `value`
  };
  static constexpr uint16_t accept = 0xffff, reject = 0xfffe;  // in place of a node
  static constexpr size_t max_nodes = 512;

  uint32_t mask = 0;
  uint32_t value = 0;
  uint16_t offset = 0;
  Kind kind = Kind::equal;
  uint16_t yes = 0, no = 0;
};

// How far the loads of a filter reach, read 32 bits at a time: in a frame of that length none lies
// outside of it.
struct FilterReach {
  uint32_t fixed = 0;    // those by a fixed offset
  uint32_t indexed = 0;  // the others, besides the index
};

// Where to begin is node 0; all ways lead to nodes further behind. Empty when the program does what
// nodes cannot.
std::vector<FilterNode> translate_filter(std::span<const bpf_insn> program, FilterReach& reach);

}  // namespace uswitch
