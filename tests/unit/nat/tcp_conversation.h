// Two ends of a TCP connection as a test plays them: client() and server() send a segment, and say
// what connection tracking made of it. Numbers are kept as real ends would.
#pragma once
#include "nat/tcp_track.h"

namespace uswitch {

class TcpConversation {
 public:
  using F = TcpView::Flag;
  TcpTrack track;
  // By side: what it sends next, and what it has got from the other one.
  uint32_t next[2] = {1000, 50'000};
  uint32_t got[2] = {0, 0};
  uint16_t window = 20'000;

  TcpVerdict client(uint8_t flags, uint32_t length = 0) {
    return send(Direction::original, flags, length);
  }
  TcpVerdict server(uint8_t flags, uint32_t length = 0) {
    return send(Direction::reply, flags, length);
  }

  // The next segment as an end would send it; it is not sent.
  TcpSegment make(Direction from, uint8_t flags, uint32_t length = 0) const {
    const size_t s = side(from);
    TcpSegment segment;
    segment.flags = flags;
    segment.sequence = next[s];
    if (flags & F::ack) segment.acknowledgment = segment.sack_end = got[s];
    segment.length = length;
    segment.window = window;
    return segment;
  }
  // Sends it, and everything arrives.
  TcpVerdict send(Direction from, const TcpSegment& segment) {
    const TcpVerdict verdict = follow(track, from, segment);
    if (verdict != TcpVerdict::invalid && !segment.has(F::rst)) {
      next[side(from)] = segment.end();
      got[side(opposite(from))] = segment.end();
    }
    return verdict;
  }
  TcpVerdict send(Direction from, uint8_t flags, uint32_t length = 0) {
    return send(from, make(from, flags, length));
  }
  TcpState state() const { return track.state; }

  void establish() {
    client(F::syn);
    server(F::syn | F::ack);
    client(F::ack);
  }
};

}  // namespace uswitch
