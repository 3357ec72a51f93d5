#include "tunnel/ecn.h"

#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

namespace uswitch {

namespace {

constexpr uint8_t ecn_mask = 3;

template <class Byte>
struct Inner {
  std::span<Byte> ip;  // empty: not IP
  bool v4 = false;

  uint8_t traffic_class() const {
    return v4 ? ip[Ipv4View::Offset::tos] : static_cast<uint8_t>(load_be16(ip.data()) >> 4 & 0xff);
  }
};

// Told by the version too: a frame that lies about its type is not IP.
template <class Byte>
Inner<Byte> inner_of(std::span<Byte> frame) {
  if (frame.size() < EthernetView::size + Ipv4View::min_header) return {};
  const uint16_t type = load_be16(frame.data() + EthernetView::Offset::type);
  const std::span<Byte> ip = frame.subspan(EthernetView::size);
  if (type == ether_type::ipv4 && ip[0] >> 4 == 4) return {ip, true};
  if (type == ether_type::ipv6 && ip[0] >> 4 == 6) return {ip, false};
  return {};
}

// The traffic class straddles the first two bytes of IPv6; no checksum covers it there.
void set_ecn(const Inner<uint8_t>& inner, Ecn ecn) {
  uint8_t* ip = inner.ip.data();
  const auto shift = inner.v4 ? 0 : 4;
  const uint16_t old_word = load_be16(ip);
  const auto word = static_cast<uint16_t>((old_word & ~(ecn_mask << shift)) |
                                          static_cast<uint16_t>(ecn) << shift);
  store_be16(ip, word);
  if (!inner.v4) return;
  constexpr size_t at = Ipv4View::Offset::checksum;
  store_be16(ip + at, checksum::apply(load_be16(ip + at), checksum::change(old_word, word)));
}

}  // namespace

uint8_t outer_traffic_class(std::span<const uint8_t> frame, std::optional<uint8_t> dscp) {
  const auto inner = inner_of(frame);
  const uint8_t copied = inner.ip.empty() ? 0 : inner.traffic_class();
  if (!dscp) return copied;
  return static_cast<uint8_t>(*dscp << 2 | (copied & ecn_mask));
}

std::optional<Ecn> decapsulated(Ecn inner, Ecn outer) {
  if (inner == Ecn::not_ect) {
    if (outer == Ecn::ce) return std::nullopt;
    return inner;
  }
  if (outer == Ecn::ce) return Ecn::ce;
  if (inner == Ecn::ect0 && outer == Ecn::ect1) return Ecn::ect1;
  return inner;
}

bool apply_outer_ecn(std::span<uint8_t> frame, uint8_t outer_class) {
  const auto outer = static_cast<Ecn>(outer_class & ecn_mask);
  if (outer == Ecn::not_ect || outer == Ecn::ect0) return true;  // change nothing
  const auto inner = inner_of(frame);
  if (inner.ip.empty()) return true;
  const auto before = static_cast<Ecn>(inner.traffic_class() & ecn_mask);
  const std::optional<Ecn> after = decapsulated(before, outer);
  if (!after) return false;
  if (*after != before) set_ecn(inner, *after);
  return true;
}

}  // namespace uswitch
