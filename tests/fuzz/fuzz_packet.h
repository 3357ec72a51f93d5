// A packet whose buffer ends where the frame ends, so that AddressSanitizer sees every byte read
// too far.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "core/packet.h"
#include "wire/bytes.h"

namespace uswitch::fuzz {

class FuzzPacket {
 public:
  explicit FuzzPacket(std::span<const uint8_t> frame) : bytes_(packet_headroom + frame.size()) {
    packet_.buffer = bytes_.data();
    packet_.capacity = static_cast<uint32_t>(bytes_.size());
    packet_.reset();
    packet_.length = static_cast<uint32_t>(frame.size());
    std::ranges::copy(frame, packet_.data);
  }
  Packet& operator*() { return packet_; }

 private:
  std::vector<uint8_t> bytes_;
  Packet packet_;
};

// An invariant that fails ends the run, and the fuzzer keeps the input.
inline void require(bool holds) {
  if (!holds) std::abort();
}

// Makes the lengths of an untagged IP packet, and of UDP in it, those of the frame: mutation seldom
// keeps them right, and a super-segment that lies is dropped at once.
inline void mend_lengths(Packet& p) {
  if (p.length < 60) return;
  uint8_t* ip = p.data + Layout::l3;
  size_t length = p.length - Layout::l3;
  bool v6 = ip[0] >> 4 == 6;
  store_be16(v6 ? ip + 4 : ip + 2, static_cast<uint16_t>(v6 ? length - 40 : length));
  uint32_t l4 = p.offload.checksum_start;
  if (p.offload.gso != Offload::Gso::udp || l4 + 8 > p.length) return;
  store_be16(p.data + l4 + 4, static_cast<uint16_t>(p.length - l4));
}

}  // namespace uswitch::fuzz
