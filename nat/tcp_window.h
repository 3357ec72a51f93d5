// Judges sequence and acknowledgment numbers against what both sides of a TCP connection have sent
// and allowed (CT-5, TR-10; the bounds are those of Guido van Rooij, "Real Stateful TCP Packet
// Filtering in IP Filter", 2000). A part of tcp_track.
#pragma once
#include "nat/tcp_track.h"

namespace uswitch {

// True when the segment lies within the windows; then what it says is noted in `track`, else
// `track` is not changed. Both sides' numbers are taken from their first segment.
bool accept_segment(TcpTrack& track, Direction direction, const TcpSegment& segment);

// Starts a side's numbers from its SYN. `keep_scale`: it is the same SYN again, which may have left
// out the option that the first one had (TR-10).
void begin_side(TcpTrack& track, Direction direction, const TcpSegment& syn, bool keep_scale);

}  // namespace uswitch
