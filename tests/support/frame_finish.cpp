// The second half of FrameBuilder: the lies and what bytes() computes.
#include <algorithm>
#include <stdexcept>

#include "tests/support/frame_builder.h"
#include "tests/support/naive_checksum.h"

namespace uswitch::test {

namespace {

constexpr uint8_t icmp4 = 1, udp_protocol = 17;

void put16(uint8_t* p, size_t v) {
  p[0] = static_cast<uint8_t>(v >> 8);
  p[1] = static_cast<uint8_t>(v);
}

}  // namespace

FrameBuilder& FrameBuilder::ip_length(uint16_t length) {
  ip_length_ = length;
  return *this;
}

FrameBuilder& FrameBuilder::ip_checksum(uint16_t value) {
  ip_checksum_ = value;
  return *this;
}

FrameBuilder& FrameBuilder::ihl(uint8_t words) {
  bytes_[l3_] = static_cast<uint8_t>((bytes_[l3_] & 0xf0) | words);
  return *this;
}

FrameBuilder& FrameBuilder::ip_version(uint8_t version) {
  bytes_[l3_] = static_cast<uint8_t>(version << 4 | (bytes_[l3_] & 0x0f));
  return *this;
}

FrameBuilder& FrameBuilder::udp_length(uint16_t length) {
  udp_length_ = length;
  return *this;
}

FrameBuilder& FrameBuilder::data_offset(uint8_t words) {
  bytes_[l4_ + 12] = static_cast<uint8_t>(words << 4);
  return *this;
}

FrameBuilder& FrameBuilder::l4_checksum(uint16_t value) {
  l4_checksum_ = value;
  return *this;
}

FrameBuilder& FrameBuilder::set(size_t offset, std::initializer_list<uint8_t> values) {
  std::ranges::copy(values, bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
  return *this;
}

FrameBuilder& FrameBuilder::pad(size_t frame_length) {
  pad_ = frame_length;
  return *this;
}

FrameBuilder& FrameBuilder::truncate(size_t frame_length) {
  truncate_ = frame_length;
  return *this;
}

FrameBuilder& FrameBuilder::partial_checksum() {
  partial_ = true;
  return *this;
}

FrameBuilder& FrameBuilder::gso(uint16_t segment_size) {
  partial_ = true;
  segment_size_ = segment_size;
  return *this;
}

// The finished frame

void FrameBuilder::finish_lengths(Bytes& b) const {
  if (l3_header_ == 0) return;
  size_t whole = b.size() - l3_;
  put16(&b[l3_ + (v6_header_ ? 4 : 2)], ip_length_.value_or(v6_header_ ? whole - 40 : whole));
  if (l4_protocol_ == udp_protocol) put16(&b[l4_ + 4], udp_length_.value_or(b.size() - l4_));
}

void FrameBuilder::finish_l4_checksum(Bytes& b) const {
  if (l4_checksum_at_ == 0) return;
  auto all = std::span<const uint8_t>(b);
  auto addresses = v6_header_ ? all.subspan(l3_ + 8, 32) : all.subspan(l3_ + 12, 8);
  uint16_t sum = 0;
  if (l4_protocol_ != icmp4) sum = naive_pseudo_sum(addresses, l4_protocol_, b.size() - l4_);
  if (!partial_) {
    sum = static_cast<uint16_t>(~naive_sum(all.subspan(l4_), sum));
    if (sum == 0 && l4_protocol_ == udp_protocol) sum = 0xffff;
  }
  put16(&b[l4_checksum_at_], l4_checksum_.value_or(sum));
}

void FrameBuilder::finish_ip_checksum(Bytes& b) const {
  if (l3_header_ == 0 || v6_header_) return;
  auto header = std::span<const uint8_t>(b).subspan(l3_, l3_header_);
  put16(&b[l3_ + 10], ip_checksum_.value_or(static_cast<uint16_t>(~naive_sum(header))));
}

Bytes FrameBuilder::bytes() const {
  Bytes b = bytes_;
  finish_lengths(b);
  finish_l4_checksum(b);
  finish_ip_checksum(b);
  if (b.size() < pad_) b.resize(pad_);
  if (truncate_) b.resize(*truncate_);
  return b;
}

Offload FrameBuilder::offload() const {
  Offload o;
  if (!partial_) return o;
  o.needs_checksum = true;
  o.checksum_start = static_cast<uint16_t>(l4_);
  o.checksum_offset = static_cast<uint16_t>(l4_checksum_at_ - l4_);
  o.segment_size = segment_size_;
  if (segment_size_ == 0) return o;
  if (l4_protocol_ == udp_protocol) {
    o.gso = Offload::Gso::udp;
  } else {
    o.gso = v6_header_ ? Offload::Gso::tcp6 : Offload::Gso::tcp4;
    o.ecn = (bytes_[l4_ + 13] & 0x80) != 0;
  }
  return o;
}

void FrameBuilder::store(Packet& packet) const {
  Bytes b = bytes();
  if (b.size() > packet.capacity - packet_headroom) throw std::length_error("frame too long");
  packet.reset();
  std::ranges::copy(b, packet.data);
  packet.length = static_cast<uint32_t>(b.size());
  packet.offload = offload();
}

}  // namespace uswitch::test
