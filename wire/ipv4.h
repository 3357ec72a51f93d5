// The IPv4 header (RFC 791; checks of RFC 1812 5.2.2).
#pragma once
#include "wire/checksum.h"
#include "wire/ip_protocol.h"
#include "wire/view.h"

namespace uswitch {

template <class Byte>
class BasicIpv4View : public HeaderView<Byte> {
 public:
  static constexpr size_t min_header = 20;
  struct Offset {
    static constexpr size_t version_ihl = 0, tos = 1, total_length = 2, id = 4, fragment = 6,
                            ttl = 8, protocol = 9, checksum = 10, source = 12, destination = 16;
  };

  // `packet` may be followed by Ethernet padding, which the view leaves out (R4-2). All of R4-1 but
  // the header checksum is checked: a bridge does not need that one.
  static std::optional<BasicIpv4View> parse(std::span<Byte> packet) {
    if (packet.size() < min_header || packet[0] >> 4 != 4) return std::nullopt;
    size_t header = (packet[0] & 0x0fu) * 4;
    size_t total = load_be16(packet.data() + Offset::total_length);
    if (header < min_header || total < header || total > packet.size()) return std::nullopt;
    return BasicIpv4View(packet.first(total));
  }

  size_t header_size() const { return (this->get8(Offset::version_ihl) & 0x0fu) * 4; }
  uint8_t tos() const { return this->get8(Offset::tos); }
  uint16_t total_length() const { return this->get16(Offset::total_length); }
  uint16_t id() const { return this->get16(Offset::id); }
  bool dont_fragment() const { return (this->get8(Offset::fragment) & 0x40) != 0; }
  bool more_fragments() const { return (this->get8(Offset::fragment) & 0x20) != 0; }
  // In bytes.
  size_t fragment_offset() const { return (this->get16(Offset::fragment) & 0x1fffu) * 8; }
  bool is_fragment() const { return (this->get16(Offset::fragment) & 0x3fff) != 0; }
  uint8_t ttl() const { return this->get8(Offset::ttl); }
  uint8_t protocol() const { return this->get8(Offset::protocol); }
  uint16_t checksum() const { return this->get16(Offset::checksum); }
  IpAddress source() const { return IpAddress::load4(this->at(Offset::source)); }
  IpAddress destination() const { return IpAddress::load4(this->at(Offset::destination)); }

  std::span<Byte> header() const { return this->bytes().first(header_size()); }
  std::span<Byte> options() const { return header().subspan(min_header); }
  std::span<Byte> payload() const { return this->from(header_size()); }
  bool checksum_valid() const { return checksum::sum(header()) == 0xffff; }
  // The pseudo-header sum of a transport segment of this packet's protocol.
  uint16_t pseudo_sum(size_t segment_length) const {
    return checksum::pseudo4(this->at(Offset::source), protocol(), segment_length);
  }

  void set_tos(uint8_t v) const { this->put8(Offset::tos, v); }
  void set_id(uint16_t v) const { this->put16(Offset::id, v); }
  void set_ttl(uint8_t v) const { this->put8(Offset::ttl, v); }
  void set_checksum(uint16_t v) const { this->put16(Offset::checksum, v); }
  // The last four bytes, which are the whole of an IPv4 address.
  void set_source(const IpAddress& a) const {
    std::memcpy(this->at(Offset::source), a.bytes.data() + 12, 4);
  }
  void set_destination(const IpAddress& a) const {
    std::memcpy(this->at(Offset::destination), a.bytes.data() + 12, 4);
  }
  // Computes the header checksum anew.
  void fill_checksum() const {
    set_checksum(0);
    set_checksum(checksum::finish(checksum::sum(header())));
  }

 private:
  using HeaderView<Byte>::HeaderView;
};

using Ipv4View = BasicIpv4View<const uint8_t>;
using MutableIpv4View = BasicIpv4View<uint8_t>;

}  // namespace uswitch
