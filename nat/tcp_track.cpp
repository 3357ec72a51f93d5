#include "nat/tcp_track.h"

#include <optional>

#include "nat/tcp_window.h"

namespace uswitch {
namespace {

using Flag = TcpTrack::Flag;
using State = TcpState;
using Verdict = TcpVerdict;

enum class Event : uint8_t { syn, syn_ack, fin, ack, rst };

// What a segment is by its flags; nothing when no segment may have them (CT-4).
std::optional<Event> event_of(const TcpSegment& segment) {
  using F = TcpView::Flag;
  switch (segment.flags & ~(F::psh | F::ece | F::cwr)) {
    case F::syn:
    case F::syn | F::urg:
      return Event::syn;
    case F::syn | F::ack:
      return Event::syn_ack;
    case F::fin | F::ack:
    case F::fin | F::ack | F::urg:
      return Event::fin;
    case F::ack:
    case F::ack | F::urg:
      return Event::ack;
    case F::rst:
    case F::rst | F::ack:
      return Event::rst;
    default:
      return std::nullopt;
  }
}

// CT-2 and CT-3 as tables: the next state by the role of the sender, the event and the state, in
// the order of TcpState. inv: invalid. ign: ignored. new: the connection may start anew.
enum : uint8_t { NO, SS, S2, SR, ES, FW, CW, LA, TW, CL, inv, ign, again };
constexpr size_t state_count = 10;

constexpr uint8_t next_state[2][5][state_count] = {
    // none SS   S2   SR   ES   FW   CW   LA   TW     CL
    {{SS, SS, S2, ign, ign, ign, ign, ign, again, again},  // SYN
     {inv, inv, SR, SR, inv, inv, inv, inv, inv, inv},     // SYN/ACK
     {inv, inv, inv, FW, FW, LA, LA, LA, TW, CL},          // FIN
     {ES, inv, inv, ES, ES, CW, CW, TW, TW, CL},           // ACK
     {inv, CL, CL, CL, CL, CL, CL, CL, CL, CL}},           // RST
    {{inv, S2, S2, inv, inv, inv, inv, inv, again, inv},   // the same of the other side
     {inv, SR, SR, ign, ign, ign, ign, ign, ign, ign},     //
     {inv, inv, inv, FW, FW, LA, LA, LA, TW, CL},          //
     {inv, ign, ign, SR, ES, CW, CW, TW, TW, CL},          //
     {inv, CL, CL, CL, CL, CL, CL, CL, CL, CL}},
};

// One segment and where it meets the connection.
struct Step {
  TcpTrack& track;
  const TcpSegment& segment;
  Direction direction;
  size_t s, r;  // the sides that sent it and that will get it
};

// The first SYN again, or that of a connection that starts over.
Verdict open(const Step& step, State next) {
  const bool again =
      step.track.has(step.s, Flag::seen) && step.track.end[step.s] == step.segment.end();
  begin_side(step.track, step.direction, step.segment, again);
  step.track.state = next;
  return Verdict::valid;
}

// CT-7: the old connection is over, the SYN opens a new one.
Verdict start_anew(const Step& step) {
  step.track = TcpTrack{};
  step.track.swapped = step.direction == Direction::reply;
  return open(step, State::syn_sent);
}

// CT-7: the sender may have lost the connection that we know of. Only the other side can tell: by
// a SYN/ACK that acknowledges this SYN.
Verdict note_new_syn(const Step& step) {
  step.track.new_syn_end = step.segment.end();
  step.track.new_syn_scale = step.segment.scale;
  step.track.new_syn_pending = true;
  return Verdict::ignored;
}

// A connection that is over by a FIN or by the sender's own reset is replaced by its SYN; one that
// the other side is said to have reset is not, for that reset may be forged.
Verdict syn_after_end(const Step& step) {
  const TcpTrack& t = step.track;
  const bool over = t.has(0, Flag::fin) || t.has(1, Flag::fin) || t.has(step.s, Flag::reset);
  return over ? start_anew(step) : note_new_syn(step);
}

// The SYN/ACK to a SYN that was only noted: both sides have a new connection. Its window was not
// kept; any unscaled one is at most 65535.
Verdict resynchronise(const Step& step) {
  TcpTrack& t = step.track;
  TcpSegment syn;
  syn.flags = TcpView::Flag::syn;
  syn.sequence = t.new_syn_end - 1;
  syn.window = 0xffff;
  syn.scale = t.new_syn_scale;
  const bool swapped = step.direction == Direction::original;
  t = TcpTrack{};
  t.swapped = swapped;
  begin_side(t, opposite(step.direction), syn, false);
  if (!accept_segment(t, step.direction, step.segment)) return Verdict::invalid;
  t.state = State::syn_received;
  return Verdict::valid;
}

// It leads nowhere, but says how much the other side may send: of a simultaneous open, in which
// both sides send one, the second says so first (T-2).
Verdict ignored_syn_ack(const Step& step) {
  TcpTrack& t = step.track;
  const bool acks_new_syn = t.new_syn_pending && step.segment.has(TcpView::Flag::ack) &&
                            step.segment.acknowledgment == t.new_syn_end;
  if (acks_new_syn) return resynchronise(step);
  const bool is_its_syn = t.end[step.s] == step.segment.end();
  if (t.state == State::syn_received && is_its_syn)
    (void)accept_segment(t, step.direction, step.segment);
  return Verdict::ignored;
}

// Before the other side has answered: only a reset that acknowledges the SYN is meant for it
// (RFC 9293 3.10.7.3).
Verdict refuse(const Step& step) {
  const bool answers = step.segment.has(TcpView::Flag::ack) && step.track.has(step.r, Flag::seen) &&
                       step.segment.acknowledgment == step.track.end[step.r];
  return answers ? Verdict::closed : Verdict::invalid;
}

// CT-6 (RFC 5961): a reset counts only with the very number the receiver waits for: its last
// acknowledgment, or, if the sender's last data are on their way still, the end of those.
Verdict reset(const Step& step) {
  TcpTrack& t = step.track;
  if (t.state == State::syn_sent && !t.has(step.s, Flag::seen)) return refuse(step);
  const uint32_t sequence = step.segment.sequence;
  const bool acked = t.has(step.r, Flag::acked);
  if (acked && is_before(sequence, t.max_ack[step.r])) return Verdict::invalid;
  const bool exact = sequence == t.end[step.s] || (acked && sequence == t.max_ack[step.r]);
  // Without windows to judge by, or the answer to the challenge ACK of a half-open peer (CT-3).
  const bool unjudged = t.has(step.s, Flag::liberal) || t.state == State::syn_sent;
  if (!exact && unjudged) return Verdict::ignored;
  if (!accept_segment(t, step.direction, step.segment)) return Verdict::invalid;
  if (!exact) return Verdict::ignored;
  const bool first = t.state != State::close;
  t.state = State::close;
  t.flags[step.s] |= Flag::reset;
  return first ? Verdict::valid : Verdict::ignored;
}

bool is_live_again(const Step& step, State state) {
  return state == State::close && step.track.has(step.s, Flag::reset) &&
         !step.track.has(step.r, Flag::reset);
}

Verdict advance(const Step& step, Event event, State next) {
  TcpTrack& t = step.track;
  const bool was_none = t.state == State::none;
  if (was_none) t.flags[0] = t.flags[1] = Flag::liberal;
  if (!accept_segment(t, step.direction, step.segment)) return Verdict::invalid;
  const bool fin_again = t.has(step.s, Flag::fin) && !t.has(step.r, Flag::fin);
  if (event == Event::fin && fin_again) return Verdict::valid;
  if (event == Event::fin) t.flags[step.s] |= Flag::fin;
  if (is_live_again(step, t.state)) {
    t.flags[step.s] = static_cast<uint8_t>(t.flags[step.s] & ~Flag::reset);
    const bool both = t.has(0, Flag::fin) && t.has(1, Flag::fin);
    const bool one = t.has(0, Flag::fin) || t.has(1, Flag::fin);
    next = both ? State::time_wait : one ? State::close_wait : State::established;
  }
  t.state = next;
  return Verdict::valid;
}

Verdict take_step(const Step& step, Event event) {
  const Direction opener = step.track.swapped ? Direction::reply : Direction::original;
  const size_t role = step.direction == opener ? 0 : 1;
  const uint8_t next =
      next_state[role][static_cast<size_t>(event)][static_cast<size_t>(step.track.state)];
  if (next == inv) return Verdict::invalid;
  if (next == again) return syn_after_end(step);
  if (next == ign && event == Event::syn) return note_new_syn(step);
  if (next == ign && event == Event::syn_ack) return ignored_syn_ack(step);
  if (next == ign) return Verdict::ignored;
  if (event == Event::rst) return reset(step);
  if (event == Event::syn) return open(step, static_cast<State>(next));
  return advance(step, event, static_cast<State>(next));
}

void forget_refused_ends(TcpTrack& t) {
  for (uint8_t& flags : t.flags) flags = static_cast<uint8_t>(flags & ~Flag::refused_end);
}

}  // namespace

TcpVerdict follow(TcpTrack& track, Direction direction, const TcpSegment& segment) {
  const std::optional<Event> event = event_of(segment);
  if (!event) return Verdict::invalid;
  TcpTrack next = track;
  const Verdict verdict =
      take_step({next, segment, direction, side(direction), side(opposite(direction))}, *event);
  if (verdict == Verdict::valid) forget_refused_ends(next);
  if (verdict != Verdict::invalid)
    track = next;
  else if (*event == Event::fin || *event == Event::rst)
    track.flags[side(direction)] |= Flag::refused_end;
  return verdict;
}

const char* name(TcpState state) {
  static constexpr const char* names[state_count] = {
      "none",     "syn_sent",   "syn_sent2", "syn_received", "established",
      "fin_wait", "close_wait", "last_ack",  "time_wait",    "close"};
  return names[static_cast<size_t>(state)];
}

}  // namespace uswitch
