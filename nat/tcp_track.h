// Follows a TCP connection from the middle: which segments belong to it and what state it is in
// (CT-2..CT-9, T-2, N-1, N-2). Pure: a value and a segment in, the next value and a verdict out.
//
// The states and what leads from one to the other are those of Linux, which users compare with, but
// for three things that the RFCs ask of a NAT:
// - The connection is closing only when both sides have sent a FIN; a half-closed one may go on for
//   hours (RFC 6146 3.5.2.2), so a FIN sent again leads nowhere.
// - A reset ends nothing at once, unless it refuses a SYN (CT-9). What the side that is said to
// have
//   reset sends afterwards proves the reset forged, and the connection lives again (N-2).
// - Where Linux deletes an entry and makes a new one for a SYN (CT-7), the value starts afresh: the
//   flow keeps its place and its external port.
#pragma once
#include <array>
#include <cstdint>

#include "nat/tcp_segment.h"
#include "nat/tuple.h"

namespace uswitch {

enum class TcpState : uint8_t {
  none,          // before the first segment
  syn_sent,      // SYN
  syn_sent2,     // SYN from either side (simultaneous open)
  syn_received,  // SYN and SYN/ACK
  established,
  fin_wait,    // FIN from one side
  close_wait,  // and its ACK
  last_ack,    // FIN from the other side too
  time_wait,   // and its ACK
  close,       // reset
};

enum class TcpVerdict : uint8_t {
  valid,    // forward; counts as use
  ignored,  // forward, but it proves nothing: the state and the timer stay
  invalid,  // not of this connection: do not forward
  closed,   // forward; then the connection may be forgotten at once
};

// What is known of the two sides, indexed by side(Direction) of what they send.
struct TcpTrack {
  std::array<uint32_t, 2> end{};         // highest sequence number sent, plus 1
  std::array<uint32_t, 2> max_end{};     // highest the other side has allowed it to send
  std::array<uint32_t, 2> max_window{};  // largest window it has offered, in bytes
  std::array<uint32_t, 2> max_ack{};     // highest acknowledgment it has sent
  uint32_t new_syn_end = 0;              // end of the SYN sent into a live connection (CT-7)
  std::array<uint8_t, 2> scale{};        // shift of its windows, if both sides scale
  std::array<uint8_t, 2> flags{};        // Flag, of each side
  int8_t new_syn_scale = -1;             // scale option of that SYN
  TcpState state = TcpState::none;
  bool swapped = false;          // the side called reply opened it (CT-3: reopened from there)
  bool new_syn_pending = false;  // the two above mean something

  struct Flag {
    static constexpr uint8_t seen = 1,  // the numbers above mean something,
        acked = 2,                      // and max_ack does
        scales = 4,                     // its SYN offered window scaling
        liberal = 8,                    // picked up midway: its windows cannot be judged (CT-8)
        fin = 16, reset = 32,           // it sent one
        refused_end = 64;  // a FIN or reset of it was invalid, and nothing valid came since
  };
  bool has(size_t of, uint8_t flag) const { return (flags[of] & flag) != 0; }
  // CT-13: both sides may have given the connection up, by segments that could not be believed.
  bool is_doubtful() const { return (flags[0] & flags[1] & Flag::refused_end) != 0; }
  bool is_scaled() const { return (flags[0] & flags[1] & Flag::scales) != 0; }
};
static_assert(sizeof(TcpTrack) == 44);

// A new connection begins with TcpTrack{} and its first segment in the original direction, which
// must be a SYN, or an ACK of a connection that was there before (CT-8). `track` is as it was after
// an invalid segment, but for the note that a FIN or reset of that side was one.
[[nodiscard]] TcpVerdict follow(TcpTrack& track, Direction direction, const TcpSegment& segment);

// "syn_sent", ...
const char* name(TcpState state);

}  // namespace uswitch
