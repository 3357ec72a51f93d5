#include "core/layout.h"

#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace uswitch {

namespace {

using Bytes = std::span<const uint8_t>;

// A first fragment carries the UDP length of the whole datagram, so only the header itself counts.
bool udp_sound(Bytes segment, bool whole) {
  if (whole) return UdpView::parse(segment).has_value();
  return segment.size() >= UdpView::size && load_be16(&segment[4]) >= UdpView::size;
}

bool transport_sound(uint8_t protocol, Bytes segment, bool whole) {
  switch (protocol) {
    case ip_protocol::tcp:
      return TcpView::parse(segment).has_value();
    case ip_protocol::udp:
      return udp_sound(segment, whole);
    case ip_protocol::icmp:
    case ip_protocol::icmp6:
      return IcmpView::parse(segment).has_value();
    default:
      return true;
  }
}

// `offset` of the transport header counts from the IP header.
void set_transport(Layout& layout, Bytes packet, size_t offset, bool whole) {
  layout.l4 = static_cast<uint16_t>(Layout::l3 + offset);
  if (!transport_sound(layout.protocol, packet.subspan(offset), whole))
    layout.fault = Reason::malformed_l4;
}

void parse_ipv4(Layout& layout, Bytes packet) {
  auto ip = Ipv4View::parse(packet);
  if (!ip) {
    layout.fault = Reason::malformed_l3;
    return;
  }
  layout.l3_end = Layout::l3 + static_cast<uint32_t>(ip->bytes().size());
  layout.protocol = ip->protocol();
  layout.fragment = ip->is_fragment();
  if (ip->fragment_offset() == 0)
    set_transport(layout, ip->bytes(), ip->header_size(), !ip->more_fragments());
}

void parse_extensions(Layout& layout, const Ipv6View& ip) {
  Ipv6Chain chain = walk_extensions(ip);
  layout.protocol = chain.protocol;
  layout.fragment = chain.has_fragment_header;
  if (chain.malformed) layout.fault = Reason::malformed_l3;
  if (chain.complete && chain.protocol != ip_protocol::no_next_header)
    set_transport(layout, ip.bytes(), chain.offset, !chain.more_fragments);
}

void parse_ipv6(Layout& layout, Bytes packet) {
  auto ip = Ipv6View::parse(packet);
  if (!ip) {
    layout.fault = Reason::malformed_l3;
    return;
  }
  layout.l3_end = Layout::l3 + static_cast<uint32_t>(ip->bytes().size());
  layout.protocol = ip->next_header();
  if (layout.protocol == ip_protocol::tcp || layout.protocol == ip_protocol::udp)
    set_transport(layout, ip->bytes(), Ipv6View::size, true);
  else
    parse_extensions(layout, *ip);
}

// The field inside the packet (not in its padding), and what Linux asks besides
// (virtio_net_hdr_to_skb): the start behind at least a minimal IP header.
bool checksum_fits(const Packet& p) {
  const Offload& o = p.offload;
  constexpr uint32_t first = Layout::l3 + Ipv4View::min_header;
  constexpr uint32_t last = 0x7fff;  // the kernel adds its own headroom to a 16-bit offset
  if (o.checksum_start < first || o.checksum_start > last) return false;
  uint32_t end = p.layout.l3_end != 0 ? p.layout.l3_end : p.length;
  if (uint32_t{o.checksum_start} + o.checksum_offset + 2 > end) return false;
  if (o.checksum_start != p.layout.l4) return true;  // an inner header: the sender's own tunnel
  if (p.layout.protocol == ip_protocol::tcp) return o.checksum_offset == TcpView::Offset::checksum;
  if (p.layout.protocol == ip_protocol::udp) return o.checksum_offset == UdpView::Offset::checksum;
  return true;
}

// Below this a super-segment could become tens of thousands of packets: no sender's MSS is so
// small, since the smallest is 48 with at most 40 bytes of options in it.
constexpr uint32_t min_tcp_segment = 8;
constexpr uint32_t max_udp_segments = 128;  // as Linux has it
constexpr uint16_t reserved_segment_size = 0xffff;

bool tcp_gso_fits(const Packet& p, uint16_t type) {
  return p.layout.ether_type == type && p.layout.protocol == ip_protocol::tcp &&
         p.offload.segment_size >= min_tcp_segment;
}

bool udp_gso_fits(const Packet& p) {
  if (p.layout.protocol != ip_protocol::udp || p.offload.ecn) return false;
  uint32_t end = uint32_t{p.layout.l4} + load_be16(p.data + p.layout.l4 + UdpView::Offset::length);
  if (end != p.length || p.offload.segment_size == 0) return false;
  return p.length - p.layout.l4 - UdpView::size <= p.offload.segment_size * max_udp_segments;
}

// A super-segment is one whole, sound packet without padding, its checksum left to do.
bool gso_fits(const Packet& p) {
  const Layout& l = p.layout;
  if (l.fault != Reason::none || l.fragment || l.l4 == 0 || l.l3_end != p.length) return false;
  if (!p.offload.needs_checksum || p.offload.checksum_start != l.l4) return false;
  if (p.offload.segment_size == reserved_segment_size) return false;
  switch (p.offload.gso) {
    case Offload::Gso::tcp4:
      return tcp_gso_fits(p, ether_type::ipv4);
    case Offload::Gso::tcp6:
      return tcp_gso_fits(p, ether_type::ipv6);
    case Offload::Gso::udp:
      return udp_gso_fits(p);
    default:
      return false;
  }
}

Reason check_offload(const Packet& p) {
  if (p.offload.needs_checksum && !checksum_fits(p)) return Reason::bad_offload;
  if (p.offload.gso != Offload::Gso::none && !gso_fits(p)) return Reason::bad_offload;
  return Reason::none;
}

}  // namespace

Reason parse_layout(Packet& packet) {
  // Filled in place: a local that is copied at the end costs a failed store forwarding, 3 ns.
  Layout& layout = packet.layout = {};
  auto ethernet = EthernetView::parse(packet.frame());
  if (!ethernet) return Reason::frame_too_short;
  uint16_t type = ethernet->type();
  if (type >= ether_type::smallest) layout.ether_type = type;
  if (type == ether_type::ipv4)
    parse_ipv4(layout, ethernet->payload());
  else if (type == ether_type::ipv6)
    parse_ipv6(layout, ethernet->payload());
  else if (type == ether_type::arp && !ArpView::parse(ethernet->payload()))
    layout.fault = Reason::malformed_l3;
  return packet.offload.any() ? check_offload(packet) : Reason::none;
}

}  // namespace uswitch
