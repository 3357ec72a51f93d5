#include "core/fragment_header.h"

#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace uswitch {

namespace {

FragmentHeader read4(const Packet& packet) {
  const uint8_t* ip = packet.data + Layout::l3;
  const uint16_t field = load_be16(ip + Ipv4View::Offset::fragment);
  FragmentHeader f;
  f.id = load_be16(ip + Ipv4View::Offset::id);
  f.offset = (field & 0x1fffu) * 8;
  f.more = (field & 0x2000) != 0;
  f.payload = Layout::l3 + (ip[0] & 0x0fu) * 4;
  f.length = packet.layout.l3_end - f.payload;
  return f;
}

// parse_layout has walked this chain and found the header within its bounds.
FragmentHeader read6(const Packet& packet) {
  FragmentHeader f;
  f.announced_at = Layout::l3 + Ipv6View::Offset::next_header;
  uint32_t at = Layout::l3 + Ipv6View::size;
  while (packet.data[f.announced_at] != ip_protocol::fragment) {
    const bool counts_words = packet.data[f.announced_at] == ip_protocol::authentication;
    f.announced_at = at;
    at += counts_words ? (packet.data[at + 1] + 2u) * 4 : (packet.data[at + 1] + 1u) * 8;
  }
  const uint16_t field = load_be16(packet.data + at + 2);
  f.id = load_be32(packet.data + at + 4);
  f.offset = field & 0xfff8u;
  f.more = (field & 1) != 0;
  f.payload = at + 8;
  f.length = packet.layout.l3_end - f.payload;
  return f;
}

}  // namespace

FragmentHeader read_fragment_header(const Packet& packet) {
  return packet.layout.ether_type == ether_type::ipv4 ? read4(packet) : read6(packet);
}

}  // namespace uswitch
