#include "nat/icmp_translate.h"

#include <algorithm>
#include <cstring>

#include "nat/partial_checksum.h"
#include "nat/rewrite.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"

namespace uswitch {

namespace {

// The part of the quote that rewrite_at may change: a TCP checksum stands farthest back.
std::span<const uint8_t> changeable(const Quote& quote, const Packet& packet) {
  constexpr uint32_t reach = TcpView::Offset::checksum + 2;
  uint32_t end = quote.l4 == 0 ? quote.end : std::min(quote.l4 + reach, quote.end);
  return packet.frame().subspan(quote.l3, end - quote.l3);
}

// Reverts the quoted packet. What that does to the sum of the message around it.
uint16_t revert_quote(const Quote& quote, const Tuple& to, Packet& packet) {
  const std::span<const uint8_t> touched = changeable(quote, packet);
  const uint16_t before = checksum::sum(touched);
  std::span<uint8_t> transport;
  if (quote.l4 != 0) transport = packet.frame().subspan(quote.l4, quote.end - quote.l4);
  rewrite_at(packet.data + quote.l3, transport, quote.flow.tuple, to);
  return checksum::change(before, checksum::sum(touched));
}

// `addresses` of the error's own header become `destination` and, if there is one, `source`. What
// that does to their sum.
uint16_t change_outer(std::span<uint8_t> addresses, const uint8_t* source,
                      const uint8_t* destination) {
  const size_t each = addresses.size() / 2;
  const uint16_t before = checksum::sum(addresses);
  if (source != nullptr) std::memcpy(addresses.data(), source, each);
  std::memcpy(addresses.data() + each, destination, each);
  return checksum::change(before, checksum::sum(addresses));
}

void update(uint8_t* field, uint16_t delta) {
  store_be16(field, checksum::apply(load_be16(field), delta));
}

}  // namespace

void translate_error(const Quote& quote, const Tuple& sent, Packet& packet) {
  if (sent == quote.flow.tuple) return;
  const bool v4 = packet.layout.ether_type == ether_type::ipv4;
  const uint16_t quote_delta = revert_quote(quote, sent, packet);

  uint8_t* ip = packet.data + Layout::l3;
  const bool moved = sent.destination != quote.flow.tuple.destination;
  uint8_t* addresses = ip + (v4 ? Ipv4View::Offset::source : Ipv6View::Offset::source);
  const uint16_t address_delta =
      change_outer({addresses, 2 * sent.source.wire_size()},
                   moved ? sent.destination.wire() : nullptr, sent.source.wire());
  if (v4) update(ip + Ipv4View::Offset::checksum, address_delta);

  uint8_t* field = packet.data + packet.layout.l4 + IcmpView::Offset::checksum;
  const uint16_t pseudo_delta = v4 ? 0 : address_delta;
  if (has_partial_checksum(packet, IcmpView::Offset::checksum))
    store_be16(field, checksum::apply_partial(load_be16(field), pseudo_delta));
  else
    update(field, checksum::add(quote_delta, pseudo_delta));
}

}  // namespace uswitch
