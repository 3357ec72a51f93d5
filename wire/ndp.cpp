#include "wire/ndp.h"

namespace uswitch {

namespace {

// Bytes before the first option; 0 for what is not neighbour discovery.
size_t fixed_size(uint8_t type) {
  switch (type) {
    case icmp6_type::router_solicitation:
      return 8;
    case icmp6_type::router_advertisement:
      return 16;
    case icmp6_type::neighbor_solicitation:
    case icmp6_type::neighbor_advertisement:
      return 24;
    case icmp6_type::redirect:
      return 40;
    default:
      return 0;
  }
}

// Option lengths count in units of 8 bytes.
bool options_fit(std::span<const uint8_t> options) {
  while (!options.empty()) {
    if (options.size() < 8) return false;
    size_t size = options[1] * 8u;
    if (size == 0 || size > options.size()) return false;
    options = options.subspan(size);
  }
  return true;
}

}  // namespace

std::optional<NdpView> NdpView::parse(std::span<const uint8_t> message) {
  if (message.size() < IcmpView::size) return std::nullopt;
  size_t fixed = fixed_size(message[0]);
  if (fixed == 0 || message.size() < fixed) return std::nullopt;
  if (!options_fit(message.subspan(fixed))) return std::nullopt;
  return NdpView(message);
}

std::optional<IpAddress> NdpView::target() const {
  if (fixed_size(type()) < 24) return std::nullopt;
  return IpAddress::load6(at(8));
}

std::optional<MacAddress> NdpView::link_address(uint8_t option) const {
  auto options = from(fixed_size(type()));
  while (!options.empty()) {
    if (options[0] == option) return MacAddress::load(options.data() + 2);
    options = options.subspan(options[1] * 8u);
  }
  return std::nullopt;
}

bool NdpView::links_only_to(const MacAddress& mac) const {
  auto options = from(fixed_size(type()));
  while (!options.empty()) {
    const bool link =
        options[0] == Option::source_link_address || options[0] == Option::target_link_address;
    if (link && MacAddress::load(options.data() + 2) != mac) return false;
    options = options.subspan(options[1] * 8u);
  }
  return true;
}

}  // namespace uswitch
