// Which part of which datagram a fragment is, from an IPv4 header or an IPv6 fragment header
// (RFC 791, RFC 8200 4.5). Any thread; no state.
#pragma once
#include "core/packet.h"

namespace uswitch {

struct FragmentHeader {
  uint32_t id = 0;
  uint32_t offset = 0;  // of the payload in the datagram, in bytes
  bool more = false;
  // The payload in the frame: what follows the IPv4 header or the IPv6 fragment header.
  uint32_t payload = 0, length = 0;
  // IPv6: the next-header byte in the frame that announces the fragment header.
  uint32_t announced_at = 0;
};

// Of an IP packet with layout.fragment set and no malformed_l3. Of several IPv6 fragment headers
// the first is meant.
FragmentHeader read_fragment_header(const Packet& packet);

}  // namespace uswitch
