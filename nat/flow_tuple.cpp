#include "nat/flow_tuple.h"

#include <algorithm>

#include "nat/partial_checksum.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ip_protocol.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace uswitch {

namespace {

using Bytes = std::span<const uint8_t>;
using Kind = FlowFields::Kind;

// What every error quotes of a transport header at least (RFC 792), and enough for ports and ids.
constexpr size_t quoted_transport = 8;

enum class IcmpClass : uint8_t { request, reply, error, neither };

IcmpClass classify4(uint8_t type) {
  switch (type) {
    case 8:   // echo
    case 13:  // timestamp
    case 15:  // information
    case 17:  // address mask
      return IcmpClass::request;
    case 0:
    case 14:
    case 16:
    case 18:
      return IcmpClass::reply;
    case 3:   // destination unreachable
    case 4:   // source quench
    case 5:   // redirect
    case 11:  // time exceeded
    case 12:  // parameter problem
      return IcmpClass::error;
    default:
      return IcmpClass::neither;
  }
}

IcmpClass classify6(uint8_t type) {
  if (type >= icmp6_type::unreachable && type <= icmp6_type::parameter_problem)
    return IcmpClass::error;
  if (type == icmp6_type::echo_request) return IcmpClass::request;
  if (type == icmp6_type::echo_reply) return IcmpClass::reply;
  return IcmpClass::neither;
}

// The request type a reply belongs to.
uint8_t request_of(uint8_t reply) {
  if (reply == icmp_type::echo_reply) return icmp_type::echo_request;
  return static_cast<uint8_t>(reply - 1);  // of the others and of ICMPv6
}

void read_query(FlowFields& f, const uint8_t* icmp, bool reply) {
  const uint16_t id = load_be16(icmp + IcmpView::Offset::id);
  f.kind = Kind::icmp_query;
  f.is_reply = reply;
  f.tuple.source_port = reply ? request_of(f.icmp_type) : id;
  f.tuple.destination_port = reply ? id : f.icmp_type;
}

void read_icmp(FlowFields& f, const uint8_t* icmp, bool v4) {
  if (v4 != (f.tuple.protocol == ip_protocol::icmp)) return;  // the other family's: untrackable
  f.icmp_type = icmp[IcmpView::Offset::type];
  switch (v4 ? classify4(f.icmp_type) : classify6(f.icmp_type)) {
    case IcmpClass::request:
      return read_query(f, icmp, false);
    case IcmpClass::reply:
      return read_query(f, icmp, true);
    case IcmpClass::error:
      f.kind = Kind::icmp_error;
      return;
    case IcmpClass::neither:
      return;
  }
}

void read_ports(FlowFields& f, const uint8_t* l4) {
  f.kind = f.tuple.protocol == ip_protocol::tcp ? Kind::tcp : Kind::udp;
  f.tuple.source_port = load_be16(l4);
  f.tuple.destination_port = load_be16(l4 + 2);
}

// `l4` is what there is of the transport header and what follows.
void read_transport(FlowFields& f, Bytes l4, bool v4) {
  switch (f.tuple.protocol) {
    case ip_protocol::tcp:
    case ip_protocol::udp:
      if (l4.size() >= quoted_transport) read_ports(f, l4.data());
      return;
    case ip_protocol::icmp:
    case ip_protocol::icmp6:
      if (l4.size() >= quoted_transport) read_icmp(f, l4.data(), v4);
      return;
    default:
      f.kind = Kind::other;
  }
}

// Fills `f` in place, since a copy of it would cost a failed store forwarding, from an IPv4 packet
// of which at least the header is there. Where the transport header stands, counted from the IP
// header; 0: there is none to read.
size_t read4(FlowFields& f, Bytes ip) {
  f.tuple.source = IpAddress::load4(&ip[Ipv4View::Offset::source]);
  f.tuple.destination = IpAddress::load4(&ip[Ipv4View::Offset::destination]);
  f.tuple.protocol = ip[Ipv4View::Offset::protocol];
  const uint16_t fragment = load_be16(&ip[Ipv4View::Offset::fragment]);
  f.fragment = (fragment & 0x3fff) != 0;
  if (f.fragment) f.fragment_id = load_be16(&ip[Ipv4View::Offset::id]);
  if ((fragment & 0x1fff) != 0) {
    f.kind = Kind::fragment_later;
    return 0;
  }
  const size_t l4 = (ip[0] & 0x0fu) * 4;
  read_transport(f, ip.subspan(l4), true);
  return l4;
}

size_t extension_size(uint8_t type, const uint8_t* header) {
  if (type == ip_protocol::fragment) return 8;
  if (type == ip_protocol::authentication) return (header[1] + 2u) * 4;  // RFC 4302 2.2
  return (header[1] + 1u) * 8;
}

bool is_extension(uint8_t next) {
  return next == ip_protocol::hop_by_hop || next == ip_protocol::routing ||
         next == ip_protocol::fragment || next == ip_protocol::destination_options ||
         next == ip_protocol::authentication;
}

// Notes what one extension header says. False when the walk ends there.
bool read_extension(FlowFields& f, const uint8_t* header) {
  constexpr size_t segments_left = 3;
  if (f.tuple.protocol == ip_protocol::routing && header[segments_left] != 0) return false;
  if (f.tuple.protocol == ip_protocol::fragment) {
    const uint16_t field = load_be16(header + 2);
    // Offset 0 and no more to come: a whole packet (RFC 6946).
    f.fragment = (field & 0xfff9) != 0;
    if (f.fragment) f.fragment_id = load_be32(header + 4);
    if ((field & 0xfff8) != 0) f.kind = Kind::fragment_later;
  }
  f.tuple.protocol = header[0];
  return f.kind != Kind::fragment_later;
}

// The same of an IPv6 packet of which at least the fixed header is there. Follows the chain by the
// rules of walk_extensions, but a quote's may be cut off, and a routing header matters here.
size_t read6(FlowFields& f, Bytes ip) {
  f.tuple.source = IpAddress::load6(&ip[Ipv6View::Offset::source]);
  f.tuple.destination = IpAddress::load6(&ip[Ipv6View::Offset::destination]);
  f.tuple.protocol = ip[Ipv6View::Offset::next_header];
  // Would be taken for the IPv4 addresses they map.
  if (f.tuple.source.is_v4() || f.tuple.destination.is_v4()) return 0;
  size_t at = Ipv6View::size;
  for (unsigned i = 0; is_extension(f.tuple.protocol); ++i) {
    if (i == Ipv6Chain::max_headers || ip.size() - at < 8) return 0;
    const uint8_t* header = &ip[at];
    const size_t size = extension_size(f.tuple.protocol, header);
    if (ip.size() - at < size || !read_extension(f, header)) return 0;
    at += size;
  }
  read_transport(f, ip.subspan(at), false);
  return f.tuple.protocol == ip_protocol::no_next_header ? 0 : at;
}

bool is_ipv4(const Packet& p) {
  return p.layout.ether_type == ether_type::ipv4;
}

Bytes ip_packet(const Packet& p) {
  return p.frame().subspan(Layout::l3, p.layout.l3_end - Layout::l3);
}

// What the sender left to be summed is right by definition.
bool icmp_checksum_right(const Packet& p, Bytes message) {
  if (has_partial_checksum(p, IcmpView::Offset::checksum)) return true;
  uint16_t sum = checksum::sum(message);
  if (!is_ipv4(p)) {
    const uint8_t* addresses = p.data + Layout::l3 + Ipv6View::Offset::source;
    sum = checksum::add(sum, checksum::pseudo6(addresses, ip_protocol::icmp6, message.size()));
  }
  return sum == 0xffff;
}

// How long the quote is that an extension follows, in bytes; 0: the message does not say
// (RFC 4884 4). The length counts in units of 4 bytes, in ICMPv6 of 8.
size_t extended_quote(Bytes message, bool v4) {
  const uint8_t type = message[IcmpView::Offset::type];
  if (v4) {
    const bool may = type == icmp_type::unreachable || type == icmp_type::time_exceeded ||
                     type == icmp_type::parameter_problem;
    return may ? message[5] * 4u : 0;
  }
  const bool may = type == icmp6_type::unreachable || type == icmp6_type::time_exceeded;
  return may ? message[4] * 8u : 0;
}

// The quote without what follows it.
Bytes quote_in(Bytes message, bool v4) {
  constexpr size_t shortest_extended = 128;  // RFC 4884 4.1; less is an old sender's unused byte
  const Bytes rest = message.subspan(IcmpView::size);
  const size_t said = extended_quote(message, v4);
  return said < shortest_extended ? rest : rest.first(std::min(said, rest.size()));
}

// The length is that of the packet as it was sent; what the quote has beyond it is padding.
size_t read_quote4(FlowFields& f, Bytes& quote) {
  if (quote.size() < Ipv4View::min_header || quote[0] >> 4 != 4) return 0;
  const size_t header = (quote[0] & 0x0fu) * 4;
  const size_t total = load_be16(&quote[Ipv4View::Offset::total_length]);
  if (header < Ipv4View::min_header || header > quote.size() || total < header) return 0;
  if (checksum::sum(quote.first(header)) != 0xffff) return 0;
  quote = quote.first(std::min(total, quote.size()));
  return read4(f, quote);
}

size_t read_quote6(FlowFields& f, Bytes& quote) {
  if (quote.size() < Ipv6View::size || quote[0] >> 4 != 6) return 0;
  const size_t whole = Ipv6View::size + load_be16(&quote[Ipv6View::Offset::payload_length]);
  quote = quote.first(std::min(whole, quote.size()));
  return read6(f, quote);
}

}  // namespace

