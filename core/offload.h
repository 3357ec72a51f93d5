// Between Offload and the 10-byte virtio-net header that stands before a frame on TAP and AF_PACKET
// descriptors (virtio 1.3 5.1.6, STANDARDS VH-1, VH-2; little endian). Any thread; no state.
#pragma once
#include <cstdint>

#include "core/packet.h"

namespace uswitch {

inline constexpr uint32_t virtio_header_size = 10;

// What the header asks for, unchecked against the frame: core/layout does that. A segmentation type
// that this version does not know becomes Gso::unknown.
Offload decode_offload(const uint8_t* header);

// Writes the header for the packet's offload. hdr_len is derived from the packet's layout, since
// the sender's own is only a hint (VH-5).
void encode_offload(const Packet& packet, uint8_t* header);

}  // namespace uswitch
