#include "wire/address.h"

#include <arpa/inet.h>

#include <charconv>

#include "wire/bytes.h"

namespace uswitch {

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  MacAddress mac;
  for (size_t i = 0; i < 6; ++i) {
    const char* at = text.data() + i * 3;
    auto [end, error] = std::from_chars(at, at + 2, mac.bytes[i], 16);
    if (error != std::errc{} || end != at + 2) return std::nullopt;
    if (i < 5 && at[2] != ':' && at[2] != '-') return std::nullopt;
  }
  return mac;
}

std::string MacAddress::to_string() const {
  static constexpr char hex[] = "0123456789abcdef";
  std::string text;
  for (uint8_t b : bytes) {
    if (!text.empty()) text += ':';
    text += hex[b >> 4];
    text += hex[b & 15];
  }
  return text;
}

IpAddress IpAddress::from_v4(uint32_t host_order) {
  uint8_t wire[4];
  store_be32(wire, host_order);
  return load4(wire);
}

uint32_t IpAddress::v4() const {
  return load_be32(bytes.data() + 12);
}

bool IpAddress::is_unspecified() const {
  return is_v4() ? v4() == 0 : *this == IpAddress{};
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  IpAddress one;
  one.bytes[15] = 1;
  return *this == one;
}

bool IpAddress::is_multicast() const {
  return is_v4() ? (bytes[12] & 0xf0) == 0xe0 : bytes[0] == 0xff;
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return bytes[12] == 169 && bytes[13] == 254;
  return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  uint8_t wire[16];
  if (inet_pton(AF_INET, terminated.c_str(), wire) == 1) return load4(wire);
  if (inet_pton(AF_INET6, terminated.c_str(), wire) == 1) return load6(wire);
  return std::nullopt;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(is_v4() ? AF_INET : AF_INET6, wire(), text, sizeof text);
  return text;
}

namespace {

// The prefix length counted from the first of the 16 bytes.
unsigned bits_of_16(const IpPrefix& p) {
  return p.length + (p.address.is_v4() ? 96u : 0u);
}

// Byte i of the netmask of a prefix of `bits` bits.
uint8_t mask_byte(unsigned bits, unsigned i) {
  if (bits >= (i + 1) * 8) return 0xff;
  if (bits <= i * 8) return 0;
  return static_cast<uint8_t>(0xff << (8 - (bits - i * 8)));
}

}  // namespace

bool IpPrefix::contains(const IpAddress& other) const {
  if (address.family() != other.family()) return false;
  const unsigned bits = bits_of_16(*this);
  for (unsigned i = 0; i < 16; ++i) {
    if ((address.bytes[i] ^ other.bytes[i]) & mask_byte(bits, i)) return false;
  }
  return true;
}

IpAddress IpPrefix::network() const {
  IpAddress a = address;
  const unsigned bits = bits_of_16(*this);
  for (unsigned i = 0; i < 16; ++i) a.bytes[i] &= mask_byte(bits, i);
  return a;
}

IpAddress IpPrefix::broadcast() const {
  IpAddress a = address;
  const unsigned bits = bits_of_16(*this);
  for (unsigned i = 0; i < 16; ++i) a.bytes[i] |= static_cast<uint8_t>(~mask_byte(bits, i));
  return a;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpPrefix prefix{*address, 0};
  const char* begin = text.data() + slash + 1;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(begin, end, prefix.length);
  if (error != std::errc{} || stop != end) return std::nullopt;
  if (prefix.length > (address->is_v4() ? 32 : 128)) return std::nullopt;
  return prefix;
}

std::string IpPrefix::to_string() const {
  return address.to_string() + "/" + std::to_string(length);
}

IpAddress eui64_link_local(const MacAddress& mac) {
  IpAddress a;
  a.bytes[0] = 0xfe;
  a.bytes[1] = 0x80;
  std::memcpy(a.bytes.data() + 8, mac.bytes.data(), 3);
  a.bytes[8] ^= 0x02;
  a.bytes[11] = 0xff;
  a.bytes[12] = 0xfe;
  std::memcpy(a.bytes.data() + 13, mac.bytes.data() + 3, 3);
  return a;
}

}  // namespace uswitch
