// What core/reassembly needs to know of headers: whether a fragment can be right, and how the
// header of the whole differs from that of its first fragment. No state; any thread.
#pragma once
#include "core/fragment_header.h"
#include "core/packet.h"
#include "wire/address.h"

namespace uswitch {

inline constexpr uint32_t fragment_header_size = 8;  // of IPv6

Family fragment_family(const Packet& fragment);

// The ECN code (RFC 3168).
uint8_t congestion_code(const Packet& fragment);

struct FragmentFault {
  Reason reason = Reason::none;
  uint32_t problem_at = 0;  // where an ICMPv6 parameter problem points; 0: none is due
};

// What is wrong with a fragment whatever the others are (FR-5; RFC 7112 for the first of IPv6,
// FR-6).
FragmentFault judge_fragment(const Packet& fragment, const FragmentHeader& header);
// The longest whole, IP header included, in IPv6 as well: no frame is longer (core/packet).
inline constexpr uint32_t max_reassembled = 65535;

// `whole` holds the first fragment's IP header, without the IPv6 fragment header, and all of the
// payload. Lengths, flags and checksum become those of a packet that was never cut; an IPv4 header
// checksum that was wrong stays wrong. `mark`: congestion experienced.
void mend_whole4(Packet& whole, bool mark);
// The byte at `announced_at`, which announced the fragment header, gets what that one announced.
void mend_whole6(Packet& whole, bool mark, uint32_t announced_at, uint8_t next_header);

// Sets what is not in the bytes: layout, and where the packet came from. False when there is yet
// another fragment header in it.
bool finish_whole(const Packet& fragment, Packet& whole);

// Writes an IPv6 fragment that is all of its datagram (FR-7) without the fragment header. False as
// above.
bool unwrap_fragment(const Packet& fragment, const FragmentHeader& header, Packet& whole);

}  // namespace uswitch
