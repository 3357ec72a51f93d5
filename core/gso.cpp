#include "core/gso.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ip_protocol.h"
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

void complete_checksum(Packet& packet) {
  Offload& o = packet.offload;
  if (!o.needs_checksum) return;
  assert(o.gso == Offload::Gso::none);
  uint32_t end = packet.layout.l3_end != 0 ? packet.layout.l3_end : packet.length;
  uint8_t* start = packet.data + o.checksum_start;
  uint16_t sum = checksum::sum({start, end - o.checksum_start});
  bool udp = o.checksum_offset == Udp::checksum;
  store_be16(start + o.checksum_offset, udp ? checksum::finish_udp(sum) : checksum::finish(sum));
  o.needs_checksum = false;
}

uint32_t gso_header_length(const Packet& super) {
  uint32_t l4 = super.layout.l4;
  if (super.offload.gso == Offload::Gso::udp) return l4 + UdpView::size;
  return l4 + (super.data[l4 + Tcp::data_offset] >> 4) * 4u;
}

Segmenter::Segmenter(const Packet& super)
    : super_(super),
      headers_(gso_header_length(super)),
      position_(headers_),
      pseudo_sum_(pseudo_sum_without_length(super)) {
  assert(super.offload.gso != Offload::Gso::none && super.offload.segment_size != 0);
  assert(super.offload.checksum_start == super.layout.l4);
}

bool Segmenter::next(Packet& out) {
  if (done_) return false;
  uint32_t size = std::min<uint32_t>(super_.offload.segment_size, super_.length - position_);
  std::memcpy(out.data, super_.data, headers_);
  uint16_t sum = checksum::copy_and_sum(out.data + headers_, super_.data + position_, size);
  out.length = headers_ + size;
  out.offload = {};
  out.layout = super_.layout;
  out.layout.l3_end = out.length;
  out.ingress = super_.ingress;
  out.network = super_.network;
  out.tci = super_.tci;
  out.mark = super_.mark;

  done_ = position_ + size == super_.length;
  finish_ip(out);
  if (super_.offload.gso == Offload::Gso::udp)
    finish_udp(out, sum);
  else
    finish_tcp(out, done_, sum);
  position_ += size;
  ++index_;
  return true;
}

void Segmenter::finish_ip(Packet& out) const {
  uint8_t* ip = out.data + Layout::l3;
  auto length = static_cast<uint16_t>(out.length - Layout::l3);
  if (!is_ipv4(super_)) {
    store_be16(ip + Ip6::payload_length, static_cast<uint16_t>(length - Ipv6View::size));
    return;
  }
  store_be16(ip + Ip4::total_length, length);
  store_be16(ip + Ip4::id, static_cast<uint16_t>(load_be16(ip + Ip4::id) + index_));
  store_be16(ip + Ip4::checksum, 0);
  size_t header = (ip[0] & 0x0fu) * 4;
  store_be16(ip + Ip4::checksum, checksum::finish(checksum::sum({ip, header})));
}

void Segmenter::finish_tcp(Packet& out, bool last, uint16_t sum) const {
  uint8_t* tcp = out.data + super_.layout.l4;
  store_be32(tcp + Tcp::sequence, load_be32(tcp + Tcp::sequence) + (position_ - headers_));
  if (!last) tcp[Tcp::flags] &= static_cast<uint8_t>(~(Flag::fin | Flag::psh));
  if (index_ != 0) tcp[Tcp::flags] &= static_cast<uint8_t>(~Flag::cwr);
  store_be16(tcp + Tcp::checksum, 0);
  size_t header = headers_ - super_.layout.l4;
  auto length = static_cast<uint16_t>(out.length - super_.layout.l4);
  sum = checksum::add(checksum::add(sum, pseudo_sum_), length);
  sum = checksum::add(sum, checksum::sum({tcp, header}));
  store_be16(tcp + Tcp::checksum, checksum::finish(sum));
}

void Segmenter::finish_udp(Packet& out, uint16_t sum) const {
  uint8_t* udp = out.data + super_.layout.l4;
  auto length = static_cast<uint16_t>(out.length - super_.layout.l4);
  store_be16(udp + Udp::length, length);
  store_be16(udp + Udp::checksum, 0);
  sum = checksum::add(checksum::add(sum, pseudo_sum_), length);
  sum = checksum::add(sum, checksum::sum({udp, UdpView::size}));
  store_be16(udp + Udp::checksum, checksum::finish_udp(sum));
}

}  // namespace uswitch
