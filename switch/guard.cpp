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

constexpr uint16_t dhcp_server_port = 67, dhcp6_server_port = 547;

std::span<const uint8_t> l3_of(const Packet& p) {
  return {p.data + Layout::l3, p.length - Layout::l3};
}

std::span<const uint8_t> l4_of(const Packet& p) {
  return {p.data + p.layout.l4, size_t{p.layout.l3_end} - p.layout.l4};
}

bool has_l4(const Packet& p, uint8_t protocol) {
  return p.layout.l4 != 0 && p.layout.protocol == protocol;
}

std::optional<UdpView> udp_of(const Packet& p) {
  if (!has_l4(p, ip_protocol::udp)) return std::nullopt;
  return UdpView::parse(l4_of(p));
}

}  // namespace

Guard::Guard(MacAddress mac, std::vector<IpAddress> addresses)
    : mac_(mac), addresses_(std::move(addresses)) {
  addresses_.push_back(eui64_link_local(mac));
}

bool Guard::owns(const IpAddress& address) const {
  return std::find(addresses_.begin(), addresses_.end(), address) != addresses_.end();
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

Reason Guard::check_arp(const Packet& packet) const {
  const auto arp = ArpView::parse(l3_of(packet));
  if (!arp) return Reason::malformed_l3;
  const bool probe = arp->sender_ip().is_unspecified();
  if (arp->sender_mac() != mac_ || !(probe || owns(arp->sender_ip()))) return Reason::guard_arp;
  return Reason::none;
}

Reason Guard::check_ipv4(const Packet& packet) const {
  const auto ip = Ipv4View::parse(l3_of(packet));
  if (!ip) return Reason::malformed_l3;
  const auto udp = udp_of(packet);
  if (udp && udp->source_port() == dhcp_server_port) return Reason::guard_dhcp;
  if (owns(ip->source())) return Reason::none;
  const bool dhcp_client =
      udp && ip->source().is_unspecified() && udp->destination_port() == dhcp_server_port;
  return dhcp_client ? Reason::none : Reason::guard_ip;
}

Reason Guard::check_ipv6(const Packet& packet) const {
  const auto ip = Ipv6View::parse(l3_of(packet));
  if (!ip) return Reason::malformed_l3;
  const auto udp = udp_of(packet);
  if (udp && udp->source_port() == dhcp6_server_port) return Reason::guard_dhcp;
  if (!owns(ip->source()) && !ip->source().is_unspecified()) return Reason::guard_ip;
  return has_l4(packet, ip_protocol::icmp6) ? check_nd(packet) : Reason::none;
}

// A first fragment shows its ICMPv6 type too, so router advertisements cannot hide in fragments
// (RFC 7113); one that does not is a fault of the layout (RFC 7112).
Reason Guard::check_nd(const Packet& packet) const {
  const auto message = IcmpView::parse(l4_of(packet));
  if (!message) return Reason::malformed_l4;
  const uint8_t type = message->type();
  if (type == icmp6_type::router_advertisement || type == icmp6_type::redirect) {
    return Reason::guard_ra;
  }
  if (type < icmp6_type::router_solicitation || type > icmp6_type::redirect) return Reason::none;
  const auto nd = NdpView::parse(l4_of(packet));
  if (!nd) return Reason::malformed_l4;
  for (uint8_t option :
       {NdpView::Option::source_link_address, NdpView::Option::target_link_address}) {
    if (nd->link_address(option).value_or(mac_) != mac_) return Reason::guard_nd;
  }
  const bool claims = type == icmp6_type::neighbor_advertisement;
  return claims && !owns(nd->target().value_or(IpAddress{})) ? Reason::guard_nd : Reason::none;
}

}  // namespace uswitch
