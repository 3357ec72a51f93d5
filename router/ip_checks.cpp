#include "router/ip_checks.h"

#include "wire/checksum.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace uswitch::ip_checks {

namespace {

using Ip4 = Ipv4View::Offset;
using Ip6 = Ipv6View::Offset;

constexpr uint32_t broadcast_all = 0xffffffff;

const uint8_t* l3(const Packet& p) {
  return p.data + Layout::l3;
}

bool is_link_local4(uint32_t a) {
  return a >> 16 == 0xa9fe;
}
bool is_link_local6(const uint8_t* a) {
  return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

// :: and ::1, and ::ffff:0:0/96, which cannot stand on a wire (RFC 4291 2.5.5.2).
bool is_no_station6(const uint8_t* a) {
  if (load_be64(a) != 0) return false;
  const uint64_t low = load_be64(a + 8);
  return low <= 1 || low >> 32 == 0xffff;
}

namespace option {
constexpr uint8_t end = 0, no_operation = 1, loose_route = 131, strict_route = 137;
}

}  // namespace

Reason check4(const Packet& p) {
  const uint8_t* ip = l3(p);
  const size_t header = (ip[0] & 0x0fu) * 4;
  const uint16_t sum = header == 20 ? checksum::sum20(ip) : checksum::sum({ip, header});
  if (sum != 0xffff) return Reason::bad_ip_checksum;
  const uint32_t source = load_be32(ip + Ip4::source);
  const uint32_t destination = load_be32(ip + Ip4::destination);
  const uint32_t from = source >> 24, to = destination >> 24;
  if (from == 0 || from == 127 || from >= 224) return Reason::martian_source;
  if (to < 224 && to != 0 && to != 127) [[likely]]
    return Reason::none;
  if (destination == broadcast_all) return Reason::ip_broadcast;
  return to >> 4 == 14 ? Reason::multicast_not_routed : Reason::martian_destination;
}

Reason check6(const Packet& p) {
  const uint8_t *from = l3(p) + Ip6::source, *to = l3(p) + Ip6::destination;
  if (from[0] == 0xff || is_no_station6(from)) return Reason::martian_source;
  if (is_no_station6(to)) return Reason::martian_destination;
  return to[0] == 0xff ? Reason::multicast_not_routed : Reason::none;
}

Reason check_scope4(const Packet& p) {
  const bool local = is_link_local4(load_be32(l3(p) + Ip4::source)) ||
                     is_link_local4(load_be32(l3(p) + Ip4::destination));
  return local ? Reason::link_local_scope : Reason::none;
}

Reason check_scope6(const Packet& p) {
  const bool local =
      is_link_local6(l3(p) + Ip6::source) || is_link_local6(l3(p) + Ip6::destination);
  return local ? Reason::link_local_scope : Reason::none;
}

Reason check_options(const Packet& p, uint8_t& pointer) {
  const uint8_t* ip = l3(p);
  const size_t header = (ip[0] & 0x0fu) * 4;
  for (size_t at = Ipv4View::min_header; at < header && ip[at] != option::end;) {
    if (ip[at] == option::loose_route || ip[at] == option::strict_route)
      return Reason::source_routed;
    if (ip[at] == option::no_operation) {
      ++at;
      continue;
    }
    const bool has_length = at + 1 < header;
    const size_t size = has_length ? ip[at + 1] : 0;
    if (size < 2 || at + size > header) {
      pointer = static_cast<uint8_t>(has_length ? at + 1 : at);
      return Reason::bad_ip_option;
    }
    at += size;
  }
  return Reason::none;
}

bool dont_fragment(const Packet& p) {
  return !is_v4(p) || (l3(p)[Ip4::fragment] & 0x40) != 0;
}

void decrement_ttl(Packet& p) {
  uint8_t* ip = p.data + Layout::l3;
  if (!is_v4(p)) {
    --ip[Ip6::hop_limit];
    return;
  }
  // The TTL is the upper byte of its word: whatever it was, the sum changes by the same.
  constexpr uint16_t delta = checksum::change(0x0100, 0x0000);
  --ip[Ip4::ttl];
  store_be16(ip + Ip4::checksum, checksum::apply(load_be16(ip + Ip4::checksum), delta));
}

}  // namespace uswitch::ip_checks
