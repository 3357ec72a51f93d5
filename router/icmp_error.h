// ICMP and ICMPv6 errors: whether one may be sent, and the packet (RFC 792, RFC 1812 4.3, RFC 4443;
// STANDARDS IC-1..IC-6, I6-1, I6-2). The worker that owns the packets calls it; no state. How many
// are sent is router/icmp_limit's to decide.
//
// Offending packets have been through parse_layout and are as they were received: call before TTL
// or addresses are rewritten (IC-2).
#pragma once
#include "core/packet.h"
#include "wire/address.h"

namespace uswitch {

// Numbers of the offending packet's family.
struct IcmpError {
  uint8_t type = 0, code = 0;
  uint32_t rest = 0;  // bytes 4..7
  bool operator==(const IcmpError&) const = default;
};

// Each error by its meaning (IC-5, I6-1).
namespace icmp_error {
IcmpError no_route(Family family);          // 3/0, 1/0
IcmpError host_unreachable(Family family);  // 3/1, 1/3: no answer to ARP or ND
IcmpError port_unreachable(Family family);  // 3/3, 1/4
// 3/2, 4/1; the place of the next-header field counts from the IPv6 header.
IcmpError protocol_unreachable(Family family, uint32_t next_header_at = 0);
IcmpError prohibited(Family family);  // 3/13, 1/1: by a filter or a route
// 3/4, 2/0. Never says less than any link has: 68 (FR-1), 1280 (PM-2).
IcmpError too_big(Family family, uint32_t mtu);
IcmpError ttl_exceeded(Family family);        // 11/0, 3/0
IcmpError reassembly_timeout(Family family);  // 11/1, 3/1
// 12/0, 4/0; the place of the wrong byte counts from the IP header.
IcmpError parameter_problem(Family family, uint32_t pointer);
IcmpError unknown_option(uint32_t pointer);  // 4/2, IPv6 only; likewise
IcmpError source_route_failed();             // 3/5, IPv4 only
IcmpError beyond_scope();                    // 1/2, IPv6 only (R6-2)
}  // namespace icmp_error

// IC-1, I6-2. That an address is a network's directed broadcast only the caller can know. False
// also when the packet's headers do not show whether it is an ICMP error itself.
//
// RFC 4443 allows errors about later fragments and PM-2 needs them, so IPv6 differs here from IPv4.
bool may_answer(const Packet& offending, const IcmpError& error);

// Writes the error into `out`, a packet fresh from the pool, layout included, for the sender of
// `offending`, which must be IP with sound lengths (may_answer sees to that). `source` is of its
// family. MAC addresses stay zero; network and ingress are the caller's.
//
// Quotes as much as fits into 576 or 1280 bytes of IP packet, without Ethernet padding. Of a
// super-segment it quotes the first segment as it would have been on the wire; a checksum that the
// sender left undone is completed (IC-2).
void write_icmp_error(const Packet& offending, const IcmpError& error, const IpAddress& source,
                      Packet& out);

}  // namespace uswitch
