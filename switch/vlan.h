// 802.1Q tags at the edge of the switch: on the way in a frame is put into its network and loses
// its tag, on the way out it gets the tag that its network has on that port. In between every frame
// is untagged. STANDARDS VL-1..5, AP-2.
//
// No state; called by workers on packets of their own.
#pragma once
#include "core/packet.h"
#include "core/reason.h"
#include "switch/network.h"
#include "wire/bytes.h"

namespace uswitch {

// Inserts a tag with this VID and the priority the frame came with. Needs 4 bytes of headroom.
void push_tag(Packet& packet, uint16_t vid);
// Takes the outer tag out again and leaves it in packet.tci.
void pop_tag(Packet& packet);

inline constexpr uint16_t ether_type_vlan = 0x8100;
// Of a frame with a tag, which is packet.tci.
Reason classify_tagged(const PortSettings& port, Packet& packet);
inline Reason classify_untagged(const PortSettings& port, Packet& packet) {
  packet.network = port.network;
  return packet.network == no_network ? Reason::vlan_untagged : Reason::none;
}

// Sets packet.network and removes the outer tag, or says why the frame has no place here. Inline,
// for most frames have none.
inline Reason classify_vlan(const PortSettings& port, Packet& packet) {
  if (packet.length < 14) return Reason::frame_too_short;  // BR-10
  if (packet.has_stripped_tag) [[unlikely]]
    return classify_tagged(port, packet);
  if (load_be16(packet.data + 12) != ether_type_vlan) return classify_untagged(port, packet);
  if (packet.length < 18) return Reason::frame_too_short;
  pop_tag(packet);
  return classify_tagged(port, packet);
}

}  // namespace uswitch
