#include "router/own_packet.h"

#include <cassert>

#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace uswitch {

namespace {

using Ip4 = Ipv4View::Offset;
using Ip6 = Ipv6View::Offset;

constexpr uint8_t own_ttl = 64;
constexpr uint16_t dont_fragment = 0x4000;

// 0/8, 127/8, multicast, class E and broadcast (1812 4.3.2.7).
bool is_station4(const IpAddress& a) {
  const uint8_t first = a.bytes[12];
  return first != 0 && first != 127 && first < 224;
}

// An IPv4-mapped address is no IPv6 station's (RFC 4291 2.5.5.2).
bool is_station6(const IpAddress& a) {
  return !a.is_v4() && !a.is_unspecified() && !a.is_loopback() && !a.is_multicast();
}

bool is_group(Family family, const IpAddress& destination) {
  if (family == Family::v6) return destination.bytes[0] == 0xff;
  const uint32_t a = destination.v4();
  return destination.is_multicast() || a == 0 || a == 0xffffffff;
}

void write_ipv4(const OwnHeader& h, uint8_t* ip) {
  ip[0] = 0x45;
  ip[Ip4::tos] = h.traffic_class;
  store_be16(ip + Ip4::total_length, static_cast<uint16_t>(Ipv4View::min_header + h.length));
  store_be16(ip + Ip4::id, 0);
  store_be16(ip + Ip4::fragment, dont_fragment);
  ip[Ip4::ttl] = own_ttl;
  ip[Ip4::protocol] = h.protocol;
  store_be16(ip + Ip4::checksum, 0);
  std::memcpy(ip + Ip4::source, h.source.bytes.data() + 12, 4);
  std::memcpy(ip + Ip4::destination, h.destination.bytes.data() + 12, 4);
  store_be16(ip + Ip4::checksum, checksum::finish(checksum::sum({ip, Ipv4View::min_header})));
}

void write_ipv6(const OwnHeader& h, uint8_t* ip) {
  store_be32(ip, 0x60000000 | uint32_t{h.traffic_class} << 20);
  store_be16(ip + Ip6::payload_length, h.length);
  ip[Ip6::next_header] = h.protocol;
  ip[Ip6::hop_limit] = own_ttl;
  std::memcpy(ip + Ip6::source, h.source.bytes.data(), 16);
  std::memcpy(ip + Ip6::destination, h.destination.bytes.data(), 16);
}

}  // namespace

uint8_t traffic_class_of(const Packet& packet) {
  const uint8_t* ip = packet.data + Layout::l3;
  if (family_of(packet) == Family::v4) return ip[Ip4::tos];
  return static_cast<uint8_t>(load_be16(ip) >> 4);
}

bool names_a_station(const Packet& packet) {
  if (packet.layout.l3_end == 0) return false;
  const IpAddress source = source_of(packet);
  return family_of(packet) == Family::v4 ? is_station4(source) : is_station6(source);
}

bool may_answer_sender(const Packet& packet) {
  return names_a_station(packet) && !MacAddress::load(packet.data).is_group() &&
         !is_group(family_of(packet), destination_of(packet));
}

uint8_t* write_own_header(const OwnHeader& header, Packet& out) {
  const bool v4 = header.family == Family::v4;
  assert(out.length == 0 && (!v4 || (header.source.is_v4() && header.destination.is_v4())));
  std::memset(out.data, 0, EthernetView::Offset::type);
  store_be16(out.data + EthernetView::Offset::type, v4 ? ether_type::ipv4 : ether_type::ipv6);
  uint8_t* ip = out.data + Layout::l3;
  v4 ? write_ipv4(header, ip) : write_ipv6(header, ip);
  out.length = own_header_size(header.family) + header.length;
  return out.data + own_header_size(header.family);
}

}  // namespace uswitch
