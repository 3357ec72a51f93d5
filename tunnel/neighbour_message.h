// What ARP and neighbour discovery messages say, as far as a switch that answers for others must
// know (RFC 826, RFC 4861; ND-10, TR-14). No state; the worker that owns the packet calls it.
//
// Only messages that leave no doubt are understood: sound, not in fragments or behind extension
// headers, from the MAC address that they name, checksums right. Any other is nothing here, and
// goes the way of all frames.
#pragma once
#include <optional>

#include "core/packet.h"
#include "wire/address.h"
#include "wire/ethernet.h"
#include "wire/ip_protocol.h"

namespace uswitch::neighbour_message {

struct Station {
  MacAddress mac;
  bool router = false;  // as its advertisement says (IPv6)
  bool operator==(const Station&) const = default;
};

// A station says that an address is its own.
struct Claim {
  IpAddress address;
  Station station;
  // Not enough to answer for it: a solicitation does not say whether its sender is a router, and
  // what an advertisement without the override flag claims may be claimed by others too.
  bool partial = false;
};

// Whether it can be any of these: most packets are not.
inline bool may_be(const Packet& packet) {
  const Layout& l = packet.layout;
  return l.ether_type == ether_type::arp ||
         (l.ether_type == ether_type::ipv6 && l.protocol == ip_protocol::icmp6);
}

// Of an ARP request or reply, but for a probe (RFC 5227), a solicitation but for duplicate address
// detection, or an advertisement.
std::optional<Claim> claim_of(const Packet& packet);

// The address that a question to all is about, asked by a station that has an address itself:
// probes, duplicate address detection and announcements are no questions.
std::optional<IpAddress> question_of(const Packet& packet);

// Makes the question the answer that this station would give, to whoever asked.
void turn_into_answer(Packet& question, const Station& station);

}  // namespace uswitch::neighbour_message
