// Finds a packet's headers once, before the first stage that needs them, and judges the offload
// request that came with the frame. The worker that owns the packet calls it, for every packet.
#pragma once
#include "core/packet.h"

namespace uswitch {

// Fills packet.layout. The frame is untagged by now (VL-1); a second tag is opaque payload (VL-5).
//
// Returns Reason::none when the frame can be carried. A header that lies about its length (R4-1,
// R6-1, TR-16) does not stop a bridge, so it is left in layout.fault for the stages that read that
// header. Otherwise the frame must be dropped for the reason returned:
//   frame_too_short  shorter than an Ethernet header (BR-10)
//   bad_offload      the request does not fit the frame: what would make core/gso read out of
//                    bounds, or a device refuse the frame (VH-5, VH-7)
Reason parse_layout(Packet& packet);

}  // namespace uswitch
