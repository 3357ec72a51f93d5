// The headers of the packets that a TCP or UDP super-segment is cut into, one after the other
// (VH-11): lengths, sequence number or IPv4 id, flags and checksums of each. Where the payload goes
// is the caller's to say: core/gso copies it behind them, a tunnel leaves it where it is.
//
// Works on super-segments that parse_layout accepted, before an egress VLAN tag is pushed. The
// worker that owns the packet calls it. Nothing is allocated.
#pragma once
#include <span>

#include "core/packet.h"

namespace uswitch {

// Bytes of Ethernet, IP and transport headers of a super-segment, and of each of its segments.
uint32_t gso_header_length(const Packet& super);

// Checksums are made from the pseudo-header sum in the super-segment's own field, which covers its
// whole length (VH-3). The super-segment stays as it is and must outlive this.
class SegmentHeaders {
 public:
  explicit SegmentHeaders(const Packet& super);

  uint32_t size() const { return size_; }
  // Whether there is no further segment.
  bool done() const { return done_; }
  // Of the next segment: at most segment_size bytes of the super-segment.
  std::span<const uint8_t> payload() const;
  // Writes the next segment's headers, size() bytes, and goes on to the one after. `payload_sum` is
  // the sum of its payload.
  void write(uint8_t* to, uint16_t payload_sum);

 private:
  void finish_ip(uint8_t* headers, uint32_t length) const;
  void finish_tcp(uint8_t* headers, uint16_t sum) const;
  void finish_udp(uint8_t* headers, uint16_t sum, uint16_t length) const;

  const Packet& super_;
  uint32_t size_;
  uint32_t position_;    // of the next payload byte in the super-segment
  uint16_t index_ = 0;   // of the next segment
  uint16_t pseudo_sum_;  // without the length
  bool last_ = false;    // the one being written
  bool done_ = false;
};

}  // namespace uswitch
