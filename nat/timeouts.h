// How long a flow is kept without traffic. "Ours": a value that control makes from the
// configuration and workers pass on. Changes count from each flow's next packet on.
#pragma once
#include <chrono>

#include "core/time.h"
#include "wire/ip_protocol.h"

namespace uswitch {

// The defaults are those RFC 4787, 5382, 5508 and 7857 ask of a NAT; Linux's are shorter for all
// but established TCP (CT-1).
struct Timeouts {
  Duration tcp_established = std::chrono::seconds(7440);  // T-5: at least 2 h 4 min
  Duration tcp_opening = std::chrono::seconds(240);       // T-5, N-1: not yet established
  Duration tcp_closing = std::chrono::seconds(240);       // T-5, N-2: both ends closed, or a reset
  Duration udp = std::chrono::seconds(300);               // U-5
  Duration icmp = std::chrono::seconds(60);               // I-2: queries
  Duration other = std::chrono::seconds(600);

  // Longer ones count as this: a table's clock wraps after twice that time.
  static constexpr Duration longest = std::chrono::hours(24 * 20);

  // Of a flow that has only begun.
  Duration of(uint8_t protocol) const {
    switch (protocol) {
      case ip_protocol::tcp:
        return tcp_opening;
      case ip_protocol::udp:
        return udp;
      case ip_protocol::icmp:
      case ip_protocol::icmp6:
        return icmp;
      default:
        return other;
    }
  }
};

}  // namespace uswitch
