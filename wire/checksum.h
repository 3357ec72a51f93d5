// The Internet checksum (RFC 1071): sums, pseudo-headers, incremental updates (RFC 1624).
//
// A *sum* is a folded one's complement sum of 16-bit words in host order, not complemented; sums of
// parts add up with add() when every part but the last has an even length. A *checksum* is the
// value of a header field: the complement of a sum. A *delta* is the change a rewrite makes to a
// sum; deltas add up too, so one may be computed for a whole flow and applied to each packet. Any
// thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "wire/address.h"
#include "wire/bytes.h"

namespace uswitch::checksum {

inline constexpr uint16_t add(uint16_t a, uint16_t b) {
  uint32_t s = uint32_t{a} + b;
  return static_cast<uint16_t>(s + (s >> 16));
}

// 64 bits of words as the machine has loaded them, down to 16 bits in host order of big-endian
// words: a one's complement sum does not care about byte order (RFC 1071 2 (B)).
inline uint16_t fold(uint64_t s) {
  s = (s >> 32) + (s & 0xffffffff);
  s = (s >> 32) + (s & 0xffffffff);
  s = (s >> 16) + (s & 0xffff);
  s = (s >> 16) + (s & 0xffff);
  return __builtin_bswap16(static_cast<uint16_t>(s));
}

// The sum of bytes at any alignment, an odd last byte padded with zero.
uint16_t sum(std::span<const uint8_t> bytes);
// Of 20 bytes: an IPv4 header without options, which every routed packet has.
inline uint16_t sum20(const uint8_t* p) {
  uint64_t s = 0;
  for (size_t i = 0; i < 20; i += 4) {
    uint32_t word;
    std::memcpy(&word, p + i, 4);
    s += word;
  }
  return fold(s);
}

// The same while copying, for segmentation: one pass over memory. Must not overlap.
uint16_t copy_and_sum(uint8_t* to, const uint8_t* from, size_t count);

// Sums of pseudo-headers: `addresses` point at source and destination as they stand in the header.
inline constexpr size_t pseudo4_addresses = 8, pseudo6_addresses = 32;
uint16_t pseudo4(const uint8_t* addresses, uint8_t protocol, size_t segment_length);
uint16_t pseudo6(const uint8_t* addresses, uint8_t protocol, size_t segment_length);

// From a sum to what the field holds. UDP sends a computed zero as FFFF, for zero means none.
inline constexpr uint16_t finish(uint16_t sum) {
  return static_cast<uint16_t>(~sum);
}
inline constexpr uint16_t finish_udp(uint16_t sum) {
  return sum == 0xffff ? 0xffff : finish(sum);
}

// What changing a field from one value to another does to a sum. The field must stand at an even
// offset; two bytes that straddle words must be changed as the words they are part of.
inline constexpr uint16_t change(uint16_t from, uint16_t to) {
  return add(static_cast<uint16_t>(~from), to);
}
inline constexpr uint16_t change32(uint32_t from, uint32_t to) {
  return add(change(static_cast<uint16_t>(from >> 16), static_cast<uint16_t>(to >> 16)),
             change(static_cast<uint16_t>(from), static_cast<uint16_t>(to)));
}
// Both of one family.
uint16_t change_address(const IpAddress& from, const IpAddress& to);

// RFC 1624 eqn 3: a right checksum stays right and a wrong one wrong by the same amount (NG-3).
inline constexpr uint16_t apply(uint16_t checksum, uint16_t delta) {
  return finish(add(static_cast<uint16_t>(~checksum), delta));
}
// For UDP: none (zero) stays none, and a result of zero becomes FFFF (NG-2).
inline constexpr uint16_t apply_udp(uint16_t checksum, uint16_t delta) {
  if (checksum == 0) return 0;
  return finish_udp(add(static_cast<uint16_t>(~checksum), delta));
}
// For a field that still holds the uncomplemented pseudo-header sum (VH-4): the delta of addresses
// and lengths only.
inline constexpr uint16_t apply_partial(uint16_t stored, uint16_t delta) {
  return add(stored, delta);
}

}  // namespace uswitch::checksum
