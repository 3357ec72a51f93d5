// Does in software what an egress device cannot: completes checksums and cuts TCP and UDP
// super-segments into packets (VH-3, VH-11). The worker that owns the packets calls it. Nothing is
// allocated.
//
// All of it works on packets that parse_layout accepted, before an egress VLAN tag is pushed: the
// layout must still describe the frame.
#pragma once
#include "core/packet.h"
#include "core/segment_headers.h"

namespace uswitch {

// Completes the checksum the sender left undone, if it did (VH-3). Not for super-segments, whose
// segments each have their own.
void complete_checksum(Packet& packet);

// Cuts one super-segment (offload.gso set) into packets of at most segment_size payload bytes, each
// with its own lengths, sequence number or IPv4 id, flags and complete checksums, asking nothing
// more of a device. The bytes are read once and written once; the super-segment stays as it is and
// must outlive the Segmenter.
class Segmenter {
 public:
  explicit Segmenter(const Packet& super) : super_(super), headers_(super) {}

  // Writes the next segment into `out`, a packet fresh from the pool. False, with `out` untouched,
  // after the last one.
  bool next(Packet& out);

 private:
  const Packet& super_;
  SegmentHeaders headers_;
};

// The length of the longest IP packet this frame becomes on the wire, to be judged by an egress MTU
// (BR-9, TR-15); of other frames, what follows the Ethernet header.
inline uint32_t segment_length(const Packet& packet) {
  uint32_t whole = packet.length - Layout::l3;
  if (packet.offload.gso == Offload::Gso::none) [[likely]]
    return whole;
  uint32_t one = gso_header_length(packet) - Layout::l3 + packet.offload.segment_size;
  return one < whole ? one : whole;
}

}  // namespace uswitch
