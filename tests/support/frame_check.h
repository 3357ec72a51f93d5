// Judges finished frames as a strict receiver would, with code of its own: lengths that agree with
// each other and with the frame, and right checksums. For frames that left the switch with no
// offload.
#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace uswitch::test {

// What is wrong with the frame, or "" when nothing is. VLAN tags are skipped; of frames that are
// neither IPv4 nor IPv6 nothing is checked. Fragments: the IP header only.
std::string frame_fault(std::span<const uint8_t> frame);

// Makes the id 0 of an untagged IPv4 packet that may be fragmented, and its checksum right if it
// was: whoever originates such a packet chooses the id freely.
void clear_free_id(std::span<uint8_t> frame);

}  // namespace uswitch::test
