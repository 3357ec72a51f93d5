// Every reason a packet can be dropped for, in one list: the name users see, the room that decides
// it and the sentence that explains it. A stage can only lose a packet by naming one of these.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace uswitch {

// X(name, room, sentence)
#define USWITCH_DROP_REASONS(X)                                                                    \
  X(frame_too_short, core, "The frame is shorter than its Ethernet header and tags.")              \
  X(bad_offload, core, "The frame's checksum or segmentation request does not fit its contents.")  \
  X(malformed_l3, core, "An IP or ARP header lies about its length or version.")                   \
  X(malformed_l4, core, "A TCP, UDP or ICMP header lies about its length.")                        \
  X(vlan_invalid, switch, "The tag carries VLAN 4095, which IEEE 802.1Q reserves.")                \
  X(vlan_not_member, switch, "The port is not a member of the frame's VLAN.")                      \
  X(vlan_untagged, switch, "The frame has no tag and the port takes only tagged ones.")            \
  X(source_invalid, switch, "The source MAC is a group or all-zero address.")                      \
  X(link_local_group, switch, "01:80:C2:00:00:00-0F is never relayed by a bridge.")                \
  X(same_port, switch, "The destination is behind the port the frame came from.")                  \
  X(router_mac_source, switch,                                                                     \
    "The source MAC is the network's own gateway: a loop or a forgery.")                           \
  X(no_egress, switch, "A flooded frame found no other port in its network.")                      \
  X(isolated, switch, "Both ports are isolated from each other.")                                  \
  X(guard_mac, switch, "The endpoint used a source MAC that is not its own.")                      \
  X(guard_ip, switch, "The endpoint used a source IP address that is not its own.")                \
  X(guard_arp, switch, "The endpoint claimed an address in ARP that is not its own.")              \
  X(guard_nd, switch,                                                                              \
    "The endpoint's neighbour discovery claims a foreign address or comes in fragments.")          \
  X(guard_ra, switch, "The endpoint sent a router advertisement or a redirect.")                   \
  X(guard_hidden, switch, "The endpoint's IPv6 headers do not show what the packet carries.")      \
  X(guard_dhcp, switch, "The endpoint answered as a DHCP server.")                                 \
  X(exceeds_mtu, switch, "The frame or its segments are longer than the egress port's MTU.")       \
  X(egress_full, switch, "The egress device's queue was full.")                                    \
  X(egress_down, switch, "The egress device is down or gone.")                                     \
  X(egress_refused, switch, "The egress device refused the frame.")                                \
  X(no_buffer, core, "No buffer was free for a copy of the frame.")                                \
  X(fragment_invalid, core,                                                                        \
    "The fragment lies about its place, or its datagram would be no sound packet.")                \
  X(fragment_duplicate, core, "The same fragment is held already.")                                \
  X(fragment_overlap, core, "Fragments of the datagram overlap or disagree about its length.")     \
  X(reassembly_full, core, "Other fragments took the room of the datagram's.")                     \
  X(reassembly_timeout, core, "Not all fragments of the datagram came in time.")                   \
  X(not_ip, router, "The frame is for the gateway and carries neither IP nor ARP.")                \
  X(bad_ip_checksum, router, "The checksum of the IPv4 header is wrong.")                          \
  X(martian_source, router, "The source address cannot be that of a station (RFC 1812 5.3.7).")    \
  X(martian_destination, router, "The destination address can be on no network.")                  \
  X(ip_broadcast, router, "A broadcast is not forwarded beyond its network.")                      \
  X(multicast_not_routed, router, "Multicast is not forwarded between networks.")                  \
  X(link_local_scope, router, "A link-local address has no meaning beyond its network.")           \
  X(source_routed, router, "The packet asks for a route of its own, which is never granted.")      \
  X(bad_ip_option, router, "An option lies about its length, or asks not to be skipped unknown.")  \
  X(no_route, router, "No route leads to the destination.")                                        \
  X(route_blackhole, router, "The route to the destination says blackhole.")                       \
  X(route_unreachable, router, "The route to the destination says unreachable.")                   \
  X(route_prohibited, router, "The route to the destination says prohibit.")                       \
  X(reverse_path, router, "The way back to the source does not lead where it came from.")          \
  X(network_isolated, router, "The two networks are kept apart by 'isolated' or 'policy'.")        \
  X(ttl_exceeded, router, "The TTL or hop limit ran out.")                                         \
  X(needs_fragmentation, router, "Longer than the next network's MTU and not to be fragmented.")   \
  X(neighbour_failed, router, "The next station did not answer ARP or neighbour discovery.")       \
  X(neighbour_busy, router, "Too many packets wait for stations that have not answered yet.")      \
  X(arp_invalid, router, "An ARP message to the gateway claims an impossible address.")            \
  X(arp_conflict, router, "A station claims the gateway's IPv4 address.")                          \
  X(nd_invalid, router, "A neighbour discovery message breaks the rules of RFC 4861.")             \
  X(nd_conflict, router, "A station claims the gateway's IPv6 address.")                           \
  X(bad_l4_checksum, router, "The ICMP, UDP or TCP checksum of a packet to the gateway is wrong.") \
  X(no_listener, router, "The gateway itself has no UDP or TCP service there.")                    \
  X(no_protocol, router, "The gateway does not speak the packet's protocol.")                      \
  X(icmp_unhandled, router, "An ICMP message to the gateway that asks nothing of it.")             \
  X(unsolicited, nat, "From outside, and nobody inside has asked for it.")                         \
  X(client_refused, nat, "The client is not among those that the published port allows.")          \
  X(tcp_out_of_state, nat, "The TCP segment is no part of the connection it claims to be of.")     \
  X(bad_tcp_checksum, nat,                                                                         \
    "The checksum of a TCP segment that would open or end a connection is wrong.")                 \
  X(icmp_unrelated, nat, "The ICMP error quotes no packet of a known flow, or a damaged one.")     \
  X(untranslatable, nat,                                                                           \
    "A packet that must not leave under its own address cannot be translated.")                    \
  X(nat_ports_exhausted, nat, "No external port was left for the flow.")                           \
  X(connections_full, nat, "The table of connections is full of flows worth more than this one.")  \
  X(split_horizon, tunnel, "It came from another node and may not go on to a third one.")          \
  X(tunnel_malformed, tunnel, "The datagram is too short for its tunnel, or no frame of it.")      \
  X(tunnel_unknown_remote, tunnel, "From an address that is no remote of this tunnel.")            \
  X(tunnel_unknown_network, tunnel, "The tunnel has no network of that number.")                   \
  X(tunnel_bad_checksum, tunnel, "The frame was damaged on its way through the tunnel.")           \
  X(tunnel_congested, tunnel,                                                                      \
    "Congestion on the way was marked on a frame that cannot tell its receiver (RFC 6040).")       \
  X(tunnel_unreachable, tunnel, "The host has no way to the remote, or the remote refused it.")

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
