// Which packets somebody wants to see: an expression in libpcap's language (pcap-filter(7)), over
// the bytes of an Ethernet frame.
//
// Theory of operation. libpcap compiles the expression to classic BPF. Nearly all of that is loads,
// masks and comparisons, so it is translated once into nodes that do all three: load 32 bits, mask,
// compare, go on at one of two nodes. A batch goes through node by node, not packet by packet: what
// would be the interpreter's work for each packet is done once, and without branches to mispredict.
// That takes a fifth of what an interpreter of BPF does, and a filter sees every packet. What
// cannot be translated (arithmetic, scratch memory) and frames so short that a load could lie
// outside are left to libpcap's own interpreter, so the answers are the same.
//
// Kind "ours": immutable once made. Workers call match().
#pragma once
#include <sys/types.h>  // before pcap/bpf.h, which lacks it
//
#include <pcap/bpf.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/packet.h"
#include "engine/packet_filter_translator.h"

namespace uswitch {

class PacketFilter {
 public:
  // Takes every packet.
  PacketFilter() = default;
  // Throws std::invalid_argument with libpcap's sentence. Empty: takes every packet. Host names are
  // looked up in files only: no name server can hold up who calls this.
  explicit PacketFilter(const std::string& expression);
  // A program that bpf_validate() accepts.
  explicit PacketFilter(std::vector<bpf_insn> program);

  bool takes_all() const { return program_.empty(); }
  bool matches(std::span<const uint8_t> frame) const;
  // Of at most 64 packets: a bit each.
  uint64_t match(std::span<Packet* const> packets) const;

  // It is not left to libpcap's interpreter.
  bool is_translated() const { return !nodes_.empty(); }

 private:
  struct Frames;  // of a batch
  bool interpret(std::span<const uint8_t> frame) const;
  uint64_t decide(Frames& f) const;
  uint64_t set_index(const FilterNode& n, Frames& f, uint64_t who) const;

  std::vector<bpf_insn> program_;
  std::vector<FilterNode> nodes_;
  FilterReach reach_;
};

}  // namespace uswitch
