// The UDP header (RFC 768).
#pragma once
#include "wire/view.h"

namespace uswitch {

template <class Byte>
class BasicUdpView : public HeaderView<Byte> {
 public:
  static constexpr size_t size = 8;
  struct Offset {
    static constexpr size_t source = 0, destination = 2, length = 4, checksum = 6;
  };

  // `datagram` is all of the IP payload; what lies beyond the UDP length is left out.
  static std::optional<BasicUdpView> parse(std::span<Byte> datagram) {
    if (datagram.size() < size) return std::nullopt;
    size_t length = load_be16(datagram.data() + Offset::length);
    if (length < size || length > datagram.size()) return std::nullopt;
    return BasicUdpView(datagram.first(length));
  }

  uint16_t source_port() const { return this->get16(Offset::source); }
  uint16_t destination_port() const { return this->get16(Offset::destination); }
  uint16_t length() const { return this->get16(Offset::length); }
  uint16_t checksum() const { return this->get16(Offset::checksum); }
  std::span<Byte> payload() const { return this->from(size); }

  void set_source_port(uint16_t v) const { this->put16(Offset::source, v); }
  void set_destination_port(uint16_t v) const { this->put16(Offset::destination, v); }
  void set_checksum(uint16_t v) const { this->put16(Offset::checksum, v); }

 private:
  using HeaderView<Byte>::HeaderView;
};

using UdpView = BasicUdpView<const uint8_t>;
using MutableUdpView = BasicUdpView<uint8_t>;

}  // namespace uswitch
