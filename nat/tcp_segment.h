// What connection tracking wants to know of a TCP segment. No state; any thread.
#pragma once
#include <cstdint>

#include "wire/tcp.h"

namespace uswitch {

// A super-segment (TSO) counts as one segment of all its bytes (TR-10).
struct TcpSegment {
  uint8_t flags = 0;  // TcpView::Flag
  uint32_t sequence = 0;
  uint32_t acknowledgment = 0;  // meaningless without Flag::ack
  uint32_t sack_end = 0;        // the highest right edge of a SACK block, else the acknowledgment
  uint32_t length = 0;          // payload in bytes
  uint16_t window = 0;          // as it stands there, not scaled
  int8_t scale = -1;            // of the window scale option, at most 14 (RFC 7323 2.3); -1: none

  bool has(uint8_t flag) const { return (flags & flag) != 0; }
  // Where the next segment begins: SYN and FIN take a number each.
  uint32_t end() const {
    return sequence + length + (has(TcpView::Flag::syn) ? 1 : 0) +
           (has(TcpView::Flag::fin) ? 1 : 0);
  }
};

// `tcp` must end where the IP packet does, not where the frame does. Options that lie about their
// length end the list.
TcpSegment tcp_segment(const TcpView& tcp);

// Sequence numbers are compared modulo 2^32 (RFC 9293 3.4).
constexpr bool is_before(uint32_t a, uint32_t b) {
  return static_cast<int32_t>(a - b) < 0;
}
constexpr uint32_t later_of(uint32_t a, uint32_t b) {
  return is_before(a, b) ? b : a;
}

}  // namespace uswitch
