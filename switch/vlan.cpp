#include "switch/vlan.h"

#include <cstring>

#include "wire/bytes.h"

namespace uswitch {

namespace {

constexpr uint16_t ether_type_vlan = 0x8100;
constexpr size_t macs = 12;
constexpr uint16_t tag_size = 4;
constexpr uint16_t vid_mask = 0x0fff;
constexpr uint16_t vid_reserved = 0x0fff;

}  // namespace

void pop_tag(Packet& p) {
  p.tci = load_be16(p.data + macs + 2);
  std::memmove(p.data + tag_size, p.data, macs);
  p.pull(tag_size);
}

Reason classify_vlan(const PortSettings& port, Packet& p) {
  if (p.length < 14) return Reason::frame_too_short;  // BR-10
  bool tagged = p.has_stripped_tag;
  if (!tagged && load_be16(p.data + macs) == ether_type_vlan) {
    if (p.length < 14 + tag_size) return Reason::frame_too_short;
    pop_tag(p);
    tagged = true;
  }
  const uint16_t vid = tagged ? p.tci & vid_mask : untagged;
  if (vid == untagged) {  // VL-1: a priority tag counts as none
    p.network = port.network;
    return p.network == no_network ? Reason::vlan_untagged : Reason::none;
  }
  if (vid == vid_reserved) return Reason::vlan_invalid;
  p.network = port.vlans ? port.vlans->network_of_vid[vid] : no_network;
  return p.network == no_network ? Reason::vlan_not_member : Reason::none;
}

void push_tag(Packet& p, uint16_t vid) {
  p.push(tag_size);
  std::memmove(p.data, p.data + tag_size, macs);
  store_be16(p.data + macs, ether_type_vlan);
  store_be16(p.data + macs + 2, static_cast<uint16_t>((p.tci & ~vid_mask) | vid));
}

}  // namespace uswitch
