#include "control/replay_station.h"

#include <algorithm>

#include "core/layout.h"
#include "router/arp_message.h"
#include "router/nd.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv6.h"

namespace uswitch {

namespace {

constexpr size_t flags_at = 4, checksum_at = 2;
constexpr uint16_t router_flag = 0x8000;

// A station is no router.
void clear_router_flag(Packet& advertisement) {
  uint8_t* message = advertisement.data + Layout::l3 + Ipv6View::size;
  const uint16_t flags = load_be16(message + flags_at);
  const auto plain = static_cast<uint16_t>(flags & ~router_flag);
  store_be16(message + flags_at, plain);
  const uint16_t sum = load_be16(message + checksum_at);
  store_be16(message + checksum_at, checksum::apply(sum, checksum::change(flags, plain)));
}

}  // namespace

ReplayStation::ReplayStation(const MacAddress& mac, const std::vector<IpPrefix>& addresses) {
  own_.present = true;
  own_.mac = mac;
  own_.link_local = eui64_link_local(mac);
  own_.addresses = addresses;
}

std::optional<std::vector<uint8_t>> ReplayStation::answer(std::span<const uint8_t> frame,
                                                          PacketPool& pool) const {
  Batch packets(pool);
  Packet &asked = *packets.append(), &out = *packets.append();
  std::copy(frame.begin(), frame.end(), asked.data);
  asked.length = static_cast<uint32_t>(frame.size());
  if (parse_layout(asked) != Reason::none || asked.layout.fault != Reason::none)
    return std::nullopt;
  const bool said =
      asked.layout.ether_type == ether_type::arp ? answer_arp(asked, out) : answer_nd(asked, out);
  if (!said) return std::nullopt;
  return std::vector<uint8_t>(out.data, out.data + out.length);
}

bool ReplayStation::answer_arp(const Packet& packet, Packet& out) const {
  const auto arp = ArpView::parse({packet.data + Layout::l3, packet.length - Layout::l3});
  if (!arp || arp->operation() != ArpView::request) return false;
  if (!own_.owns(arp->target_ip()) || own_.owns(arp->sender_ip())) return false;
  arp_message::write_reply(own_, *arp, out);
  return true;
}

bool ReplayStation::answer_nd(const Packet& packet, Packet& out) const {
  if (packet.layout.ether_type != ether_type::ipv6 || !Nd::takes(packet)) return false;
  const auto ip = Ipv6View::parse({packet.data + Layout::l3, packet.length - Layout::l3});
  const auto nd = NdpView::parse(
      {packet.data + packet.layout.l4, packet.layout.l3_end - size_t{packet.layout.l4}});
  if (!ip || !nd || nd->type() != icmp6_type::neighbor_solicitation) return false;
  const auto target = nd->target();
  if (!target || !own_.owns(*target) || own_.owns(ip->source())) return false;
  if (ip->source().is_unspecified()) return false;  // it looks for duplicates
  const auto link = nd->link_address(NdpView::Option::source_link_address);
  const MacAddress sender = MacAddress::load(packet.data + EthernetView::Offset::source);
  nd_message::write_advertisement(own_, {*target, true, true},
                                  {ip->source(), link.value_or(sender)}, out);
  clear_router_flag(out);
  return true;
}

}  // namespace uswitch
