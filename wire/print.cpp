#include "wire/print.h"

#include <cstdio>
#include <string_view>

#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/ndp.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace uswitch {

namespace {

using Bytes = std::span<const uint8_t>;

std::string number(size_t n) {
  return std::to_string(n);
}

std::string hex(unsigned n) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%04x", n);
  return text;
}

std::string endpoint(const IpAddress& address, uint16_t port) {
  std::string text = address.to_string();
  if (!address.is_v4()) text = "[" + text + "]";
  return text + ":" + number(port);
}

std::string tcp_flags(const TcpView& tcp) {
  static constexpr std::string_view names[] = {"FIN", "SYN", "RST", "PSH",
                                               "ACK", "URG", "ECE", "CWR"};
  std::string text;
  for (unsigned bit = 0; bit < 8; ++bit) {
    if (!tcp.has(static_cast<uint8_t>(1 << bit))) continue;
    if (!text.empty()) text += ',';
    text += names[bit];
  }
  return text.empty() ? "no flags" : text;
}

std::string print_tcp(const TcpView& tcp) {
  std::string text = " TCP " + tcp_flags(tcp) + " seq " + number(tcp.sequence());
  if (tcp.has(TcpView::Flag::ack)) text += " ack " + number(tcp.acknowledgment());
  return text + " win " + number(tcp.window()) + " len " + number(tcp.payload().size());
}

std::string icmp_name(const IcmpView& m) {
  switch (m.type()) {
    case icmp_type::echo_request:
      return "echo request";
    case icmp_type::echo_reply:
      return "echo reply";
    case icmp_type::unreachable:
      return "unreachable code " + number(m.code());
    case icmp_type::redirect:
      return "redirect code " + number(m.code());
    case icmp_type::time_exceeded:
      return "time exceeded code " + number(m.code());
    case icmp_type::parameter_problem:
      return "parameter problem code " + number(m.code());
    default:
      return "type " + number(m.type()) + " code " + number(m.code());
  }
}

std::string icmp6_name(const IcmpView& m) {
  switch (m.type()) {
    case icmp6_type::echo_request:
      return "echo request";
    case icmp6_type::echo_reply:
      return "echo reply";
    case icmp6_type::unreachable:
      return "unreachable code " + number(m.code());
    case icmp6_type::packet_too_big:
      return "packet too big mtu " + number(m.rest());
    case icmp6_type::time_exceeded:
      return "time exceeded code " + number(m.code());
    case icmp6_type::parameter_problem:
      return "parameter problem code " + number(m.code());
    case icmp6_type::router_solicitation:
      return "router solicitation";
    case icmp6_type::router_advertisement:
      return "router advertisement";
    case icmp6_type::neighbor_solicitation:
      return "neighbor solicitation";
    case icmp6_type::neighbor_advertisement:
      return "neighbor advertisement";
    case icmp6_type::redirect:
      return "redirect";
    default:
      return "type " + number(m.type()) + " code " + number(m.code());
  }
}

bool is_ndp(uint8_t type) {
  return type >= icmp6_type::router_solicitation && type <= icmp6_type::redirect;
}

std::string print_ndp(Bytes message) {
  auto ndp = NdpView::parse(message);
  if (!ndp) return " (malformed)";
  std::string text;
  if (auto target = ndp->target()) text += " for " + target->to_string();
  if (auto source = ndp->link_address(NdpView::Option::source_link_address))
    text += " from " + source->to_string();
  if (auto link = ndp->link_address(NdpView::Option::target_link_address))
    text += " is at " + link->to_string();
  return text;
}

std::string print_icmp(const IcmpView& m) {
  std::string text = " ICMP " + icmp_name(m);
  if (m.type() == icmp_type::echo_request || m.type() == icmp_type::echo_reply)
    text += " id " + number(m.id()) + " seq " + number(m.sequence());
  return text + " len " + number(m.payload().size());
}

std::string print_icmp6(const IcmpView& m) {
  std::string text = " ICMPv6 " + icmp6_name(m);
  if (is_ndp(m.type())) return text + print_ndp(m.bytes());
  if (m.type() == icmp6_type::echo_request || m.type() == icmp6_type::echo_reply)
    text += " id " + number(m.id()) + " seq " + number(m.sequence());
  return text + " len " + number(m.payload().size());
}

struct Addresses {
  IpAddress source, destination;

