// The header of ICMP and ICMPv6 messages (RFC 792, RFC 4443): both begin with the same eight bytes,
// the types differ.
#pragma once
#include "wire/view.h"

namespace uswitch {

namespace icmp_type {
inline constexpr uint8_t echo_reply = 0, unreachable = 3, redirect = 5, echo_request = 8,
                         time_exceeded = 11, parameter_problem = 12;
}  // namespace icmp_type

namespace icmp6_type {
inline constexpr uint8_t unreachable = 1, packet_too_big = 2, time_exceeded = 3,
                         parameter_problem = 4, echo_request = 128, echo_reply = 129,
                         listener_report = 131, listener_done = 132, listener_report2 = 143,
                         router_solicitation = 133, router_advertisement = 134,
                         neighbor_solicitation = 135, neighbor_advertisement = 136, redirect = 137;
}  // namespace icmp6_type

template <class Byte>
class BasicIcmpView : public HeaderView<Byte> {
 public:
  static constexpr size_t size = 8;
  struct Offset {
    static constexpr size_t type = 0, code = 1, checksum = 2, rest = 4, id = 4, sequence = 6;
  };

  // `message` is all of the IP payload.
  static std::optional<BasicIcmpView> parse(std::span<Byte> message) {
    if (message.size() < size) return std::nullopt;
    return BasicIcmpView(message);
  }

  uint8_t type() const { return this->get8(Offset::type); }
  uint8_t code() const { return this->get8(Offset::code); }
  uint16_t checksum() const { return this->get16(Offset::checksum); }
  uint32_t rest() const { return this->get32(Offset::rest); }  // bytes 4..7, by type
  uint16_t id() const { return this->get16(Offset::id); }      // of echo messages
  uint16_t sequence() const { return this->get16(Offset::sequence); }
  // What follows: echo data, or the packet an error quotes.
  std::span<Byte> payload() const { return this->from(size); }

  void set_id(uint16_t v) const { this->put16(Offset::id, v); }
  void set_checksum(uint16_t v) const { this->put16(Offset::checksum, v); }

 private:
  using HeaderView<Byte>::HeaderView;
};

using IcmpView = BasicIcmpView<const uint8_t>;
using MutableIcmpView = BasicIcmpView<uint8_t>;

}  // namespace uswitch
