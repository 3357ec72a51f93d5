// Whether a packet's own transport checksum was left undone by its sender (VH-3). Any thread.
#pragma once
#include "core/packet.h"

namespace uswitch {

// `checksum_at` is where the packet's protocol has its checksum, in the transport header. False
// where the request is about a packet inside this one (the sender's own tunnel), or about other
// bytes than the checksum, which only a sender that wants to harm its own packet asks for.
inline bool has_partial_checksum(const Packet& packet, uint16_t checksum_at) {
  const Offload& o = packet.offload;
  return o.needs_checksum && o.checksum_start == packet.layout.l4 &&
         o.checksum_offset == checksum_at;
}

}  // namespace uswitch
