// A packet whose buffer ends where the frame ends, so that AddressSanitizer sees every byte read
// too far.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "core/packet.h"

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

}  // namespace uswitch::fuzz
