#include "nat/tcp_window.h"

#include <algorithm>

namespace uswitch {
namespace {

using Flag = TcpTrack::Flag;

// How far an acknowledgment may lag, at least: a window says nothing of what was sent before it was
// closed.
constexpr uint32_t least_ack_window = 66000;

// The acknowledgment, and with SACK the end, of a segment; of one that has none (a SYN, and the
// resets of stacks that write 0), what it would say if it had.
struct Acknowledged {
  uint32_t ack, sack;
};
Acknowledged acknowledged(const TcpSegment& segment, uint32_t peers_end) {
  const bool none = !segment.has(TcpView::Flag::ack) ||
                    (segment.has(TcpView::Flag::rst) && segment.acknowledgment == 0);
  if (none) return {peers_end, peers_end};
  return {segment.acknowledgment, segment.sack_end};
}

// The window in bytes. That of a SYN is never scaled (RFC 7323 2.2).
uint32_t window_of(const TcpTrack& track, size_t sender, const TcpSegment& segment) {
  const bool scaled = track.is_scaled() && !segment.has(TcpView::Flag::syn);
  return uint32_t{segment.window} << (scaled ? track.scale[sender] : 0);
}

// A side seen for the first time, and not by its SYN.
void pick_up_side(TcpTrack& track, size_t s, size_t r, const TcpSegment& segment) {
  track.flags[s] |= Flag::seen;
  track.end[s] = segment.end();
  track.max_window[s] = std::max<uint32_t>(segment.window, 1);
  track.max_end[s] = track.end[s] + track.max_window[s];
  if (!track.has(r, Flag::seen)) track.end[r] = track.max_end[r] = segment.sack_end;
}

bool is_within(const TcpTrack& t, size_t s, size_t r, const TcpSegment& segment, uint32_t sack) {
  if (t.has(s, Flag::liberal)) return true;
  const uint32_t oldest = t.end[s] - std::max<uint32_t>(t.max_window[r], 1);
  const uint32_t oldest_ack = t.end[r] - std::max(t.max_window[s], least_ack_window);
  return !is_before(t.max_end[s], segment.sequence) && !is_before(segment.end(), oldest) &&
         !is_before(t.end[r], sack) && !is_before(sack, oldest_ack);
}

void note_sender(TcpTrack& t, size_t s, const TcpSegment& segment, Acknowledged of,
                 uint32_t window) {
  t.max_window[s] = std::max(t.max_window[s], window + (of.sack - of.ack));
  t.end[s] = later_of(t.end[s], segment.end());
  if (!segment.has(TcpView::Flag::ack)) return;
  t.max_ack[s] = t.has(s, Flag::acked) ? later_of(t.max_ack[s], of.ack) : of.ack;
  t.flags[s] |= Flag::acked;
}

void note_receiver(TcpTrack& t, size_t s, size_t r, const TcpSegment& segment, uint32_t sack,
                   uint32_t window) {
  // More than was allowed, by a window that was not seen: so it must have been that large.
  const uint32_t beyond = segment.end() - t.max_end[s];
  if (t.max_window[r] != 0 && static_cast<int32_t>(beyond) > 0) t.max_window[r] += beyond;
  // A closed window still lets a probe of one byte in.
  t.max_end[r] = later_of(t.max_end[r], sack + std::max<uint32_t>(window, 1));
}

}  // namespace

void begin_side(TcpTrack& track, Direction direction, const TcpSegment& syn, bool keep_scale) {
  const size_t s = side(direction);
  const uint8_t kept = keep_scale ? track.flags[s] & Flag::scales : 0;
  track.flags[s] = Flag::seen | kept;
  track.end[s] = track.max_end[s] = syn.end();
  track.max_window[s] = std::max<uint32_t>(syn.window, 1);
  track.max_ack[s] = 0;
  if (syn.scale < 0) return;
  track.flags[s] |= Flag::scales;
  track.scale[s] = static_cast<uint8_t>(syn.scale);
}

bool accept_segment(TcpTrack& track, Direction direction, const TcpSegment& segment) {
  const size_t s = side(direction), r = side(opposite(direction));
  TcpTrack next = track;
  if (!next.has(s, Flag::seen)) {
    if (segment.has(TcpView::Flag::syn)) {
      begin_side(next, direction, segment, false);
    } else {
      pick_up_side(next, s, r, segment);
    }
  }
  const Acknowledged of = acknowledged(segment, next.end[r]);
  if (!is_within(next, s, r, segment, of.sack)) return false;

  // A SYN alone says nothing of what the other side may send.
  const bool speaks_of_peer = segment.has(TcpView::Flag::ack);
  const uint32_t window = window_of(next, s, segment);
  if (speaks_of_peer) note_receiver(next, s, r, segment, of.sack, window);
  note_sender(next, s, segment, of, window);
  track = next;
  return true;
}

}  // namespace uswitch
