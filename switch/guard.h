// Holds an endpoint to the addresses it was given: no other source MAC or IP, no claim of a foreign
// address in ARP or neighbour discovery, no router advertisements, no answers as a DHCP server.
//
// Kind "ours": immutable. Called by workers.
#pragma once
#include <vector>

#include "core/packet.h"
#include "core/reason.h"
#include "wire/address.h"

namespace uswitch {

class Guard {
 public:
  // Allowed besides `addresses`: the IPv6 link-local address made from the MAC; 0.0.0.0 as the
  // source of a DHCP client and :: as that of what a station says before it has an address.
  // Detection of duplicates (ARP probes, solicitations from ::) is for its own addresses only,
  // since it would keep the owner from taking a foreign one.
  Guard(MacAddress mac, std::vector<IpAddress> addresses);

  // none, or the reason why the endpoint may not send this. The packet's layout is known.
  Reason check(const Packet& packet) const;

 private:
  bool owns(const IpAddress& address) const;
  // On an IPv6 wire an IPv4-mapped address is nobody's (RFC 4291 2.5.5.2), although it compares
  // equal to the IPv4 address.
  bool owns_v6(const IpAddress& address) const;
  Reason check_arp(const Packet& packet) const;
  Reason check_ipv4(const Packet& packet) const;
  Reason check_ipv6(const Packet& packet) const;
  Reason check_icmp6(const Packet& packet, bool nameless) const;

  MacAddress mac_;
  std::vector<IpAddress> addresses_;
};

}  // namespace uswitch
