#include "tests/support/frame_builder.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace uswitch::test {

namespace {

constexpr uint8_t icmp4 = 1, tcp_protocol = 6, udp_protocol = 17, icmp6 = 58;

void put16(uint8_t* p, size_t v) {
  p[0] = static_cast<uint8_t>(v >> 8);
  p[1] = static_cast<uint8_t>(v);
}

void put32(uint8_t* p, uint32_t v) {
  put16(p, v >> 16);
  put16(p + 2, v & 0xffff);
}

size_t round_up(size_t n, size_t unit) {
  return (n + unit - 1) / unit * unit;
}

}  // namespace

MacAddress mac(unsigned n) {
  return MacAddress::from_u64(0x020000000000 + n);
}

Mac::Mac(const char* text) {
  auto parsed = MacAddress::parse(text);
  if (!parsed) throw std::invalid_argument(std::string("not a MAC: ") + text);
  bytes = parsed->bytes;
}

Ip::Ip(const char* text) {
  auto parsed = IpAddress::parse(text);
  if (!parsed) throw std::invalid_argument(std::string("not an IP address: ") + text);
  bytes = parsed->bytes;
}

uint8_t* FrameBuilder::grow(size_t count) {
  bytes_.resize(bytes_.size() + count);
  return bytes_.data() + bytes_.size() - count;
}

FrameBuilder& FrameBuilder::append(std::span<const uint8_t> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}

// Link layer

FrameBuilder& FrameBuilder::eth(const Mac& source, const Mac& destination) {
  uint8_t* p = grow(14);
  destination.store(p);
  source.store(p + 6);
  type_at_ = bytes_.size() - 2;
  return *this;
}

FrameBuilder& FrameBuilder::vlan(uint16_t vid, uint8_t pcp, uint16_t tpid) {
  put16(&bytes_[type_at_], tpid);
  put16(grow(4), static_cast<size_t>(pcp << 13 | vid));
  type_at_ = bytes_.size() - 2;
  return *this;
}

FrameBuilder& FrameBuilder::ether_type(uint16_t type_or_length) {
  put16(&bytes_[type_at_], type_or_length);
  return *this;
}

FrameBuilder& FrameBuilder::arp(uint16_t op, const Mac& sha, const Ip& spa, const Mac& tha,
                                const Ip& tpa) {
  ether_type(0x0806);
  uint8_t* p = grow(28);
  put32(p, 0x00010800);
  put32(p + 4, 0x06040000u | op);
  sha.store(p + 8);
  std::copy_n(spa.wire(), 4, p + 14);
  tha.store(p + 18);
  std::copy_n(tpa.wire(), 4, p + 24);
  return *this;
}

FrameBuilder& FrameBuilder::arp_request(const Mac& sha, const Ip& spa, const Ip& tpa) {
  return arp(1, sha, spa, MacAddress{}, tpa);
}

FrameBuilder& FrameBuilder::arp_reply(const Mac& sha, const Ip& spa, const Mac& tha,
                                      const Ip& tpa) {
  return arp(2, sha, spa, tha, tpa);
}

// Network layer

FrameBuilder& FrameBuilder::ipv4(const Ip& source, const Ip& destination) {
  ether_type(0x0800);
  uint8_t* p = grow(20);
  p[0] = 0x45;
  p[8] = 64;
  std::copy_n(source.wire(), 4, p + 12);
  std::copy_n(destination.wire(), 4, p + 16);
  l3_ = bytes_.size() - 20;
  l3_header_ = 20;
  next_at_ = l3_ + 9;
  v6_header_ = false;
  return *this;
}

FrameBuilder& FrameBuilder::ipv6(const Ip& source, const Ip& destination) {
  ether_type(0x86dd);
  uint8_t* p = grow(40);
  p[0] = 0x60;
  p[6] = 59;
  p[7] = 64;
  std::copy_n(source.bytes.begin(), 16, p + 8);
  std::copy_n(destination.bytes.begin(), 16, p + 24);
  l3_ = bytes_.size() - 40;
  l3_header_ = 40;
  next_at_ = l3_ + 6;
  v6_header_ = true;
  return *this;
}

FrameBuilder& FrameBuilder::ttl(uint8_t value) {
  bytes_[l3_ + (v6_header_ ? 7 : 8)] = value;
  return *this;
}

FrameBuilder& FrameBuilder::tos(uint8_t value) {
  if (!v6_header_) return set(l3_ + 1, {value});
  uint8_t low = bytes_[l3_ + 1] & 0x0f;
  return set(l3_,
             {static_cast<uint8_t>(0x60 | value >> 4), static_cast<uint8_t>(value << 4 | low)});
}

FrameBuilder& FrameBuilder::ip_id(uint16_t id) {
  put16(&bytes_[l3_ + 4], id);
  return *this;
}

FrameBuilder& FrameBuilder::dont_fragment() {
  bytes_[l3_ + 6] |= 0x40;
  return *this;
}

FrameBuilder& FrameBuilder::fragment(uint16_t offset_bytes, bool more) {
  put16(&bytes_[l3_ + 6], static_cast<size_t>(offset_bytes / 8 | (more ? 0x2000 : 0)));
  return *this;
}

FrameBuilder& FrameBuilder::ip_options(std::span<const uint8_t> options) {
  l3_header_ += round_up(options.size(), 4);
  append(options);
  bytes_.resize(l3_ + l3_header_);
  return ihl(static_cast<uint8_t>(l3_header_ / 4));
}

FrameBuilder& FrameBuilder::protocol(uint8_t value) {
  bytes_[next_at_] = value;
  return *this;
}