namespace {

void read_addresses(FlowFields& f, const Packet& packet) {
  const Bytes ip = ip_packet(packet);
  const bool v4 = is_ipv4(packet);
  f.tuple.source = v4 ? IpAddress::load4(&ip[Ipv4View::Offset::source])
                      : IpAddress::load6(&ip[Ipv6View::Offset::source]);
  f.tuple.destination = v4 ? IpAddress::load4(&ip[Ipv4View::Offset::destination])
                           : IpAddress::load6(&ip[Ipv6View::Offset::destination]);
}

}  // namespace

FlowFields flow_fields(const Packet& packet) {
  const Layout& l = packet.layout;
  FlowFields fields;
  if (l.l3_end == 0 || l.fault == Reason::malformed_l3) return fields;
  if (l.fault != Reason::none) {
    read_addresses(fields, packet);
    return fields;
  }
  if (is_ipv4(packet))
    (void)read4(fields, ip_packet(packet));
  else
    (void)read6(fields, ip_packet(packet));
  return fields;
}

std::optional<Quote> parse_quote(const Packet& packet) {
  const Layout& l = packet.layout;
  const FlowFields outer = flow_fields(packet);
  if (outer.kind != Kind::icmp_error || outer.fragment) return std::nullopt;
  const Bytes message = packet.frame().subspan(l.l4, l.l3_end - l.l4);
  if (!icmp_checksum_right(packet, message)) return std::nullopt;

  const bool v4 = is_ipv4(packet);
  Bytes bytes = quote_in(message, v4);
  Quote quote;
  const size_t l4 = v4 ? read_quote4(quote.flow, bytes) : read_quote6(quote.flow, bytes);
  if (quote.flow.kind == Kind::untrackable || quote.flow.kind == Kind::icmp_error)
    return std::nullopt;
  if (quote.flow.tuple.source != outer.tuple.destination) return std::nullopt;

  quote.l3 = static_cast<uint32_t>(bytes.data() - packet.data);
  quote.l4 = l4 == 0 ? 0 : quote.l3 + static_cast<uint32_t>(l4);
  quote.end = quote.l3 + static_cast<uint32_t>(bytes.size());
  return quote;
}

}  // namespace uswitch
