#include "router/echo.h"

#include <algorithm>
#include <cassert>

#include "core/gso.h"
#include "core/layout.h"
#include "router/own_packet.h"
#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/ip_protocol.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace uswitch {

namespace {

constexpr uint8_t reply_ttl = 64;

// The update must not yield the other zero, as for UDP: an echo reply may be all zeros, whose only
// right checksum is FFFF, and for any other message FFFF does as well.
void update_checksum(Packet& packet, uint16_t delta) {
  uint8_t* field = packet.data + packet.layout.l4 + IcmpView::Offset::checksum;
  const auto sum = static_cast<uint16_t>(~load_be16(field));
  store_be16(field, checksum::finish_udp(checksum::add(sum, delta)));
}

void set_type(Packet& packet, uint8_t type) {
  uint8_t* icmp = packet.data + packet.layout.l4;
  const uint16_t before = load_be16(icmp);
  icmp[IcmpView::Offset::type] = type;
  update_checksum(packet, checksum::change(before, load_be16(icmp)));
}

// Swapped addresses do not change a sum.
void swap_addresses(uint8_t* source, size_t size) {
  std::swap_ranges(source, source + size, source + size);
}

void reply4(Packet& packet) {
  set_type(packet, icmp_type::echo_reply);
  uint8_t* ip = packet.data + Layout::l3;
  swap_addresses(ip + Ipv4View::Offset::source, 4);
  const uint16_t before = load_be16(ip + Ipv4View::Offset::ttl);
  ip[Ipv4View::Offset::ttl] = reply_ttl;
  uint8_t* field = ip + Ipv4View::Offset::checksum;
  const uint16_t delta = checksum::change(before, load_be16(ip + Ipv4View::Offset::ttl));
  store_be16(field, checksum::apply(load_be16(field), delta));
}

// They were for the way here.
void take_out_extensions(Packet& packet) {
  const auto size = static_cast<uint16_t>(packet.layout.l4 - Layout::l3 - Ipv6View::size);
  if (size == 0) return;
  std::memmove(packet.data + size, packet.data, Layout::l3 + Ipv6View::size);
  packet.pull(size);
  uint8_t* ip = packet.data + Layout::l3;
  uint8_t* length = ip + Ipv6View::Offset::payload_length;
  store_be16(length, static_cast<uint16_t>(load_be16(length) - size));
  ip[Ipv6View::Offset::next_header] = ip_protocol::icmp6;
  (void)parse_layout(packet);  // as sound as before
}

void reply6(Packet& packet, const IpAddress& source) {
  take_out_extensions(packet);
  set_type(packet, icmp6_type::echo_reply);
  uint8_t* ip = packet.data + Layout::l3;
  swap_addresses(ip + Ipv6View::Offset::source, 16);
  const IpAddress asked = IpAddress::load6(ip + Ipv6View::Offset::source);
  if (asked != source) {
    update_checksum(packet, checksum::change_address(asked, source));
    std::memcpy(ip + Ipv6View::Offset::source, source.bytes.data(), 16);
  }
  ip[Ipv6View::Offset::hop_limit] = reply_ttl;
}

}  // namespace

void turn_into_echo_reply(Packet& packet, const IpAddress& source) {
  assert(packet.layout.fault == Reason::none && packet.layout.l4 != 0);
  complete_checksum(packet);
  if (family_of(packet) == Family::v4)
    reply4(packet);
  else
    reply6(packet, source);
}

}  // namespace uswitch
