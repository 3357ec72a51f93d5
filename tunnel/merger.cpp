#include "tunnel/merger.h"

#include <algorithm>
#include <cstring>

#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"

namespace uswitch {

namespace {

using Ip4 = Ipv4View::Offset;
using Ip6 = Ipv6View::Offset;
using Tcp = TcpView::Offset;
using Flag = TcpView::Flag;
using Bytes = Merger::Bytes;

constexpr size_t l3 = Layout::l3;
constexpr uint16_t dont_fragment = 0x4000;

bool equal(const uint8_t* a, const uint8_t* b, size_t from, size_t to) {
  return std::memcmp(a + from, b + from, to - from) == 0;
}

// No options, no fragment, no padding behind, nothing wrong with the header.
bool plain_ipv4(Bytes ip) {
  return ip.size() >= Ipv4View::min_header && ip[0] == 0x45 &&
         load_be16(&ip[Ip4::total_length]) == ip.size() &&
         (load_be16(&ip[Ip4::fragment]) & ~dont_fragment) == 0 &&
         ip[Ip4::protocol] == ip_protocol::tcp &&
         checksum::sum(ip.first(Ipv4View::min_header)) == 0xffff;
}

bool plain_ipv6(Bytes ip) {
  return ip.size() >= Ipv6View::size && ip[0] >> 4 == 6 &&
         load_be16(&ip[Ip6::payload_length]) == ip.size() - Ipv6View::size &&
         ip[Ip6::next_header] == ip_protocol::tcp;
}

bool mergeable_flags(uint8_t flags) {
  return (flags & ~(Flag::psh | Flag::ece)) == Flag::ack;
}

uint16_t pseudo_sum(const uint8_t* frame, bool v4, size_t length) {
  const uint8_t* ip = frame + l3;
  return v4 ? checksum::pseudo4(ip + Ip4::source, ip_protocol::tcp, length)
            : checksum::pseudo6(ip + Ip6::source, ip_protocol::tcp, length);
}

uint16_t id_of(const uint8_t* frame) {
  return load_be16(frame + l3 + Ip4::id);
}

}  // namespace

std::optional<Merger::Segment> Merger::parse(Bytes frame) {
  if (frame.size() < EthernetView::size) return std::nullopt;
  const uint16_t type = load_be16(&frame[EthernetView::Offset::type]);
  const Bytes ip = frame.subspan(l3);
  const bool v4 = type == ether_type::ipv4;
  if (v4 ? !plain_ipv4(ip) : type != ether_type::ipv6 || !plain_ipv6(ip)) return std::nullopt;
  const size_t l4 = l3 + (v4 ? Ipv4View::min_header : Ipv6View::size);
  const auto tcp = TcpView::parse(frame.subspan(l4));
  if (!tcp || !mergeable_flags(tcp->flags())) return std::nullopt;
  return Segment{frame, static_cast<uint16_t>(l4), static_cast<uint16_t>(l4 + tcp->header_size()),
                 v4};
}

bool Merger::sound(const Segment& s, uint16_t payload_sum) {
  const uint16_t sum = checksum::add(payload_sum, checksum::sum(s.tcp_header()));
  return checksum::add(sum, pseudo_sum(s.frame.data(), s.v4, s.frame.size() - s.l4)) == 0xffff;
}

// Behind what the packet holds; whether it was right.
bool Merger::copy_payload(const Segment& s) {
  const uint16_t sum = checksum::copy_and_sum(packet_->data + packet_->length,
                                              s.frame.data() + s.headers, s.payload());
  return sound(s, sum);
}

void Merger::begin(Packet& packet, Bytes frame, bool more) {
  finish();
  packet_ = &packet;
  const std::optional<Segment> s = more ? parse(frame) : std::nullopt;
  const size_t apart = s ? s->headers : frame.size();
  std::copy_n(frame.data(), apart, packet.data);
  packet.length = static_cast<uint32_t>(apart);
  segments_ = 1;
  if (!s) return;
  const bool right = copy_payload(*s);
  packet.length = static_cast<uint32_t>(frame.size());
  open_ = right && s->payload() >= min_payload && !(s->tcp()[Tcp::flags] & Flag::psh);
  v4_ = s->v4;
  l4_ = s->l4;
  headers_ = s->headers;
  size_ = s->payload();
  next_ = load_be32(s->tcp() + Tcp::sequence) + size_;
}

bool Merger::append(Bytes frame) {
  if (!open_) return false;
  const std::optional<Segment> s = parse(frame);
  if (!s || !continues(*s) || !copy_payload(*s)) return false;
  const uint8_t flags = s->tcp()[Tcp::flags];
  if (v4_ && segments_ == 1) {
    id_step_ = static_cast<uint16_t>(id_of(frame.data()) - id_of(packet_->data));
  }
  packet_->data[l4_ + Tcp::flags] |= flags & Flag::psh;
  packet_->length += s->payload();
  next_ += s->payload();
  ++segments_;
  open_ = s->payload() == size_ && !(flags & Flag::psh);
  return true;
}

bool Merger::continues(const Segment& s) const {
  return s.v4 == v4_ && s.headers == headers_ && s.payload() != 0 && s.payload() <= size_ &&
         segments_ < max_segments && packet_->length - l3 + s.payload() <= max_packet &&
         load_be32(s.tcp() + Tcp::sequence) == next_ && same_headers(s) && id_goes_on(s);
}

// All but lengths, IPv4 id and checksum, sequence number, PSH, TCP checksum.
bool Merger::same_headers(const Segment& s) const {
  const uint8_t *a = packet_->data, *b = s.frame.data();
  const bool same_ip =
      v4_ ? equal(a, b, 0, l3 + Ip4::total_length) &&
                equal(a, b, l3 + Ip4::fragment, l3 + Ip4::checksum) &&
                equal(a, b, l3 + Ip4::source, l4_)
          : equal(a, b, 0, l3 + Ip6::payload_length) && equal(a, b, l3 + Ip6::next_header, l4_);
  const uint8_t *t = a + l4_, *u = b + l4_;
  return same_ip && equal(t, u, Tcp::source, Tcp::sequence) &&
         equal(t, u, Tcp::acknowledgment, Tcp::flags) &&
         ((t[Tcp::flags] ^ u[Tcp::flags]) & ~Flag::psh) == 0 &&
         equal(t, u, Tcp::window, Tcp::checksum) &&
         equal(t, u, Tcp::urgent, headers_ - size_t{l4_});
}

bool Merger::id_goes_on(const Segment& s) const {
  if (!v4_) return true;
  const auto from_first = static_cast<uint16_t>(id_of(s.frame.data()) - id_of(packet_->data));
  if (segments_ > 1) return from_first == static_cast<uint16_t>(id_step_ * segments_);
  const bool atomic = load_be16(packet_->data + l3 + Ip4::fragment) & dont_fragment;
  return from_first == 1 || (from_first == 0 && atomic);
}

void Merger::finish() {
  if (segments_ > 1) make_super_segment();
  packet_ = nullptr;
  open_ = false;
  segments_ = 0;
}

void Merger::make_super_segment() {
  Packet& p = *packet_;
  uint8_t* ip = p.data + l3;
  if (v4_) {
    store_be16(ip + Ip4::total_length, static_cast<uint16_t>(p.length - l3));
    store_be16(ip + Ip4::checksum, 0);
    const uint16_t sum = checksum::sum({ip, Ipv4View::min_header});
    store_be16(ip + Ip4::checksum, checksum::finish(sum));
  } else {
    store_be16(ip + Ip6::payload_length, static_cast<uint16_t>(p.length - l3 - Ipv6View::size));
  }
  store_be16(p.data + l4_ + Tcp::checksum, pseudo_sum(p.data, v4_, p.length - l4_));
  p.offload.gso = v4_ ? Offload::Gso::tcp4 : Offload::Gso::tcp6;
  p.offload.segment_size = static_cast<uint16_t>(size_);
  p.offload.needs_checksum = true;
  p.offload.checksum_start = l4_;
  p.offload.checksum_offset = Tcp::checksum;
}

}  // namespace uswitch
