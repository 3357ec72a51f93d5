// A packet that stays beyond the turn that read it: its bytes in heap memory of their own size, so
// that it does not keep a pool's buffer, and all that was found out about it. Kind "mine": one
// worker makes it and turns it into a packet again, in a later turn.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/packet.h"

namespace uswitch {

class SavedPacket {
 public:
  explicit SavedPacket(const Packet& packet);

  // Makes the packet, fresh from a pool, what the saved one was. Every pool's buffers hold
  // max_frame.
  void restore(Packet& packet) const;

  std::span<const uint8_t> frame() const { return {bytes_.get(), length_}; }
  PortId ingress() const { return ingress_; }
  NetworkId network() const { return network_; }
  // What it takes of the heap and of whatever holds it.
  size_t memory() const { return memory(length_); }
  static size_t memory(size_t frame_length) { return sizeof(SavedPacket) + frame_length; }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  uint32_t length_;
  Offload offload_;
  Layout layout_;
  PortId ingress_;
  NetworkId network_;
  uint16_t tci_;
  bool has_stripped_tag_;
  bool routed_;
  bool published_;
  bool renumbered_;
  uint16_t former_id_;
  uint64_t mark_;
};

}  // namespace uswitch
