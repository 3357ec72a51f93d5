#include "core/defragment.h"

#include <cstring>

#include "core/layout.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace uswitch {

namespace {

using Ip4 = Ipv4View::Offset;
using Ip6 = Ipv6View::Offset;

bool exceeds_packet(const Packet& p, const FragmentHeader& f) {
  const bool v4 = fragment_family(p) == Family::v4;
  const uint32_t header = v4 ? f.payload - Layout::l3 : uint32_t{Ipv6View::size};
  return f.offset + f.length + header > max_reassembled;
}

// A first fragment shows all headers (RFC 7112); they do not go on in the next.
bool hides_headers(const Packet& p, const FragmentHeader& f) {
  if (fragment_family(p) == Family::v4 || f.offset != 0 || !f.more) return false;
  return p.layout.l4 == 0 || p.layout.fault != Reason::none;
}

}  // namespace

Family fragment_family(const Packet& fragment) {
  return fragment.layout.ether_type == ether_type::ipv4 ? Family::v4 : Family::v6;
}

uint8_t congestion_code(const Packet& fragment) {
  const uint8_t second = fragment.data[Layout::l3 + 1];
  return fragment_family(fragment) == Family::v4 ? second & 3 : second >> 4 & 3;
}

FragmentFault judge_fragment(const Packet& fragment, const FragmentHeader& header) {
  const bool v6 = fragment_family(fragment) == Family::v6;
  if (header.length == 0 || hides_headers(fragment, header)) return {Reason::fragment_invalid};
  if (header.more && header.length % 8 != 0)
    return {Reason::fragment_invalid, v6 ? uint32_t{Ip6::payload_length} : 0};
  if (exceeds_packet(fragment, header)) {
    const uint32_t offset_field = header.payload - fragment_header_size + 2 - Layout::l3;
    return {Reason::fragment_invalid, v6 ? offset_field : 0};
  }
  return {};
}

void mend_whole4(Packet& whole, bool mark) {
  constexpr uint16_t other_flags = 0xc000;
  uint8_t* ip = whole.data + Layout::l3;
  const std::span<const uint8_t> header(ip, (ip[0] & 0x0fu) * 4);
  const uint16_t before = checksum::sum(header);
  store_be16(ip + Ip4::total_length, static_cast<uint16_t>(whole.length - Layout::l3));
  store_be16(ip + Ip4::fragment, load_be16(ip + Ip4::fragment) & other_flags);
  if (mark) ip[Ip4::tos] |= 3;
  const uint16_t delta = checksum::change(before, checksum::sum(header));
  store_be16(ip + Ip4::checksum, checksum::apply(load_be16(ip + Ip4::checksum), delta));
}

void mend_whole6(Packet& whole, bool mark, uint32_t announced_at, uint8_t next_header) {
  uint8_t* ip = whole.data + Layout::l3;
  whole.data[announced_at] = next_header;
  store_be16(ip + Ip6::payload_length,
             static_cast<uint16_t>(whole.length - Layout::l3 - Ipv6View::size));
  if (mark) ip[1] |= 0x30;
}

bool finish_whole(const Packet& fragment, Packet& whole) {
  whole.ingress = fragment.ingress;
  whole.network = fragment.network;
  whole.tci = fragment.tci;
  return parse_layout(whole) == Reason::none && !whole.layout.fragment;
}

bool unwrap_fragment(const Packet& fragment, const FragmentHeader& header, Packet& whole) {
  const uint32_t headers = header.payload - fragment_header_size;
  std::memcpy(whole.data, fragment.data, headers);
  std::memcpy(whole.data + headers, fragment.data + header.payload, header.length);
  whole.length = headers + header.length;
  mend_whole6(whole, false, header.announced_at, fragment.data[headers]);
  return finish_whole(fragment, whole);
}

}  // namespace uswitch
