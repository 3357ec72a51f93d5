#include "router/arp_message.h"

#include "core/layout.h"
#include "wire/ethernet.h"

namespace uswitch::arp_message {

namespace {

struct Message {
  MacAddress to;
  uint16_t operation;
  MacAddress sender_mac;
  IpAddress sender_ip;
  MacAddress target_mac;
  IpAddress target_ip;
};

const MacAddress everybody = MacAddress::from_u64(0xffffffffffff);

void write(const Message& m, Packet& out) {
  using At = ArpView::Offset;
  uint8_t* frame = out.data;
  m.to.store(frame);
  m.sender_mac.store(frame + 6);
  store_be16(frame + 12, ether_type::arp);
  uint8_t* arp = frame + EthernetView::size;
  store_be16(arp + At::hardware_type, 1);
  store_be16(arp + At::protocol_type, ether_type::ipv4);
  arp[At::hardware_length] = 6;
  arp[At::protocol_length] = 4;
  store_be16(arp + At::operation, m.operation);
  m.sender_mac.store(arp + At::sender_mac);
  std::memcpy(arp + At::sender_ip, m.sender_ip.bytes.data() + 12, 4);
  m.target_mac.store(arp + At::target_mac);
  std::memcpy(arp + At::target_ip, m.target_ip.bytes.data() + 12, 4);
  out.length = EthernetView::size + ArpView::size;
  [[maybe_unused]] const Reason sound = parse_layout(out);
}

}  // namespace

void write_request(const RouterInterface& own, const IpAddress& target,
                   const std::optional<MacAddress>& to, Packet& out) {
  const IpAddress sender = own.address_for(target).value_or(IpAddress::from_v4(0));
  write({to.value_or(everybody), ArpView::request, own.mac, sender, to.value_or(MacAddress{}),
         target},
        out);
}

void write_reply(const RouterInterface& own, const ArpView& request, Packet& out) {
  write({request.sender_mac(), ArpView::reply, own.mac, request.target_ip(), request.sender_mac(),
         request.sender_ip()},
        out);
}

void write_announcement(const RouterInterface& own, const IpAddress& address, Packet& out) {
  write({everybody, ArpView::request, own.mac, address, MacAddress{}, address}, out);
}

}  // namespace uswitch::arp_message
