// What the packets that the router makes itself have in common: to whom it may answer at all, and
// the Ethernet and IP headers. The worker that owns the packets calls these; no state.
#pragma once
#include "core/packet.h"
#include "wire/address.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace uswitch {

// Whether the IP packet went from one station to one station, so that an answer reaches who sent it
// and nobody else answers too (1812 4.3.2.7, 4443 2.4 e): no group or broadcast at either layer, no
// source that names no station. False for what is not IP. That an address is a network's directed
// broadcast only the caller can know.
bool may_answer_sender(const Packet& packet);

// The part of it that holds for every answer, of multicast packets as well.
bool names_a_station(const Packet& packet);

struct OwnHeader {
  IpAddress source, destination;  // as they stand in the header, also when IPv4-mapped
  Family family = Family::v4;
  uint8_t traffic_class = 0;  // the TOS
  uint8_t protocol = 0;
  uint16_t length = 0;  // of what follows the IP header
};

// Writes Ethernet header (MAC addresses zero) and IP header into a fresh packet and sets its
// length; what follows the IP header is the caller's to fill. TTL 64. IPv4 packets have DF set and
// id 0, which RFC 6864 allows for what is never fragmented (FR-8). Returns where the payload goes.
uint8_t* write_own_header(const OwnHeader& header, Packet& out);

inline constexpr uint32_t own_header_size(Family family) {
  return Layout::l3 + (family == Family::v4 ? 20 : 40);
}

// Of a packet that parse_layout has found to be IP: the family, the addresses, the TOS. Inline: as
// a call's result an address comes in two halves, and to copy it would wait for both.
inline Family family_of(const Packet& packet) {
  return packet.layout.ether_type == ether_type::ipv4 ? Family::v4 : Family::v6;
}
inline IpAddress source_of(const Packet& packet) {
  const uint8_t* ip = packet.data + Layout::l3;
  return family_of(packet) == Family::v4 ? IpAddress::load4(ip + Ipv4View::Offset::source)
                                         : IpAddress::load6(ip + Ipv6View::Offset::source);
}
inline IpAddress destination_of(const Packet& packet) {
  const uint8_t* ip = packet.data + Layout::l3;
  return family_of(packet) == Family::v4 ? IpAddress::load4(ip + Ipv4View::Offset::destination)
                                         : IpAddress::load6(ip + Ipv6View::Offset::destination);
}
uint8_t traffic_class_of(const Packet& packet);

}  // namespace uswitch
