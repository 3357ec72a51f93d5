#include "router/tcp_reset.h"

#include "core/layout.h"
#include "router/own_packet.h"
#include "wire/checksum.h"
#include "wire/ip_protocol.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"

namespace uswitch {

namespace {

using Tcp = TcpView::Offset;
using Flag = TcpView::Flag;

std::span<const uint8_t> segment_of(const Packet& p) {
  return p.frame().subspan(p.layout.l4, p.layout.l3_end - p.layout.l4);
}

// Of a segment that stands directly behind an IP header with these addresses.
uint16_t pseudo_sum(const Packet& p, size_t length) {
  const uint8_t* ip = p.data + Layout::l3;
  return family_of(p) == Family::v4
             ? checksum::pseudo4(ip + Ipv4View::Offset::source, ip_protocol::tcp, length)
             : checksum::pseudo6(ip + Ipv6View::Offset::source, ip_protocol::tcp, length);
}

// One that the sender left undone is right by what virtio means by it.
bool checksum_right(const Packet& p) {
  if (p.offload.needs_checksum) return true;
  const auto segment = segment_of(p);
  return checksum::add(checksum::sum(segment), pseudo_sum(p, segment.size())) == 0xffff;
}

bool calls_for_reset(const Packet& p) {
  const Layout& l = p.layout;
  return l.fault == Reason::none && !l.fragment && l.l4 != 0 && l.protocol == ip_protocol::tcp &&
         (p.data[l.l4 + Tcp::flags] & Flag::rst) == 0 && may_answer_sender(p) && checksum_right(p);
}

// The sequence numbers a segment takes up: its payload, SYN and FIN.
uint32_t sequence_length(const TcpView& tcp) {
  return static_cast<uint32_t>(tcp.payload().size()) + tcp.has(Flag::syn) + tcp.has(Flag::fin);
}

// RFC 9293 3.10.7.1: a number that the sender takes for one of this connection.
void write_segment(const TcpView& offending, uint8_t* tcp) {
  const bool acked = offending.has(Flag::ack);
  store_be16(tcp + Tcp::source, offending.destination_port());
  store_be16(tcp + Tcp::destination, offending.source_port());
  store_be32(tcp + Tcp::sequence, acked ? offending.acknowledgment() : 0);
  store_be32(tcp + Tcp::acknowledgment,
             acked ? 0 : offending.sequence() + sequence_length(offending));
  tcp[Tcp::data_offset] = TcpView::min_header / 4 << 4;
  tcp[Tcp::flags] = acked ? Flag::rst : Flag::rst | Flag::ack;
  store_be32(tcp + Tcp::window, 0);  // and the checksum
  store_be16(tcp + Tcp::urgent, 0);
}

}  // namespace

bool write_tcp_reset(const Packet& offending, Packet& out) {
  if (!calls_for_reset(offending)) return false;
  const auto segment = TcpView::parse(segment_of(offending));
  if (!segment) return false;
  constexpr uint16_t size = TcpView::min_header;
  uint8_t* tcp = write_own_header(
      {.source = destination_of(offending),
       .destination = source_of(offending),
       .family = family_of(offending),
       .traffic_class = static_cast<uint8_t>(traffic_class_of(offending) & 0xfc),  // without ECN
       .protocol = ip_protocol::tcp,
       .length = size},
      out);
  write_segment(*segment, tcp);
  (void)parse_layout(out);  // what was just written is sound
  const uint16_t sum = checksum::add(checksum::sum({tcp, size}), pseudo_sum(out, size));
  store_be16(tcp + Tcp::checksum, checksum::finish(sum));
  return true;
}

}  // namespace uswitch
