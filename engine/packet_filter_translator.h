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
  static constexpr size_t max_nodes = 4096;

  uint32_t mask = 0;
  uint32_t value = 0;
  uint16_t offset = 0;
  Kind kind = Kind::equal;
  uint16_t yes = 0, no = 0;
};

// Where to begin is node 0. Empty when the program does what nodes cannot. `fast_length` becomes
// the length from which on no load by a fixed offset lies outside a frame, read 32 bits at a time.
std::vector<FilterNode> translate_filter(std::span<const bpf_insn> program, uint32_t& fast_length);

}  // namespace uswitch
