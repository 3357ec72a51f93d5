// A hash for tables whose keys come from the network. Without the key nobody can choose addresses
// that meet in one place; it is fast rather than cryptographic, for who could observe single
// collisions. Any thread; no state.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>

#include "wire/address.h"

namespace uswitch {

struct HashKey {
  std::array<uint64_t, 4> words;

  // From the kernel's random numbers; throws std::system_error when there are none. Tests make keys
  // of their own.
  static HashKey random();
};

inline uint64_t fold_multiply(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product);
}

inline uint64_t keyed_hash(const HashKey& key, std::initializer_list<uint64_t> values) {
  const auto& k = key.words;
  uint64_t hash = k[0];
  for (const uint64_t v : values) hash = fold_multiply(hash ^ v, k[1]) + k[2];
  return fold_multiply(hash, k[3]);
}

inline uint64_t first_half(const IpAddress& a) {
  return load_be64(a.bytes.data());
}
inline uint64_t second_half(const IpAddress& a) {
  return load_be64(a.bytes.data() + 8);
}

}  // namespace uswitch
