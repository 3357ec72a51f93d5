// MAC and IP addresses and prefixes as values: compare, hash, parse from text, print. No state, no
// I/O; any thread.
#pragma once
#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "wire/bytes.h"

namespace uswitch {

// An IEEE 802 MAC address, bytes in wire order.
struct MacAddress {
  std::array<uint8_t, 6> bytes{};

  auto operator<=>(const MacAddress&) const = default;

  static MacAddress load(const uint8_t* p) {
    MacAddress mac;
    std::memcpy(mac.bytes.data(), p, 6);
    return mac;
  }
  void store(uint8_t* p) const { std::memcpy(p, bytes.data(), 6); }

  // The 48 bits as a number, first byte the most significant.
  uint64_t to_u64() const {
    return uint64_t{load_be32(bytes.data())} << 16 | load_be16(bytes.data() + 4);
  }
  static MacAddress from_u64(uint64_t v) {
    MacAddress mac;
    for (int i = 5; i >= 0; --i, v >>= 8) mac.bytes[static_cast<size_t>(i)] = v & 0xff;
    return mac;
  }

  bool is_group() const { return bytes[0] & 1; }  // multicast or broadcast
  bool is_zero() const { return *this == MacAddress{}; }
  bool is_broadcast() const { return to_u64() == 0xffffffffffff; }
  // 01:80:C2:00:00:00..0F, which a bridge never relays (IEEE 802.1D-2004 7.12.6).
  bool is_link_local() const { return (to_u64() & ~uint64_t{0xf}) == 0x0180c2000000; }

  // "02:00:5e:10:00:01", either case, ':' or '-'.
  static std::optional<MacAddress> parse(std::string_view text);
  std::string to_string() const;
};

enum class Family : uint8_t { v4, v6 };

// An IPv4 or IPv6 address. IPv4 is held as the IPv4-mapped ::ffff:a.b.c.d, so that both families
// share one size, one comparison and one hash. An IPv4-mapped address cannot stand on a wire as
// IPv6 (RFC 4291 2.5.5.2), so nothing is ambiguous.
struct IpAddress {
  std::array<uint8_t, 16> bytes{};

  auto operator<=>(const IpAddress&) const = default;
  // As two words: the default is a call of memcmp.
  bool operator==(const IpAddress& other) const {
    const uint8_t *a = bytes.data(), *b = other.bytes.data();
    return ((load_be64(a) ^ load_be64(b)) | (load_be64(a + 8) ^ load_be64(b + 8))) == 0;
  }

  static IpAddress load4(const uint8_t* p) {
    // Stored at once: whoever reads one word or copies both need not wait for smaller stores to
    // end.
    using Words = uint64_t __attribute__((vector_size(16)));
    const uint64_t low = __builtin_bswap64(uint64_t{0xffff} << 32 | load_be32(p));
    return std::bit_cast<IpAddress>(Words{0, low});
  }
  static IpAddress load6(const uint8_t* p) {
    IpAddress a;
    std::memcpy(a.bytes.data(), p, 16);
    return a;
  }
  static IpAddress from_v4(uint32_t host_order);

  Family family() const {
    const uint64_t difference =
        load_be64(bytes.data()) | (uint64_t{load_be32(bytes.data() + 8)} ^ 0xffff);
    return difference == 0 ? Family::v4 : Family::v6;
  }
  bool is_v4() const { return family() == Family::v4; }
  uint32_t v4() const;  // host order; meaningful only when is_v4()
  // The bytes as they stand in a header: 4 or 16 of them.
  const uint8_t* wire() const { return bytes.data() + (is_v4() ? 12 : 0); }
  size_t wire_size() const { return is_v4() ? 4 : 16; }

  bool is_unspecified() const;  // 0.0.0.0 or ::
  bool is_loopback() const;     // 127/8 or ::1
  bool is_multicast() const;    // 224/4 or ff00::/8
  bool is_link_local() const;   // 169.254/16 or fe80::/10

  // "10.0.0.1" or any RFC 4291 2.2 form.
  static std::optional<IpAddress> parse(std::string_view text);
  // IPv6 in the canonical form of RFC 5952.
  std::string to_string() const;
};

// An address and a prefix length, as written: the host bits are kept ("10.0.0.11/24").
struct IpPrefix {
  IpAddress address;
  uint8_t length = 0;  // in bits of the address's own family: 0..32 or 0..128

  auto operator<=>(const IpPrefix&) const = default;

  bool contains(const IpAddress& other) const;  // false across families
  IpAddress network() const;                    // host bits cleared
  IpAddress broadcast() const;                  // host bits set; v4 directed broadcast

  // "10.0.0.0/24", "fd00::1/64". A missing length is refused.
  static std::optional<IpPrefix> parse(std::string_view text);
  std::string to_string() const;
};

// The modified EUI-64 interface identifier's link-local address of a MAC (RFC 4291 appendix A).
IpAddress eui64_link_local(const MacAddress& mac);

}  // namespace uswitch
