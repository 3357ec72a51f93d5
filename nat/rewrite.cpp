#include "nat/rewrite.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "nat/partial_checksum.h"
#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/ip_protocol.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace uswitch {

namespace {

constexpr uint8_t dccp = 33, udp_lite = 136;

// What a transport's checksum depends on, and where it and the ports stand.
struct Transport {
  uint8_t checksum_at = Rewrite::none;
  bool pseudo_header = false;
  bool has_ports = false;
  bool has_id = false;
  bool zero_is_none = false;
};

Transport transport_of(uint8_t protocol) {
  switch (protocol) {
    case ip_protocol::tcp:
      return {TcpView::Offset::checksum, true, true, false, false};
    case ip_protocol::udp:
      return {UdpView::Offset::checksum, true, true, false, true};
    case ip_protocol::icmp:
      return {IcmpView::Offset::checksum, false, false, true, false};
    case ip_protocol::icmp6:
      return {IcmpView::Offset::checksum, true, false, true, false};
    case udp_lite:  // RFC 3828 3.1: 0 is an error, and stays one
      return {6, true, false, false, true};
    case dccp:  // RFC 4340 5.1
      return {6, true, false, false, false};
    default:
      return {};
  }
}

void set_addresses(Rewrite& r, const Endpoints& from, const Endpoints& to) {
  r.address_bytes = static_cast<uint8_t>(2 * to.source.wire_size());
  std::copy_n(to.source.wire(), to.source.wire_size(), r.addresses.begin());
  std::copy_n(to.destination.wire(), to.source.wire_size(),
              r.addresses.begin() + r.address_bytes / 2);
  r.address_delta = checksum::add(checksum::change_address(from.source, to.source),
                                  checksum::change_address(from.destination, to.destination));
}

void set_ports(Rewrite& r, const Endpoints& from, const Endpoints& to) {
  r.port_bytes = 4;
  store_be16(r.ports.data(), to.source_port);
  store_be16(r.ports.data() + 2, to.destination_port);
  r.transport_delta = checksum::add(checksum::change(from.source_port, to.source_port),
                                    checksum::change(from.destination_port, to.destination_port));
}

// The id is the asker's port; the other one names the kind of query and never differs.
void set_id(Rewrite& r, const Endpoints& from, const Endpoints& to) {
  const bool asks = from.source_port != to.source_port;
  const uint16_t before = asks ? from.source_port : from.destination_port;
  const uint16_t after = asks ? to.source_port : to.destination_port;
  if (before == after) return;
  r.port_bytes = 2;
  r.ports_at = IcmpView::Offset::id;
  store_be16(r.ports.data(), after);
  r.transport_delta = checksum::change(before, after);
}

void rewrite_ip(const Rewrite& r, uint8_t* ip) {
  using Ip4 = Ipv4View::Offset;
  if (r.address_bytes == checksum::pseudo6_addresses) {
    std::memcpy(ip + Ipv6View::Offset::source, r.addresses.data(), checksum::pseudo6_addresses);
    return;
  }
  std::memcpy(ip + Ip4::source, r.addresses.data(), checksum::pseudo4_addresses);
  uint8_t* field = ip + Ip4::checksum;
  store_be16(field, checksum::apply(load_be16(field), r.address_delta));
}

void rewrite_ports(const Rewrite& r, std::span<uint8_t> transport) {
  if (size_t{r.ports_at} + r.port_bytes > transport.size()) return;
  uint8_t* ports = transport.data() + r.ports_at;
  if (r.port_bytes == 4)
    std::memcpy(ports, r.ports.data(), 4);
  else if (r.port_bytes == 2)
    std::memcpy(ports, r.ports.data(), 2);
}

void rewrite_checksum(const Rewrite& r, std::span<uint8_t> transport, bool partial) {
  if (r.checksum_at == Rewrite::none || r.checksum_at + 2u > transport.size()) return;
  uint8_t* field = transport.data() + r.checksum_at;
  const uint16_t stored = load_be16(field);
  if (partial)
    store_be16(field, checksum::apply_partial(stored, r.pseudo_delta));
  else if (r.zero_is_none)
    store_be16(field, checksum::apply_udp(stored, r.transport_delta));
  else
    store_be16(field, checksum::apply(stored, r.transport_delta));
}

}  // namespace

Rewrite make_rewrite(uint8_t protocol, const Endpoints& from, const Endpoints& to) {
  Rewrite r;
  if (from == to) return r;
  assert(from.source.family() == to.source.family());
  assert(from.destination.family() == to.destination.family());
  const Transport transport = transport_of(protocol);
  set_addresses(r, from, to);
  if (transport.has_ports) set_ports(r, from, to);
  if (transport.has_id) set_id(r, from, to);
  if (transport.pseudo_header) r.pseudo_delta = r.address_delta;
  r.transport_delta = checksum::add(r.transport_delta, r.pseudo_delta);
  r.checksum_at = transport.checksum_at;
  r.zero_is_none = transport.zero_is_none;
  return r;
}

Rewrite mirrored(const Rewrite& rewrite) {
  Rewrite r = rewrite;
  std::rotate(r.addresses.begin(), r.addresses.begin() + r.address_bytes / 2,
              r.addresses.begin() + r.address_bytes);
  if (r.port_bytes == 4) std::rotate(r.ports.begin(), r.ports.begin() + 2, r.ports.end());
  return r;
}

void apply(const Rewrite& rewrite, Packet& packet) {
  if (!rewrite.changes_anything()) return;
  const Layout& l = packet.layout;
  assert(l.fault == Reason::none && l.l3_end != 0);
  rewrite_ip(rewrite, packet.data + Layout::l3);
  if (l.l4 == 0) return;
  const std::span<uint8_t> transport(packet.data + l.l4, l.l3_end - l.l4);
  rewrite_ports(rewrite, transport);
  rewrite_checksum(rewrite, transport, has_partial_checksum(packet, rewrite.checksum_at));
}

void apply_at(const Rewrite& rewrite, uint8_t* ip, std::span<uint8_t> transport) {
  if (!rewrite.changes_anything()) return;
  rewrite_ip(rewrite, ip);
  rewrite_ports(rewrite, transport);
  rewrite_checksum(rewrite, transport, false);
}

}  // namespace uswitch
