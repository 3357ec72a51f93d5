// The IPv6 header and the walk along its extension headers (RFC 8200).
#pragma once
#include "wire/checksum.h"
#include "wire/ip_protocol.h"
#include "wire/view.h"

namespace uswitch {

template <class Byte>
class BasicIpv6View : public HeaderView<Byte> {
 public:
  static constexpr size_t size = 40;
  struct Offset {
    static constexpr size_t version = 0, payload_length = 4, next_header = 6, hop_limit = 7,
                            source = 8, destination = 24;
  };

  // `packet` may be followed by Ethernet padding, which the view leaves out. A jumbogram (RFC 2675)
  // says payload length 0 and is therefore seen as a bare header.
  static std::optional<BasicIpv6View> parse(std::span<Byte> packet) {
    if (packet.size() < size || packet[0] >> 4 != 6) return std::nullopt;
    size_t whole = size + load_be16(packet.data() + Offset::payload_length);
    if (whole > packet.size()) return std::nullopt;
    return BasicIpv6View(packet.first(whole));
  }

  uint8_t traffic_class() const {
    return static_cast<uint8_t>(this->get16(Offset::version) >> 4 & 0xff);
  }
  uint32_t flow_label() const { return this->get32(Offset::version) & 0xfffff; }
  uint16_t payload_length() const { return this->get16(Offset::payload_length); }
  uint8_t next_header() const { return this->get8(Offset::next_header); }
  uint8_t hop_limit() const { return this->get8(Offset::hop_limit); }
  IpAddress source() const { return IpAddress::load6(this->at(Offset::source)); }
  IpAddress destination() const { return IpAddress::load6(this->at(Offset::destination)); }
  std::span<Byte> payload() const { return this->from(size); }
  // The pseudo-header sum of a transport segment (RFC 8200 8.1); `protocol` is the transport's
  // number, not that of an extension header.
  uint16_t pseudo_sum(uint8_t protocol, size_t segment_length) const {
    return checksum::pseudo6(this->at(Offset::source), protocol, segment_length);
  }

  void set_traffic_class(uint8_t v) const {
    this->put16(Offset::version,
                static_cast<uint16_t>((this->get16(Offset::version) & 0xf00f) | v << 4));
  }
  void set_source(const IpAddress& a) const {
    std::memcpy(this->at(Offset::source), a.bytes.data(), 16);
  }
  void set_destination(const IpAddress& a) const {
    std::memcpy(this->at(Offset::destination), a.bytes.data(), 16);
  }

 private:
  using HeaderView<Byte>::HeaderView;
};

using Ipv6View = BasicIpv6View<const uint8_t>;
using MutableIpv6View = BasicIpv6View<uint8_t>;

// Where the chain of extension headers ends (R6-3).
struct Ipv6Chain {
  static constexpr unsigned max_headers = 8;  // a longer chain is not followed

  bool malformed = false;  // an extension header runs past the packet
  bool complete = false;  // `protocol` is a transport's number, or no_next_header, and stands there
  uint8_t protocol = 0;   // the first next-header value that was not followed
  bool has_fragment_header = false;
  bool more_fragments = false;
  uint16_t fragment_offset = 0;  // in bytes; the walk ends at a fragment that is not the first
  uint32_t fragment_id = 0;
  size_t offset = 0;          // of what `protocol` names, from the start of the IPv6 header
  size_t next_header_at = 6;  // of the byte that is `protocol`, likewise
};

Ipv6Chain walk_extensions(const Ipv6View& packet);

}  // namespace uswitch