FrameBuilder& FrameBuilder::extension(uint8_t type, std::span<const uint8_t> body) {
  protocol(type);
  size_t size = round_up(2 + body.size(), 8);
  next_at_ = bytes_.size();
  uint8_t* p = grow(size);
  p[0] = 59;
  // The authentication header alone counts in 4-byte units, less two (RFC 4302 2.2).
  p[1] = static_cast<uint8_t>(type == 51 ? size / 4 - 2 : size / 8 - 1);
  std::ranges::copy(body, p + 2);
  return *this;
}

FrameBuilder& FrameBuilder::fragment_header(uint16_t offset_bytes, bool more, uint32_t id) {
  uint8_t body[6];
  put16(body, static_cast<size_t>((offset_bytes & 0xfff8) | (more ? 1 : 0)));
  put32(body + 2, id);
  return extension(44, body);
}

// Transport layer

void FrameBuilder::begin_l4(uint8_t number, size_t size, size_t checksum_offset) {
  protocol(number);
  l4_protocol_ = number;
  l4_ = bytes_.size();
  l4_checksum_at_ = l4_ + checksum_offset;
  grow(size);
}

FrameBuilder& FrameBuilder::udp(uint16_t source, uint16_t destination) {
  begin_l4(udp_protocol, 8, 6);
  put16(&bytes_[l4_], source);
  put16(&bytes_[l4_ + 2], destination);
  return *this;
}

FrameBuilder& FrameBuilder::tcp(uint16_t source, uint16_t destination) {
  begin_l4(tcp_protocol, 20, 16);
  put16(&bytes_[l4_], source);
  put16(&bytes_[l4_ + 2], destination);
  bytes_[l4_ + 12] = 0x50;
  return flags("A").window(64240);
}

FrameBuilder& FrameBuilder::flags(std::string_view letters) {
  constexpr std::string_view all = "FSRPAUEC";
  uint8_t value = 0;
  for (char c : letters) {
    size_t bit = all.find(c);
    if (bit == all.npos) throw std::invalid_argument("not TCP flags: " + std::string(letters));
    value |= static_cast<uint8_t>(1 << bit);
  }
  bytes_[l4_ + 13] = value;
  return *this;
}

FrameBuilder& FrameBuilder::seq(uint32_t number) {
  put32(&bytes_[l4_ + 4], number);
  return *this;
}

FrameBuilder& FrameBuilder::ack(uint32_t number) {
  put32(&bytes_[l4_ + 8], number);
  return *this;
}

FrameBuilder& FrameBuilder::window(uint16_t size) {
  put16(&bytes_[l4_ + 14], size);
  return *this;
}

FrameBuilder& FrameBuilder::tcp_options(std::span<const uint8_t> options) {
  size_t size = round_up(options.size(), 4);
  std::ranges::copy(options, grow(size));
  return data_offset(static_cast<uint8_t>((20 + size) / 4));
}

FrameBuilder& FrameBuilder::icmp(uint8_t type, uint8_t code, uint32_t rest) {
  begin_l4(v6_header_ ? icmp6 : icmp4, 8, 2);
  bytes_[l4_] = type;
  bytes_[l4_ + 1] = code;
  put32(&bytes_[l4_ + 4], rest);
  return *this;
}

FrameBuilder& FrameBuilder::echo_request(uint16_t id, uint16_t sequence) {
  return icmp(v6_header_ ? 128 : 8, 0, static_cast<uint32_t>(id) << 16 | sequence);
}

FrameBuilder& FrameBuilder::echo_reply(uint16_t id, uint16_t sequence) {
  return icmp(v6_header_ ? 129 : 0, 0, static_cast<uint32_t>(id) << 16 | sequence);
}

FrameBuilder& FrameBuilder::link_option(uint8_t type, const std::optional<Mac>& link) {
  if (!link) return *this;
  uint8_t* p = grow(8);
  p[0] = type;
  p[1] = 1;
  link->store(p + 2);
  return *this;
}

FrameBuilder& FrameBuilder::router_solicitation(std::optional<Mac> source) {
  return ttl(255).icmp(133, 0).link_option(1, source);
}

FrameBuilder& FrameBuilder::router_advertisement(std::optional<Mac> source) {
  return ttl(255).icmp(134, 0, 0x40000708).zeros(8).link_option(1, source);
}

FrameBuilder& FrameBuilder::neighbor_solicitation(const Ip& target, std::optional<Mac> source) {
  return ttl(255).icmp(135, 0).append(target.bytes).link_option(1, source);
}

FrameBuilder& FrameBuilder::neighbor_advertisement(const Ip& target, std::optional<Mac> link,
                                                   uint32_t flag_bits) {
  return ttl(255).icmp(136, 0, flag_bits).append(target.bytes).link_option(2, link);
}

FrameBuilder& FrameBuilder::redirect(const Ip& target, const Ip& destination) {
  return ttl(255).icmp(137, 0).append(target.bytes).append(destination.bytes);
}

// Contents

FrameBuilder& FrameBuilder::payload(std::string_view text) {
  bytes_.insert(bytes_.end(), text.begin(), text.end());
  return *this;
}

FrameBuilder& FrameBuilder::payload(std::span<const uint8_t> bytes) {
  return append(bytes);
}

FrameBuilder& FrameBuilder::fill(size_t count, uint8_t value) {
  bytes_.insert(bytes_.end(), count, value);
  return *this;
}

FrameBuilder& FrameBuilder::pattern(size_t count) {
  uint32_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525 + 1013904223;
    bytes_.push_back(static_cast<uint8_t>(state >> 24));
  }
  return *this;
}

}  // namespace uswitch::test
