// Refuses TCP connections to the router's own addresses (RFC 9293 3.5.2, STANDARDS R4-13). The
// worker that owns the packets calls it; no state. How many are sent is the caller's to limit.
#pragma once
#include "core/packet.h"

namespace uswitch {

// Writes the reset that answers `offending` into `out`, a packet fresh from the pool, layout
// included. MAC addresses stay zero; network and ingress are the caller's. False, with `out`
// untouched, when there must be none: `offending` is a reset itself, no sound and whole TCP
// segment, has a wrong checksum, or went to or came from a group (may_answer_sender). A
// super-segment counts as all of its segments.
[[nodiscard]] bool write_tcp_reset(const Packet& offending, Packet& out);

}  // namespace uswitch
