#include "switch/guard.h"

#include <algorithm>

#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ip_protocol.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/ndp.h"
#include "wire/udp.h"

namespace uswitch {

namespace {

// Clients answer to what comes to their port, whatever port it was sent from (RFC 7610 5).
struct DhcpPorts {
  uint16_t client, server;
};
constexpr DhcpPorts dhcp4{68, 67}, dhcp6{546, 547};

struct UdpPorts {
  uint16_t source, destination;
  bool answers(const DhcpPorts& dhcp) const {
    return source == dhcp.server || destination == dhcp.client;
  }
};

std::span<const uint8_t> l3_of(const Packet& p) {
  return {p.data + Layout::l3, p.length - Layout::l3};
}

std::span<const uint8_t> l4_of(const Packet& p) {
  return {p.data + p.layout.l4, size_t{p.layout.l3_end} - p.layout.l4};
}

bool has_l4(const Packet& p, uint8_t protocol) {
  return p.layout.l4 != 0 && p.layout.protocol == protocol;
}

// Not through UdpView, which refuses a first fragment: that one says the length of the whole
// datagram. The layout is sound, so the eight bytes are there.
std::optional<UdpPorts> udp_ports_of(const Packet& p) {
  if (!has_l4(p, ip_protocol::udp)) return std::nullopt;
  const uint8_t* udp = p.data + p.layout.l4;
  return UdpPorts{load_be16(udp + UdpView::Offset::source),
                  load_be16(udp + UdpView::Offset::destination)};
}

// Whether the walk along the headers gave up before it found what the packet carries. A later
// fragment has nothing to find: its first one shows it (RFC 7112).
bool hides_its_content(const Packet& p, const Ipv6View& ip) {
  if (p.layout.l4 != 0) return false;
  const Ipv6Chain chain = walk_extensions(ip);
  return !chain.complete && chain.fragment_offset == 0;
}

// What a station says before it has an address: it looks for duplicates and routers (RFC 4862,
// RFC 4861 4.1) and joins the groups it needs for that (RFC 3590).
bool may_be_unspecified(uint8_t type) {
  return type == icmp6_type::neighbor_solicitation || type == icmp6_type::router_solicitation ||
         type == icmp6_type::listener_report || type == icmp6_type::listener_done ||
         type == icmp6_type::listener_report2;
}

}  // namespace

Guard::Guard(MacAddress mac, std::vector<IpAddress> addresses)
    : mac_(mac), addresses_(std::move(addresses)) {
  addresses_.push_back(eui64_link_local(mac));
}

bool Guard::owns(const IpAddress& address) const {
  return std::find(addresses_.begin(), addresses_.end(), address) != addresses_.end();
}

bool Guard::owns_v6(const IpAddress& address) const {
  return !address.is_v4() && owns(address);
}

Reason Guard::check(const Packet& packet) const {
  if (MacAddress::load(packet.data + 6) != mac_) return Reason::guard_mac;
  // What cannot be parsed cannot be judged, and receivers differ in what they make of it.
  if (packet.layout.fault != Reason::none) return packet.layout.fault;
  switch (packet.layout.ether_type) {
    case ether_type::arp:
      return check_arp(packet);
    case ether_type::ipv4:
      return check_ipv4(packet);
    case ether_type::ipv6:
      return check_ipv6(packet);
    // A tag behind the one that was taken off would be the outer one at an untagged trunk port.
    case ether_type::vlan:
    case ether_type::service_vlan:
      return Reason::vlan_not_member;
    default:
      return Reason::none;
  }
}

// A probe counts as a claim of its target (RFC 5227 2.1.1): it would keep the owner from taking it.
Reason Guard::check_arp(const Packet& packet) const {
  const auto arp = ArpView::parse(l3_of(packet));
  if (!arp) return Reason::malformed_l3;
  const bool probe = arp->sender_ip().is_unspecified();
  const IpAddress claimed = probe ? arp->target_ip() : arp->sender_ip();
  return arp->sender_mac() == mac_ && owns(claimed) ? Reason::none : Reason::guard_arp;
}

Reason Guard::check_ipv4(const Packet& packet) const {
  const auto ip = Ipv4View::parse(l3_of(packet));
  if (!ip) return Reason::malformed_l3;
  const auto udp = udp_ports_of(packet);
  if (udp && udp->answers(dhcp4)) return Reason::guard_dhcp;
  if (owns(ip->source())) return Reason::none;
  const bool dhcp_client = udp && ip->source().is_unspecified() && udp->destination == dhcp4.server;
  return dhcp_client ? Reason::none : Reason::guard_ip;
}

Reason Guard::check_ipv6(const Packet& packet) const {
  const auto ip = Ipv6View::parse(l3_of(packet));
  if (!ip) return Reason::malformed_l3;
  if (hides_its_content(packet, *ip)) return Reason::guard_hidden;
  const auto udp = udp_ports_of(packet);
  if (udp && udp->answers(dhcp6)) return Reason::guard_dhcp;
  const bool icmp = has_l4(packet, ip_protocol::icmp6);
  const bool nameless =
      icmp && ip->source() == IpAddress{} && may_be_unspecified(packet.data[packet.layout.l4]);
  if (!nameless && !owns_v6(ip->source())) return Reason::guard_ip;
  return icmp ? check_icmp6(packet, nameless) : Reason::none;
}

// A first fragment shows its ICMPv6 type too, so router advertisements cannot hide in fragments
// (RFC 7113); one that does not is a fault of the layout (RFC 7112).
Reason Guard::check_icmp6(const Packet& packet, bool nameless) const {
  const uint8_t type = packet.data[packet.layout.l4];
  if (type == icmp6_type::router_advertisement || type == icmp6_type::redirect) {
    return Reason::guard_ra;
  }
  if (type < icmp6_type::router_solicitation || type > icmp6_type::redirect) return Reason::none;
  if (packet.layout.fragment) return Reason::guard_nd;  // RFC 6980 5
  const auto nd = NdpView::parse(l4_of(packet));
  if (!nd) return Reason::malformed_l4;
  if (!nd->links_only_to(mac_)) return Reason::guard_nd;
  // An advertisement claims its target. So does a solicitation without a source: it looks for a
  // duplicate, and whoever is doing the same for that address gives it up (RFC 4862 5.4.3).
  const bool claims = type == icmp6_type::neighbor_advertisement ||
                      (type == icmp6_type::neighbor_solicitation && nameless);
  return claims && !owns_v6(nd->target().value_or(IpAddress{})) ? Reason::guard_nd : Reason::none;
}

}  // namespace uswitch
