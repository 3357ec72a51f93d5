// Every reason a packet can be dropped for, in one list: the name users see, the room that decides
// it and the sentence that explains it. A stage can only lose a packet by naming one of these.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace uswitch {

// X(name, room, sentence)
#define USWITCH_DROP_REASONS(X)                                                                   \
  X(frame_too_short, core, "The frame is shorter than its Ethernet header and tags.")             \
  X(bad_offload, core, "The frame's checksum or segmentation request does not fit its contents.") \
  X(malformed_l3, core, "An IP or ARP header lies about its length or version.")                  \
  X(malformed_l4, core, "A TCP, UDP or ICMP header lies about its length.")                       \
  X(vlan_invalid, switch, "The tag carries VLAN 4095, which IEEE 802.1Q reserves.")               \
  X(vlan_not_member, switch, "The port is not a member of the frame's VLAN.")                     \
  X(vlan_untagged, switch, "The frame has no tag and the port takes only tagged ones.")           \
  X(source_invalid, switch, "The source MAC is a group or all-zero address.")                     \
  X(link_local_group, switch, "01:80:C2:00:00:00-0F is never relayed by a bridge.")               \
  X(same_port, switch, "The destination is behind the port the frame came from.")                 \
  X(no_egress, switch, "A flooded frame found no other port in its network.")                     \
  X(isolated, switch, "Both ports are isolated from each other.")                                 \
  X(guard_mac, switch, "The endpoint used a source MAC that is not its own.")                     \
  X(guard_ip, switch, "The endpoint used a source IP address that is not its own.")               \
  X(guard_arp, switch, "The endpoint claimed an address in ARP that is not its own.")             \
  X(guard_nd, switch,                                                                             \
    "The endpoint's neighbour discovery claims a foreign address or comes in fragments.")         \
  X(guard_ra, switch, "The endpoint sent a router advertisement or a redirect.")                  \
  X(guard_hidden, switch, "The endpoint's IPv6 headers do not show what the packet carries.")     \
  X(guard_dhcp, switch, "The endpoint answered as a DHCP server.")                                \
  X(exceeds_mtu, switch, "The frame or its segments are longer than the egress port's MTU.")      \
  X(egress_full, switch, "The egress device's queue was full.")                                   \
  X(egress_down, switch, "The egress device is down or gone.")                                    \
  X(egress_refused, switch, "The egress device refused the frame.")                               \
  X(fragment_invalid, core,                                                                       \
    "The fragment lies about its place, or its datagram would be no sound packet.")               \
  X(fragment_duplicate, core, "The same fragment is held already.")                               \
  X(fragment_overlap, core, "Fragments of the datagram overlap or disagree about its length.")    \
  X(reassembly_full, core, "Other fragments took the room of the datagram's.")                    \
  X(reassembly_timeout, core, "Not all fragments of the datagram came in time.")                  \
  X(no_buffer, core, "No buffer was free for a copy of the frame.")

enum class Reason : uint8_t {
  none,
#define USWITCH_X(name, room, sentence) name,
  USWITCH_DROP_REASONS(USWITCH_X)
#undef USWITCH_X
};

struct ReasonInfo {
  std::string_view name, room, sentence;
};

// Indexed by Reason; entry 0 is `none`.
inline constexpr ReasonInfo reason_table[] = {{"none", "core", "Not dropped."},
#define USWITCH_X(name, room, sentence) {#name, #room, sentence},
                                              USWITCH_DROP_REASONS(USWITCH_X)
#undef USWITCH_X
};

inline constexpr size_t reason_count = std::size(reason_table);

inline constexpr const ReasonInfo& info(Reason r) {
  return reason_table[static_cast<size_t>(r)];
}

}  // namespace uswitch
