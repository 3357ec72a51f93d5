// Frames out of a tunnel that no wire has carried. Where the way between two nodes is a veth pair, a
// vxlan device of the kernel leaves inner checksums unfinished and inner TCP super-segments whole:
// it counts on hardware that never comes, and a UDP socket is not told. So they are known by what
// they look like: the checksum field holds the sum of the pseudo-header, to the bit.
//
// A segment that was damaged so that it looks like that passes for a sound one: one of 65536, as
// many as the checksum itself lets pass. Nothing else about a frame that is damaged is made right.
//
// No state; any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "core/packet.h"

namespace uswitch {

// What is left to do for the frame; nothing: it is as its sender meant it. A TCP segment of more
// than `mtu` bytes of IP packet, which is 0 when unknown, is to be cut to that.
//
// Limits: plain IPv4 and IPv6 headers. UDP super-segments do not show where their datagrams end,
// and stay too long.
std::optional<Offload> unfinished(std::span<const uint8_t> frame, uint16_t mtu);

}  // namespace uswitch