  std::string plain() const { return source.to_string() + " > " + destination.to_string(); }
  template <class Header>
  std::string with_ports(const Header& h) const {
    return endpoint(source, h.source_port()) + " > " + endpoint(destination, h.destination_port());
  }
};

std::string print_transport(const Addresses& addresses, uint8_t protocol, Bytes segment) {
  if (protocol == ip_protocol::tcp) {
    auto tcp = TcpView::parse(segment);
    return tcp ? addresses.with_ports(*tcp) + print_tcp(*tcp)
               : addresses.plain() + " malformed TCP";
  }
  if (protocol == ip_protocol::udp) {
    auto udp = UdpView::parse(segment);
    return udp ? addresses.with_ports(*udp) + " UDP len " + number(udp->payload().size())
               : addresses.plain() + " malformed UDP";
  }
  if (protocol == ip_protocol::icmp || protocol == ip_protocol::icmp6) {
    auto icmp = IcmpView::parse(segment);
    if (!icmp) return addresses.plain() + " malformed ICMP";
    return addresses.plain() +
           (protocol == ip_protocol::icmp ? print_icmp(*icmp) : print_icmp6(*icmp));
  }
  return addresses.plain() + " protocol " + number(protocol) + " len " + number(segment.size());
}

std::string print_fragment(uint8_t protocol, uint32_t id, size_t offset, bool more, size_t length) {
  return " fragment id " + number(id) + " offset " + number(offset) + (more ? " more" : " last") +
         " protocol " + number(protocol) + " len " + number(length);
}

std::string print_ipv4(Bytes packet) {
  auto ip = Ipv4View::parse(packet);
  if (!ip) return "malformed IPv4 len " + number(packet.size());
  Addresses addresses{ip->source(), ip->destination()};
  if (ip->is_fragment()) {
    return "IPv4 " + addresses.plain() +
           print_fragment(ip->protocol(), ip->id(), ip->fragment_offset(), ip->more_fragments(),
                          ip->payload().size());
  }
  return "IPv4 " + print_transport(addresses, ip->protocol(), ip->payload());
}

std::string print_ipv6(Bytes packet) {
  auto ip = Ipv6View::parse(packet);
  if (!ip) return "malformed IPv6 len " + number(packet.size());
  Addresses addresses{ip->source(), ip->destination()};
  Ipv6Chain chain = walk_extensions(*ip);
  if (chain.malformed) return "IPv6 " + addresses.plain() + " malformed extension header";
  Bytes rest = ip->bytes().subspan(chain.offset);
  if (chain.has_fragment_header) {
    return "IPv6 " + addresses.plain() +
           print_fragment(chain.protocol, chain.fragment_id, chain.fragment_offset,
                          chain.more_fragments, rest.size());
  }
  return "IPv6 " + print_transport(addresses, chain.protocol, rest);
}

std::string print_arp(Bytes packet) {
  auto arp = ArpView::parse(packet);
  if (!arp) return "malformed ARP len " + number(packet.size());
  if (arp->operation() == ArpView::reply)
    return "ARP " + arp->sender_ip().to_string() + " is at " + arp->sender_mac().to_string();
  return "ARP who has " + arp->target_ip().to_string() + ", tell " + arp->sender_ip().to_string();
}

std::string print_other(const EthernetView& eth, uint16_t type, size_t length) {
  std::string kind = type < ether_type::smallest ? "802.3" : "type " + hex(type);
  return eth.source().to_string() + " > " + eth.destination().to_string() + " " + kind + " len " +
         number(length);
}

}  // namespace

std::string describe(Bytes frame) {
  auto eth = EthernetView::parse(frame);
  if (!eth) return "too short for Ethernet, len " + number(frame.size());
  uint16_t type = eth->type();
  Bytes payload = eth->payload();
  std::string tags;
  while (auto tag = VlanView::parse(frame.subspan(frame.size() - payload.size() - 2))) {
    tags += "VLAN " + number(tag->vid()) + " ";
    type = tag->inner_type();
    payload = tag->payload();
  }
  switch (type) {
    case ether_type::ipv4:
      return tags + print_ipv4(payload);
    case ether_type::ipv6:
      return tags + print_ipv6(payload);
    case ether_type::arp:
      return tags + print_arp(payload);
    default:
      return tags + print_other(*eth, type, payload.size());
  }
}

}  // namespace uswitch
