#include "router/icmp_error.h"

#include <algorithm>
#include <cassert>

#include "core/fragment_header.h"
#include "core/gso.h"
#include "core/layout.h"
#include "router/own_packet.h"
#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/ip_protocol.h"
#include "wire/ipv6.h"

namespace uswitch {

namespace {

constexpr uint32_t max_packet4 = 576, max_packet6 = 1280;

IcmpError by_family(Family family, IcmpError v4, IcmpError v6) {
  return family == Family::v4 ? v4 : v6;
}

}  // namespace

namespace icmp_error {

namespace t4 = icmp_type;
namespace t6 = icmp6_type;

IcmpError no_route(Family family) {
  return by_family(family, {t4::unreachable, 0}, {t6::unreachable, 0});
}
IcmpError host_unreachable(Family family) {
  return by_family(family, {t4::unreachable, 1}, {t6::unreachable, 3});
}
IcmpError port_unreachable(Family family) {
  return by_family(family, {t4::unreachable, 3}, {t6::unreachable, 4});
}
IcmpError protocol_unreachable(Family family, uint32_t next_header_at) {
  return by_family(family, {t4::unreachable, 2}, {t6::parameter_problem, 1, next_header_at});
}
IcmpError prohibited(Family family) {
  return by_family(family, {t4::unreachable, 13}, {t6::unreachable, 1});
}
IcmpError too_big(Family family, uint32_t mtu) {
  return by_family(family, {t4::unreachable, 4, std::clamp(mtu, 68u, 65535u)},
                   {t6::packet_too_big, 0, std::max(mtu, 1280u)});
}
IcmpError ttl_exceeded(Family family) {
  return by_family(family, {t4::time_exceeded, 0}, {t6::time_exceeded, 0});
}
IcmpError reassembly_timeout(Family family) {
  return by_family(family, {t4::time_exceeded, 1}, {t6::time_exceeded, 1});
}
IcmpError parameter_problem(Family family, uint32_t pointer) {
  return by_family(family, {t4::parameter_problem, 0, pointer << 24},
                   {t6::parameter_problem, 0, pointer});
}
IcmpError unknown_option(uint32_t pointer) {
  return {t6::parameter_problem, 2, pointer};
}
IcmpError source_route_failed() {
  return {t4::unreachable, 5};
}
IcmpError beyond_scope() {
  return {t6::unreachable, 2};
}

}  // namespace icmp_error

namespace {

// Echo, router discovery, timestamp, information and address mask: all that is known not to be an
// error.
bool is_query4(uint8_t type) {
  constexpr uint32_t queries = 1 << 0 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 13 | 1 << 14 | 1 << 15 |
                               1 << 16 | 1 << 17 | 1 << 18;
  return type < 32 && (queries >> type & 1) != 0;
}

bool is_informational6(uint8_t type) {
  return type >= 128 && type != icmp6_type::redirect;
}

// Whether the packet is known to carry no ICMP error; `l4` says where to look.
bool carries_no_error(const Packet& p, uint8_t icmp, bool (*harmless)(uint8_t)) {
  if (p.layout.protocol != icmp) return true;
  return p.layout.l4 < p.layout.l3_end && harmless(p.data[p.layout.l4]);
}

bool may_answer4(const Packet& p) {
  if (p.layout.l4 == 0) return false;  // not the first fragment
  return may_answer_sender(p) && carries_no_error(p, ip_protocol::icmp, is_query4);
}

bool concerns_groups_too(const IcmpError& error) {
  return error.type == icmp6_type::packet_too_big ||
         (error.type == icmp6_type::parameter_problem && error.code == 2);
}

bool is_later_fragment(const Packet& p) {
  return p.layout.fragment && read_fragment_header(p).offset != 0;
}

bool may_answer6(const Packet& p, const IcmpError& error) {
  if (!(concerns_groups_too(error) ? names_a_station(p) : may_answer_sender(p))) return false;
  if (p.layout.l4 != 0) return carries_no_error(p, ip_protocol::icmp6, is_informational6);
  // An error is at most 1280 bytes long and so never comes in fragments.
  return p.layout.protocol == ip_protocol::no_next_header || is_later_fragment(p);
}

// Writes what the offending packet, or the first segment of it, looks like on the wire behind an
// Ethernet header that does not count, at most `limit` bytes of it. Returns how many.
uint32_t write_quote(const Packet& offending, uint32_t limit, Packet& out) {
  if (offending.offload.gso != Offload::Gso::none) {
    Segmenter(offending).next(out);
    return std::min(limit, out.length - Layout::l3);
  }
  const uint32_t whole = offending.layout.l3_end - Layout::l3;
  const uint32_t quoted = std::min(limit, whole);
  const uint32_t copied = offending.offload.needs_checksum ? whole : quoted;
  std::memcpy(out.data + Layout::l3, offending.data + Layout::l3, copied);
  out.length = Layout::l3 + copied;
  out.offload = offending.offload;
  out.layout = offending.layout;
  complete_checksum(out);
  return quoted;
}

void finish_checksum(Family family, uint32_t length, Packet& out) {
  uint8_t* icmp = out.data + own_header_size(family);
  uint16_t sum = checksum::sum({icmp, length});
  if (family == Family::v6) {
    const uint8_t* addresses = out.data + Layout::l3 + Ipv6View::Offset::source;
    sum = checksum::add(sum, checksum::pseudo6(addresses, ip_protocol::icmp6, length));
  }
  store_be16(icmp + IcmpView::Offset::checksum, checksum::finish(sum));
}

// 1812 4.3.2.5: the precedence of internetwork control and the original's type of service. The ECN
// bits are not copied: an error is no ECN-capable transport's packet.
uint8_t error_tos(const Packet& offending) {
  return 0xc0 | (traffic_class_of(offending) & 0x1c);
}

}  // namespace

bool may_answer(const Packet& offending, const IcmpError& error) {
  const Layout& l = offending.layout;
  if (l.l3_end == 0 || l.fault == Reason::malformed_l3) return false;
  return family_of(offending) == Family::v4 ? may_answer4(offending)
                                            : may_answer6(offending, error);
}

void write_icmp_error(const Packet& offending, const IcmpError& error, const IpAddress& source,
                      Packet& out) {
  assert(offending.layout.l3_end != 0);
  const Family family = family_of(offending);
  const uint32_t headers = own_header_size(family) + IcmpView::size;
  const uint32_t limit = Layout::l3 + (family == Family::v4 ? max_packet4 : max_packet6) - headers;

  const uint32_t quoted = write_quote(offending, limit, out);
  std::memmove(out.data + headers, out.data + Layout::l3, quoted);
  out.length = 0;
  out.offload = {};

  const auto length = static_cast<uint16_t>(IcmpView::size + quoted);
  uint8_t* icmp =
      write_own_header({.source = source,
                        .destination = source_of(offending),
                        .family = family,
                        .traffic_class = family == Family::v4 ? error_tos(offending) : uint8_t{0},
                        .protocol = family == Family::v4 ? ip_protocol::icmp : ip_protocol::icmp6,
                        .length = length},
                       out);
  icmp[IcmpView::Offset::type] = error.type;
  icmp[IcmpView::Offset::code] = error.code;
  store_be16(icmp + IcmpView::Offset::checksum, 0);
  store_be32(icmp + IcmpView::Offset::rest, error.rest);
  finish_checksum(family, length, out);
  // What was just written is sound.
  (void)parse_layout(out);
}

}  // namespace uswitch
