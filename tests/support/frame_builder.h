// Builds test frames layer by layer, from the outside in:
//
//   frame().eth(mac(1), mac(2)).vlan(10).ipv4("10.0.0.1", "10.0.0.2").udp(1,
//   2).payload("hi").bytes()
//
// Lengths, next-header fields and checksums are right unless overridden, and then everything else
// is still right: a frame lies in exactly the field the test names. The code shares nothing with
// wire/ but addresses, so that a mistake there cannot hide itself here.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/packet.h"
#include "wire/address.h"

namespace uswitch::test {

using Bytes = std::vector<uint8_t>;

// 02:00:00:00:00:01 for 1, and so on.
MacAddress mac(unsigned n);

// A MAC or IP address as a test likes to write it; a text that does not parse throws.
struct Mac : MacAddress {
  Mac(MacAddress address) : MacAddress(address) {}
  Mac(const char* text);
};
struct Ip : IpAddress {
  Ip(IpAddress address) : IpAddress(address) {}
  Ip(const char* text);
};

class FrameBuilder {
 public:
  // Link layer. The EtherType follows from the next layer unless given.
  FrameBuilder& eth(const Mac& source, const Mac& destination);
  FrameBuilder& vlan(uint16_t vid, uint8_t pcp = 0, uint16_t tpid = 0x8100);
  FrameBuilder& ether_type(uint16_t type_or_length);

  FrameBuilder& arp(uint16_t op, const Mac& sha, const Ip& spa, const Mac& tha, const Ip& tpa);
  FrameBuilder& arp_request(const Mac& sha, const Ip& spa, const Ip& tpa);
  FrameBuilder& arp_reply(const Mac& sha, const Ip& spa, const Mac& tha, const Ip& tpa);

  // Network layer; the setters below change the innermost IP header.
  FrameBuilder& ipv4(const Ip& source, const Ip& destination);
  FrameBuilder& ipv6(const Ip& source, const Ip& destination);
  FrameBuilder& ttl(uint8_t ttl_or_hop_limit);
  FrameBuilder& tos(uint8_t tos_or_traffic_class);
  FrameBuilder& ip_id(uint16_t id);
  FrameBuilder& dont_fragment();
  FrameBuilder& fragment(uint16_t offset_bytes, bool more);    // IPv4
  FrameBuilder& ip_options(std::span<const uint8_t> options);  // IPv4, padded to 4; call first
  FrameBuilder& protocol(uint8_t protocol_or_next_header);     // when no known layer follows
  // IPv6: the extension header `type` with this body after its two leading bytes, padded to 8.
  FrameBuilder& extension(uint8_t type, std::span<const uint8_t> body = {});
  FrameBuilder& fragment_header(uint16_t offset_bytes, bool more, uint32_t id = 1);

  // Transport layer.
  FrameBuilder& udp(uint16_t source, uint16_t destination);
  FrameBuilder& tcp(uint16_t source, uint16_t destination);
  FrameBuilder& flags(std::string_view letters);  // of "FSRPAUEC"; the default is "A"
  FrameBuilder& seq(uint32_t number);
  FrameBuilder& ack(uint32_t number);
  FrameBuilder& window(uint16_t size);
  FrameBuilder& tcp_options(std::span<const uint8_t> options);  // padded to 4
  // ICMP or ICMPv6, after the IP layer before it; `rest` are bytes 4..7.
  FrameBuilder& icmp(uint8_t type, uint8_t code, uint32_t rest = 0);
  FrameBuilder& echo_request(uint16_t id, uint16_t sequence);
  FrameBuilder& echo_reply(uint16_t id, uint16_t sequence);
  // Neighbour discovery: each sets hop limit 255; the MAC goes into the link-layer address option.
  FrameBuilder& router_solicitation(std::optional<Mac> source = {});
  FrameBuilder& router_advertisement(std::optional<Mac> source = {});
  FrameBuilder& neighbor_solicitation(const Ip& target, std::optional<Mac> source = {});
  FrameBuilder& neighbor_advertisement(const Ip& target, std::optional<Mac> link = {},
                                       uint32_t flags = 0x60000000);
  FrameBuilder& redirect(const Ip& target, const Ip& destination);

  FrameBuilder& payload(std::string_view text);
  FrameBuilder& payload(std::span<const uint8_t> bytes);
  FrameBuilder& zeros(size_t count) { return fill(count, 0); }
  FrameBuilder& fill(size_t count, uint8_t value);
  FrameBuilder& pattern(size_t count);  // bytes that differ from their neighbours at any offset

  // Lies. Lengths and checksums that are named here are not computed.
  FrameBuilder& ip_length(uint16_t total_or_payload_length);
  FrameBuilder& ip_checksum(uint16_t value);
  FrameBuilder& ihl(uint8_t words);
  FrameBuilder& ip_version(uint8_t version);
  FrameBuilder& udp_length(uint16_t length);
  FrameBuilder& data_offset(uint8_t words);  // of TCP
  FrameBuilder& l4_checksum(uint16_t value);
  FrameBuilder& set(size_t offset, std::initializer_list<uint8_t> values);  // of the frame so far
  FrameBuilder& pad(size_t frame_length);       // zero padding outside the IP packet (R4-2)
  FrameBuilder& truncate(size_t frame_length);  // applied last

  // Offload requests: the transport checksum is left as the pseudo-header sum (VH-3); gso also asks
  // for segments of that many payload bytes.
  FrameBuilder& partial_checksum();
  FrameBuilder& gso(uint16_t segment_size);

  Bytes bytes() const;
  Offload offload() const;
  // Puts frame and offload request into a packet as a port would; the layout is not filled in.
  void store(Packet& packet) const;

 private:
  uint8_t* grow(size_t count);
  FrameBuilder& append(std::span<const uint8_t> bytes);
  void begin_l4(uint8_t protocol, size_t size, size_t checksum_offset);
  FrameBuilder& link_option(uint8_t type, const std::optional<Mac>& link);
  void finish_lengths(Bytes& b) const;
  void finish_l4_checksum(Bytes& b) const;
  void finish_ip_checksum(Bytes& b) const;

  Bytes bytes_;
  size_t type_at_ = 0;  // offsets in bytes_; 0: there is none
  size_t l3_ = 0;
  size_t l3_header_ = 0;  // bytes of the fixed header and its IPv4 options
  size_t next_at_ = 0;    // the protocol or next-header field to fill
  size_t l4_ = 0;
  size_t l4_checksum_at_ = 0;
  uint8_t l4_protocol_ = 0;
  bool v6_header_ = false;
  bool partial_ = false;
  uint16_t segment_size_ = 0;
  std::optional<uint16_t> ip_length_, ip_checksum_, udp_length_, l4_checksum_;
  size_t pad_ = 0;
  std::optional<size_t> truncate_;
};

inline FrameBuilder frame() {
  return {};
}

}  // namespace uswitch::test
