// A one's complement sum does not care about byte order (RFC 1071 2 (B)), so the loop adds whatever
// words the machine loads, as wide as it can, and swaps once at the end. Each 16 bytes become two
// lanes of two 32-bit halves added into 64-bit accumulators, which no buffer below 16 GiB can
// overflow: no carry has to be looked after. The vector type compiles to SSE2 on x86-64 and NEON on
// 64-bit ARM. Four accumulators hide the latency of the additions.
#include "wire/checksum.h"

namespace uswitch::checksum {

namespace {

using Lanes = uint64_t __attribute__((vector_size(16)));

template <class T>
inline T load(const uint8_t* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

template <class T>
inline void store(uint8_t* p, T v) {
  std::memcpy(p, &v, sizeof v);
}

inline Lanes halves(Lanes v) {
  constexpr Lanes low = {0xffffffff, 0xffffffff};
  return (v & low) + (v >> 32);
}

// One step over sizeof(T) bytes; with Copy they are written to `to` as well.
template <class T, bool Copy>
inline T step(const uint8_t*& from, uint8_t*& to) {
  T v = load<T>(from);
  from += sizeof v;
  if constexpr (Copy) {
    store(to, v);
    to += sizeof v;
  }
  return v;
}

// What is left below 16 bytes.
template <bool Copy>
inline uint64_t tail(const uint8_t* from, uint8_t* to, size_t count) {
  uint64_t sum = 0;
  if (count & 8) {
    auto v = step<uint64_t, Copy>(from, to);
    sum += (v >> 32) + (v & 0xffffffff);
  }
  if (count & 4) sum += step<uint32_t, Copy>(from, to);
  if (count & 2) sum += step<uint16_t, Copy>(from, to);
  if (count & 1) sum += step<uint8_t, Copy>(from, to);
  return sum;
}

template <bool Copy>
inline uint16_t run(const uint8_t* from, uint8_t* to, size_t count) {
  Lanes a{}, b{}, c{}, d{};
  for (; count >= 64; count -= 64) {
    a += halves(step<Lanes, Copy>(from, to));
    b += halves(step<Lanes, Copy>(from, to));
    c += halves(step<Lanes, Copy>(from, to));
    d += halves(step<Lanes, Copy>(from, to));
  }
  for (; count >= 16; count -= 16) a += halves(step<Lanes, Copy>(from, to));
  a += b + c + d;
  return fold(a[0] + a[1] + tail<Copy>(from, to, count));
}

// Protocol and length of a pseudo-header, as the words they make up in either family.
inline uint16_t pseudo_rest(uint8_t protocol, size_t length) {
  auto l = static_cast<uint32_t>(length);
  return add(add(static_cast<uint16_t>(l >> 16), static_cast<uint16_t>(l)), protocol);
}

}  // namespace

uint16_t sum(std::span<const uint8_t> bytes) {
  return run<false>(bytes.data(), nullptr, bytes.size());
}

uint16_t copy_and_sum(uint8_t* to, const uint8_t* from, size_t count) {
  return run<true>(from, to, count);
}

uint16_t pseudo4(const uint8_t* addresses, uint8_t protocol, size_t segment_length) {
  return add(sum({addresses, pseudo4_addresses}), pseudo_rest(protocol, segment_length));
}

uint16_t pseudo6(const uint8_t* addresses, uint8_t protocol, size_t segment_length) {
  return add(sum({addresses, pseudo6_addresses}), pseudo_rest(protocol, segment_length));
}

// As 16 bytes in either family: what IPv4-mapped addresses have before the address is the same in
// both, and cancels out.
uint16_t change_address(const IpAddress& from, const IpAddress& to) {
  auto halves_of = [](const IpAddress& a) {
    const auto high = load<uint64_t>(a.bytes.data()), low = load<uint64_t>(a.bytes.data() + 8);
    return (high >> 32) + (high & 0xffffffff) + (low >> 32) + (low & 0xffffffff);
  };
  constexpr uint64_t zero = uint64_t{4} * 0xffffffff;  // in one's complement, and as large as any
  return fold(zero - halves_of(from) + halves_of(to));
}

}  // namespace uswitch::checksum
