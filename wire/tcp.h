// The TCP header (RFC 9293 3.1).
#pragma once
#include "wire/view.h"

namespace uswitch {

template <class Byte>
class BasicTcpView : public HeaderView<Byte> {
 public:
  static constexpr size_t min_header = 20;
  struct Offset {
    static constexpr size_t source = 0, destination = 2, sequence = 4, acknowledgment = 8,
                            data_offset = 12, flags = 13, window = 14, checksum = 16, urgent = 18;
  };
  struct Flag {
    static constexpr uint8_t fin = 0x01, syn = 0x02, rst = 0x04, psh = 0x08, ack = 0x10, urg = 0x20,
                             ece = 0x40, cwr = 0x80;
  };

  // `segment` is all of the IP payload.
  static std::optional<BasicTcpView> parse(std::span<Byte> segment) {
    if (segment.size() < min_header) return std::nullopt;
    size_t header = (segment[Offset::data_offset] >> 4) * 4u;
    if (header < min_header || header > segment.size()) return std::nullopt;
    return BasicTcpView(segment);
  }

  uint16_t source_port() const { return this->get16(Offset::source); }
  uint16_t destination_port() const { return this->get16(Offset::destination); }
  uint32_t sequence() const { return this->get32(Offset::sequence); }
  uint32_t acknowledgment() const { return this->get32(Offset::acknowledgment); }
  size_t header_size() const { return (this->get8(Offset::data_offset) >> 4) * 4u; }
  uint8_t flags() const { return this->get8(Offset::flags); }
  bool has(uint8_t flag) const { return (flags() & flag) != 0; }
  uint16_t window() const { return this->get16(Offset::window); }
  uint16_t checksum() const { return this->get16(Offset::checksum); }
  std::span<Byte> options() const {
    return this->bytes().subspan(min_header, header_size() - min_header);
  }
  std::span<Byte> payload() const { return this->from(header_size()); }

  void set_source_port(uint16_t v) const { this->put16(Offset::source, v); }
  void set_destination_port(uint16_t v) const { this->put16(Offset::destination, v); }
  void set_checksum(uint16_t v) const { this->put16(Offset::checksum, v); }

 private:
  using HeaderView<Byte>::HeaderView;
};

using TcpView = BasicTcpView<const uint8_t>;
using MutableTcpView = BasicTcpView<uint8_t>;

}  // namespace uswitch
