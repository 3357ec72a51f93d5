// 802.1Q tags at the edge of the switch: on the way in a frame is put into its network and loses
// its tag, on the way out it gets the tag that its network has on that port. In between every frame
// is untagged. STANDARDS VL-1..5, AP-2.
//
// No state; called by workers on packets of their own.
#pragma once
#include "core/packet.h"
#include "core/reason.h"
#include "switch/network.h"

namespace uswitch {

// Sets packet.network and removes the outer tag, or says why the frame has no place here.
Reason classify_vlan(const PortSettings& port, Packet& packet);

// Inserts a tag with this VID and the priority the frame came with. Needs 4 bytes of headroom.
void push_tag(Packet& packet, uint16_t vid);
// Takes the outer tag out again and leaves it in packet.tci.
void pop_tag(Packet& packet);

}  // namespace uswitch
