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
  // Allowed besides `addresses`: 0.0.0.0 and :: as a source (DHCP, address detection), and the
  // IPv6 link-local address made from the MAC.
  Guard(MacAddress mac, std::vector<IpAddress> addresses);

  // none, or the reason why the endpoint may not send this. The packet's layout is known.
  Reason check(const Packet& packet) const;

 private:
  bool owns(const IpAddress& address) const;
  Reason check_arp(const Packet& packet) const;
  Reason check_ipv4(const Packet& packet) const;
  Reason check_ipv6(const Packet& packet) const;
  Reason check_nd(const Packet& packet) const;

  MacAddress mac_;
  std::vector<IpAddress> addresses_;
};

}  // namespace uswitch
