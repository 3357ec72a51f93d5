#include "core/segment_headers.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace uswitch {

namespace {

// Offsets are enough here, since parse_layout has checked the headers: a view's parse would check
// every segment's again.
using Ip4 = Ipv4View::Offset;
using Ip6 = Ipv6View::Offset;
using Tcp = TcpView::Offset;
using Udp = UdpView::Offset;
using Flag = TcpView::Flag;

bool is_ipv4(const Packet& p) {
  return p.layout.ether_type == ether_type::ipv4;
}

// What the sender left in the checksum field (VH-3), less the length, which is each segment's own.
// Better than summing the header's addresses: the sender knows the final destination behind an IPv6
// routing header (RFC 8200 8.1), and a wrong sum is not silently made right (NG-3).
uint16_t pseudo_sum_without_length(const Packet& p) {
  uint16_t stored = load_be16(p.data + p.offload.checksum_start + p.offload.checksum_offset);
  return checksum::add(stored, checksum::change(static_cast<uint16_t>(p.length - p.layout.l4), 0));
}

}  // namespace

uint32_t gso_header_length(const Packet& super) {
  uint32_t l4 = super.layout.l4;
  if (super.offload.gso == Offload::Gso::udp) return l4 + UdpView::size;
  return l4 + (super.data[l4 + Tcp::data_offset] >> 4) * 4u;
}

SegmentHeaders::SegmentHeaders(const Packet& super)
    : super_(super),
      size_(gso_header_length(super)),
      position_(size_),
      pseudo_sum_(pseudo_sum_without_length(super)) {
  assert(super.offload.gso != Offload::Gso::none && super.offload.segment_size != 0);
  assert(super.offload.checksum_start == super.layout.l4);
}

std::span<const uint8_t> SegmentHeaders::payload() const {
  return super_.frame().subspan(
      position_, std::min<uint32_t>(super_.offload.segment_size, super_.length - position_));
}

void SegmentHeaders::write(uint8_t* to, uint16_t payload_sum) {
  const auto payload_length = static_cast<uint32_t>(payload().size());
  last_ = position_ + payload_length == super_.length;
  std::memcpy(to, super_.data, size_);
  finish_ip(to, size_ + payload_length - Layout::l3);
  const auto length = static_cast<uint16_t>(size_ - super_.layout.l4 + payload_length);
  const uint16_t sum = checksum::add(checksum::add(payload_sum, pseudo_sum_), length);
  if (super_.offload.gso == Offload::Gso::udp)
    finish_udp(to, sum, length);
  else
    finish_tcp(to, sum);
  position_ += payload_length;
  ++index_;
  done_ = last_;
}

void SegmentHeaders::finish_ip(uint8_t* headers, uint32_t length) const {
  uint8_t* ip = headers + Layout::l3;
  if (!is_ipv4(super_)) {
    store_be16(ip + Ip6::payload_length, static_cast<uint16_t>(length - Ipv6View::size));
    return;
  }
  store_be16(ip + Ip4::total_length, static_cast<uint16_t>(length));
  store_be16(ip + Ip4::id, static_cast<uint16_t>(load_be16(ip + Ip4::id) + index_));
  store_be16(ip + Ip4::checksum, 0);
  size_t header = (ip[0] & 0x0fu) * 4;
  store_be16(ip + Ip4::checksum, checksum::finish(checksum::sum({ip, header})));
}

void SegmentHeaders::finish_tcp(uint8_t* headers, uint16_t sum) const {
  uint8_t* tcp = headers + super_.layout.l4;
  store_be32(tcp + Tcp::sequence, load_be32(tcp + Tcp::sequence) + (position_ - size_));
  if (!last_) tcp[Tcp::flags] &= static_cast<uint8_t>(~(Flag::fin | Flag::psh));
  if (index_ != 0) tcp[Tcp::flags] &= static_cast<uint8_t>(~Flag::cwr);
  store_be16(tcp + Tcp::checksum, 0);
  sum = checksum::add(sum, checksum::sum({tcp, size_ - super_.layout.l4}));
  store_be16(tcp + Tcp::checksum, checksum::finish(sum));
}

void SegmentHeaders::finish_udp(uint8_t* headers, uint16_t sum, uint16_t length) const {
  uint8_t* udp = headers + super_.layout.l4;
  store_be16(udp + Udp::length, length);
  store_be16(udp + Udp::checksum, 0);
  sum = checksum::add(sum, checksum::sum({udp, UdpView::size}));
  store_be16(udp + Udp::checksum, checksum::finish_udp(sum));
}

}  // namespace uswitch
