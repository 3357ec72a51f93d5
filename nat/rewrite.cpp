#include "nat/rewrite.h"

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
constexpr uint8_t no_checksum = 0;

// What a transport's checksum depends on, and where it stands.
struct Transport {
  uint8_t checksum_at = no_checksum;
  bool pseudo_header = false;
  bool has_ports = false;
  bool has_id = false;
  bool zero_is_none = false;  // a checksum of 0 was never made and is not updated (NG-2)
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

// Deltas of sums (wire/checksum.h).
uint16_t address_delta(const Tuple& from, const Tuple& to) {
  return checksum::add(checksum::change_address(from.source, to.source),
                       checksum::change_address(from.destination, to.destination));
}
uint16_t port_delta(const Tuple& from, const Tuple& to) {
  return checksum::add(checksum::change(from.source_port, to.source_port),
                       checksum::change(from.destination_port, to.destination_port));
}

// `delta` of the addresses is all the IPv4 header needs.
void rewrite_ip(uint8_t* ip, const Tuple& to, uint16_t delta) {
  using Ip4 = Ipv4View::Offset;
  using Ip6 = Ipv6View::Offset;
  if (ip[0] >> 4 == 6) {
    std::memcpy(ip + Ip6::source, to.source.bytes.data(), 16);
    std::memcpy(ip + Ip6::destination, to.destination.bytes.data(), 16);
    return;
  }
  std::memcpy(ip + Ip4::source, to.source.bytes.data() + 12, 4);
  std::memcpy(ip + Ip4::destination, to.destination.bytes.data() + 12, 4);
  uint8_t* field = ip + Ip4::checksum;
  store_be16(field, checksum::apply(load_be16(field), delta));
}

void rewrite_ports(std::span<uint8_t> transport, const Tuple& to) {
  if (transport.size() < 4) return;
  store_be16(transport.data(), to.source_port);
  store_be16(transport.data() + 2, to.destination_port);
}

// The id is the asker's port; the other one names the kind of query and never differs.
void rewrite_id(std::span<uint8_t> transport, const Tuple& from, const Tuple& to) {
  if (transport.size() < IcmpView::Offset::id + 2u) return;
  uint8_t* id = transport.data() + IcmpView::Offset::id;
  if (from.source_port != to.source_port)
    store_be16(id, to.source_port);
  else if (from.destination_port != to.destination_port)
    store_be16(id, to.destination_port);
}

// `pseudo` is the delta of the pseudo-header, `all` of all that the checksum covers.
void rewrite_checksum(uint8_t* field, bool zero_is_none, bool partial, uint16_t pseudo,
                      uint16_t all) {
  const uint16_t stored = load_be16(field);
  if (partial)
    store_be16(field, checksum::apply_partial(stored, pseudo));
  else if (zero_is_none)
    store_be16(field, checksum::apply_udp(stored, all));
  else
    store_be16(field, checksum::apply(stored, all));
}

// `whole` is the packet around it when its checksum may have been left undone, else null.
void rewrite_transport(std::span<uint8_t> transport, const Tuple& from, const Tuple& to,
                       uint16_t addresses, const Packet* whole) {
  const Transport t = transport_of(from.protocol);
  const bool changes_ports = t.has_ports || t.has_id;
  if (t.has_ports) rewrite_ports(transport, to);
  if (t.has_id) rewrite_id(transport, from, to);
  if (t.checksum_at == no_checksum || t.checksum_at + 2u > transport.size()) return;
  const uint16_t pseudo = t.pseudo_header ? addresses : uint16_t{0};
  const uint16_t all = changes_ports ? checksum::add(pseudo, port_delta(from, to)) : pseudo;
  const bool partial = whole != nullptr && has_partial_checksum(*whole, t.checksum_at);
  rewrite_checksum(transport.data() + t.checksum_at, t.zero_is_none, partial, pseudo, all);
}

}  // namespace

void rewrite(Packet& packet, const Tuple& from, const Tuple& to) {
  if (from == to) return;
  const Layout& l = packet.layout;
  assert(l.fault == Reason::none && l.l3_end != 0);
  const uint16_t addresses = address_delta(from, to);
  rewrite_ip(packet.data + Layout::l3, to, addresses);
  if (l.l4 == 0) return;
  rewrite_transport({packet.data + l.l4, l.l3_end - l.l4}, from, to, addresses, &packet);
}

void rewrite_at(uint8_t* ip, std::span<uint8_t> transport, const Tuple& from, const Tuple& to) {
  if (from == to) return;
  const uint16_t addresses = address_delta(from, to);
  rewrite_ip(ip, to, addresses);
  rewrite_transport(transport, from, to, addresses, nullptr);
}

}  // namespace uswitch
