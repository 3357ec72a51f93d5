#include "router/mss_clamp.h"

#include "router/own_packet.h"
#include "wire/checksum.h"
#include "wire/ip_protocol.h"
#include "wire/tcp.h"

namespace uswitch {

namespace {

constexpr uint8_t end_of_options = 0, no_operation = 1, maximum_segment_size = 2;
constexpr size_t mss_option_size = 4;

bool opens_a_connection(const Packet& p) {
  const Layout& l = p.layout;
  return l.l3_end != 0 && l.l4 != 0 && l.protocol == ip_protocol::tcp && l.fault == Reason::none &&
         (p.data[l.l4 + TcpView::Offset::flags] & TcpView::Flag::syn);
}

// The field still holds the pseudo-header sum, which no option is part of (VH-4).
bool checksum_is_undone(const Packet& p) {
  return p.offload.needs_checksum && p.offload.checksum_start == p.layout.l4;
}

// Lowers the value of the option at this offset of the TCP header.
void lower(Packet& p, size_t option, uint16_t limit) {
  uint8_t* tcp = p.data + p.layout.l4;
  uint8_t* value = tcp + option + 2;
  const uint16_t old = load_be16(value);
  if (old <= limit) return;
  store_be16(value, limit);
  if (checksum_is_undone(p)) return;
  // At an odd offset its bytes stand in the other halves of two words.
  const uint16_t delta = option % 2 == 0
                             ? checksum::change(old, limit)
                             : checksum::change(__builtin_bswap16(old), __builtin_bswap16(limit));
  uint8_t* field = tcp + TcpView::Offset::checksum;
  store_be16(field, checksum::apply(load_be16(field), delta));
}

// All of them, should there be more than one: the receiver may heed the last.
void lower_all(Packet& p, uint16_t limit) {
  const uint8_t* tcp = p.data + p.layout.l4;
  const size_t end = (tcp[TcpView::Offset::data_offset] >> 4) * 4u;
  for (size_t at = TcpView::min_header, length = 1; at < end; at += length) {
    length = 1;
    if (tcp[at] == end_of_options) return;
    if (tcp[at] == no_operation) continue;
    if (at + 1 == end) return;
    length = tcp[at + 1];
    if (length < 2 || length > end - at) return;
    if (tcp[at] == maximum_segment_size && length == mss_option_size) lower(p, at, limit);
  }
}

}  // namespace

void clamp_mss(Packet& packet, uint16_t mtu) {
  if (!opens_a_connection(packet)) return;
  const uint16_t headers = family_of(packet) == Family::v4 ? 40 : 60;
  if (mtu > headers) lower_all(packet, static_cast<uint16_t>(mtu - headers));
}

}  // namespace uswitch
