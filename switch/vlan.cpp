#include "switch/vlan.h"

#include <cstring>

namespace uswitch {

namespace {

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

Reason classify_tagged(const PortSettings& port, Packet& p) {
  const uint16_t vid = p.tci & vid_mask;
  if (vid == untagged) return classify_untagged(port, p);  // VL-1: a priority tag counts as none
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
