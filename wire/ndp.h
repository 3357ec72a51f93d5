// Neighbour discovery messages (RFC 4861 4): what a switch needs to know who claims what.
#pragma once
#include "wire/icmp.h"
#include "wire/view.h"

namespace uswitch {

class NdpView : public HeaderView<const uint8_t> {
 public:
  struct Option {
    static constexpr uint8_t source_link_address = 1, target_link_address = 2;
  };

  // `message` is a whole ICMPv6 message. Refuses other types, and what ND-1 calls invalid about
  // lengths: too short for the type, an option of length 0 or past the end. Hop limit and checksum
  // are the caller's to judge.
  static std::optional<NdpView> parse(std::span<const uint8_t> message);

  uint8_t type() const { return get8(0); }
  uint8_t code() const { return get8(1); }
  // The address a solicitation asks for, an advertisement claims or a redirect names as the better
  // next hop; nothing in router messages.
  std::optional<IpAddress> target() const;
  // The MAC in the first option of that kind, if there is one.
  std::optional<MacAddress> link_address(uint8_t option) const;
  // Whether every link-layer address option names this MAC. Receivers differ in which of two equal
  // options they believe.
  bool links_only_to(const MacAddress& mac) const;

 private:
  using HeaderView::HeaderView;
};

}  // namespace uswitch
