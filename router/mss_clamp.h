// Lowers the TCP maximum segment size of connections that are being opened to what an MTU on the
// way can carry (STANDARDS PM-4). The worker that owns the packet calls it; no state.
#pragma once
#include "core/packet.h"

namespace uswitch {

// Of a SYN or SYN/ACK that announces more: the MSS becomes mtu - 40 (IPv4) or mtu - 60 (IPv6), and
// the TCP checksum follows by the same amount, right or wrong. Everything else is left alone: other
// packets, a SYN without the option, a smaller MSS, options that lie about their length and those
// behind them. After parse_layout.
void clamp_mss(Packet& packet, uint16_t mtu);

}  // namespace uswitch
