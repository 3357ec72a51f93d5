#include "tunnel/neighbour_message.h"

#include <algorithm>
#include <cstring>

#include "core/layout.h"
#include "wire/arp.h"
#include "wire/checksum.h"
#include "wire/ipv6.h"
#include "wire/ndp.h"

namespace uswitch::neighbour_message {

namespace {

constexpr size_t l3 = Layout::l3;
constexpr size_t l4 = l3 + Ipv6View::size;  // of ND

// Fields of an advertisement (RFC 4861 4.4), from the ICMPv6 header on.
constexpr size_t flags_at = 4, target_at = 8, option_at = 24, advertisement_size = 32;
constexpr uint8_t router_flag = 0x80, solicited_flag = 0x40, override_flag = 0x20;

MacAddress source_mac(const Packet& p) {
  return MacAddress::load(p.data + EthernetView::Offset::source);
}

bool is_station(const IpAddress& a) {
  return !a.is_unspecified() && !a.is_multicast() && !a.is_loopback();
}

std::optional<ArpView> arp_of(const Packet& p) {
  if (p.layout.ether_type != ether_type::arp) return std::nullopt;
  const auto arp = ArpView::parse(p.frame().subspan(l3));
  if (!arp || arp->sender_mac() != source_mac(p)) return std::nullopt;
  return arp;
}

// ND-1.
std::optional<NdpView> ndp_of(const Packet& p) {
  const Layout& l = p.layout;
  if (l.ether_type != ether_type::ipv6 || l.protocol != ip_protocol::icmp6) return std::nullopt;
  if (l.fault != Reason::none || l.fragment || l.l4 != l4 || p.offload.any()) return std::nullopt;
  const auto ip = Ipv6View::parse(p.frame().subspan(l3));
  if (!ip || ip->hop_limit() != 255) return std::nullopt;
  const auto message = ip->payload();
  const auto ndp = NdpView::parse(message);
  if (!ndp || ndp->code() != 0 || !ndp->links_only_to(source_mac(p))) return std::nullopt;
  const uint16_t pseudo = ip->pseudo_sum(ip_protocol::icmp6, message.size());
  if (checksum::add(pseudo, checksum::sum(message)) != 0xffff) return std::nullopt;
  return ndp;
}

IpAddress source_ip6(const Packet& p) {
  return IpAddress::load6(p.data + l3 + Ipv6View::Offset::source);
}

std::optional<Claim> claim_of_ndp(const Packet& p, const NdpView& ndp) {
  Claim claim{source_ip6(p), {source_mac(p)}, true};
  if (ndp.type() == icmp6_type::neighbor_advertisement) {
    const uint8_t flags = ndp.bytes()[flags_at];
    claim.address = *ndp.target();
    claim.station.router = flags & router_flag;
    claim.partial =
        !(flags & override_flag) || !ndp.link_address(NdpView::Option::target_link_address);
  } else if (ndp.type() != icmp6_type::neighbor_solicitation) {
    return std::nullopt;
  }
  if (!is_station(claim.address)) return std::nullopt;
  return claim;
}

void answer_arp(Packet& p, const Station& station) {
  using Offset = ArpView::Offset;
  uint8_t* arp = p.data + l3;
  const IpAddress target = IpAddress::load4(arp + Offset::target_ip);
  store_be16(arp + Offset::operation, ArpView::reply);
  std::memcpy(arp + Offset::target_mac, arp + Offset::sender_mac, 6 + 4);  // who asked
  station.mac.store(arp + Offset::sender_mac);
  std::memcpy(arp + Offset::sender_ip, target.wire(), 4);
  p.length = l3 + ArpView::size;
}

void answer_nd(Packet& p, const Station& station) {
  uint8_t *ip = p.data + l3, *icmp = p.data + l4;
  const IpAddress asker = source_ip6(p);
  const IpAddress target = IpAddress::load6(icmp + target_at);
  store_be32(ip, 0x60000000);
  store_be16(ip + Ipv6View::Offset::payload_length, advertisement_size);
  std::memcpy(ip + Ipv6View::Offset::source, target.bytes.data(), 16);
  std::memcpy(ip + Ipv6View::Offset::destination, asker.bytes.data(), 16);

  store_be32(icmp, uint32_t{icmp6_type::neighbor_advertisement} << 24);
  const unsigned router = station.router ? router_flag : 0;
  store_be32(icmp + flags_at, (router | solicited_flag | override_flag) << 24);
  icmp[option_at] = NdpView::Option::target_link_address;
  icmp[option_at + 1] = 1;  // in units of 8 bytes
  station.mac.store(icmp + option_at + 2);
  const uint16_t pseudo =
      checksum::pseudo6(ip + Ipv6View::Offset::source, ip_protocol::icmp6, advertisement_size);
  const uint16_t sum = checksum::add(pseudo, checksum::sum({icmp, advertisement_size}));
  store_be16(icmp + IcmpView::Offset::checksum, checksum::finish(sum));
  p.length = l4 + advertisement_size;
}

}  // namespace

std::optional<Claim> claim_of(const Packet& packet) {
  if (const auto arp = arp_of(packet)) {
    if (!is_station(arp->sender_ip())) return std::nullopt;
    return Claim{arp->sender_ip(), {arp->sender_mac()}};
  }
  if (const auto ndp = ndp_of(packet)) return claim_of_ndp(packet, *ndp);
  return std::nullopt;
}

std::optional<IpAddress> question_of(const Packet& packet) {
  if (!MacAddress::load(packet.data).is_group()) return std::nullopt;
  if (const auto arp = arp_of(packet)) {
    const bool question = arp->operation() == ArpView::request && is_station(arp->sender_ip()) &&
                          arp->sender_ip() != arp->target_ip();
    return question ? std::optional(arp->target_ip()) : std::nullopt;
  }
  const auto ndp = ndp_of(packet);
  if (!ndp || ndp->type() != icmp6_type::neighbor_solicitation) return std::nullopt;
  if (!is_station(source_ip6(packet))) return std::nullopt;
  return ndp->target();
}

void turn_into_answer(Packet& question, const Station& station) {
  const MacAddress asker = source_mac(question);
  if (question.layout.ether_type == ether_type::arp)
    answer_arp(question, station);
  else
    answer_nd(question, station);
  asker.store(question.data + EthernetView::Offset::destination);
  station.mac.store(question.data + EthernetView::Offset::source);
  (void)parse_layout(question);
}

}  // namespace uswitch::neighbour_message
