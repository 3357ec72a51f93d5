#include "core/fragment.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "core/layout.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace uswitch {

namespace {

using Ip4 = Ipv4View::Offset;
using Ip6 = Ipv6View::Offset;

constexpr uint16_t more_fragments = 0x2000, offset_mask = 0x1fff;
constexpr uint32_t fragment_header_size = 8;
constexpr uint8_t end_of_options = 0, no_operation = 1, copied = 0x80;

uint32_t in_eights(uint32_t bytes) {
  return bytes & ~7u;
}

// Appends the options that every fragment carries; stops at one that lies about its length. Returns
// how many bytes.
size_t copy_options(std::span<const uint8_t> options, uint8_t* to) {
  size_t size = 0;
  for (size_t at = 0, length = 0; at < options.size(); at += length) {
    const uint8_t type = options[at];
    if (type == end_of_options) break;
    if (type == no_operation) {
      length = 1;
      continue;
    }
    if (at + 1 == options.size()) break;
    length = options[at + 1];
    if (length < 2 || length > options.size() - at) break;
    if (!(type & copied)) continue;
    std::memcpy(to + size, &options[at], length);
    size += length;
  }
  return size;
}

// What all fragments take over from the whole besides bytes, and their own layout.
void finish(const Packet& whole, Packet& out) {
  out.ingress = whole.ingress;
  out.network = whole.network;
  out.tci = whole.tci;
  out.published = whole.published;
  out.mark = whole.mark;
  (void)parse_layout(out);  // a piece of a sound packet
}

}  // namespace

Fragmenter::Fragmenter(const Packet& whole, uint32_t mtu)
    : whole_(whole), mtu_(mtu), header_((whole.data[Layout::l3] & 0x0fu) * 4) {
  assert(whole.layout.ether_type == ether_type::ipv4 && whole.layout.l3_end != 0);
  assert(!whole.offload.any() && mtu >= min_mtu);
  const uint8_t* ip = whole.data + Layout::l3;
  const uint32_t offset = load_be16(ip + Ip4::fragment) & offset_mask;
  position_ = Layout::l3 + header_;
  end_ = std::min(whole.layout.l3_end, position_ + (offset_mask + 1 - offset) * 8);

  constexpr uint32_t fixed = Ipv4View::min_header;
  std::memcpy(later_header_.data(), ip, fixed);
  const size_t options = copy_options({ip + fixed, header_ - fixed}, later_header_.data() + fixed);
  later_header_size_ = static_cast<uint32_t>(fixed + (options + 3) / 4 * 4);
  later_header_[0] = static_cast<uint8_t>(0x40 | later_header_size_ / 4);
}

bool Fragmenter::next(Packet& out) {
  if (done_) return false;
  const bool first = position_ == Layout::l3 + header_;
  const uint8_t* header_bytes = first ? whole_.data + Layout::l3 : later_header_.data();
  const uint32_t header = first ? header_ : later_header_size_;
  const uint32_t left = end_ - position_;
  done_ = header + left <= mtu_;
  const uint32_t size = done_ ? left : in_eights(mtu_ - header);

  std::memcpy(out.data, whole_.data, Layout::l3);
  std::memcpy(out.data + Layout::l3, header_bytes, header);
  std::memcpy(out.data + Layout::l3 + header, whole_.data + position_, size);
  out.length = Layout::l3 + header + size;
  finish_header(out, header);
  finish(whole_, out);
  position_ += size;
  return true;
}

void Fragmenter::finish_header(Packet& out, uint32_t header) const {
  uint8_t* ip = out.data + Layout::l3;
  const uint32_t original = load_be16(whole_.data + Layout::l3 + Ip4::fragment);
  const uint32_t field = original + (position_ - Layout::l3 - header_) / 8;
  store_be16(ip + Ip4::total_length, static_cast<uint16_t>(out.length - Layout::l3));
  store_be16(ip + Ip4::fragment, static_cast<uint16_t>(done_ ? field : field | more_fragments));
  store_be16(ip + Ip4::checksum, 0);
  store_be16(ip + Ip4::checksum, checksum::finish(checksum::sum({ip, header})));
}

// The headers that nodes on the way look at stand before the fragment header: all up to a routing
// header, or else the hop-by-hop options.
Fragmenter6::Fragmenter6(const Packet& whole, uint32_t mtu, uint32_t id)
    : whole_(whole),
      mtu_(mtu),
      id_(id),
      announced_at_(Layout::l3 + Ip6::next_header),
      start_(Layout::l3 + Ipv6View::size) {
  assert(whole.layout.ether_type == ether_type::ipv6 && !whole.layout.fragment);
  assert(!whole.offload.any() && whole.layout.fault != Reason::malformed_l3);
  uint8_t type = whole.data[announced_at_];
  for (uint32_t at = start_; type == ip_protocol::hop_by_hop || type == ip_protocol::routing ||
                             type == ip_protocol::destination_options;) {
    const bool on_the_way = type != ip_protocol::destination_options;
    type = whole.data[at];
    if (on_the_way) announced_at_ = at;
    at += (whole.data[at + 1] + 1u) * 8;
    if (on_the_way) start_ = at;
  }
  position_ = start_;
  assert(start_ - Layout::l3 + fragment_header_size + 8 <= mtu);
}

bool Fragmenter6::next(Packet& out) {
  if (done_) return false;
  const uint32_t headers = start_ - Layout::l3 + fragment_header_size;
  const uint32_t left = whole_.layout.l3_end - position_;
  done_ = headers + left <= mtu_;
  const uint32_t size = done_ ? left : in_eights(mtu_ - headers);

  std::memcpy(out.data, whole_.data, start_);
  write_fragment_header(out.data + start_);
  out.data[announced_at_] = ip_protocol::fragment;
  std::memcpy(out.data + start_ + fragment_header_size, whole_.data + position_, size);
  out.length = start_ + fragment_header_size + size;
  store_be16(out.data + Layout::l3 + Ip6::payload_length,
             static_cast<uint16_t>(out.length - Layout::l3 - Ipv6View::size));
  finish(whole_, out);
  position_ += size;
  return true;
}

void Fragmenter6::write_fragment_header(uint8_t* to) const {
  to[0] = whole_.data[announced_at_];
  to[1] = 0;
  store_be16(to + 2, static_cast<uint16_t>(position_ - start_ + (done_ ? 0 : 1)));
  store_be32(to + 4, id_);
}

}  // namespace uswitch
