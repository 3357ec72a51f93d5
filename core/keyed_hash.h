// A hash of a few words under a secret key, for tables whose keys come from the network: without
// the key nobody can aim at one bucket or predict a port. Not cryptographic: fast, and hard to
// steer for who sees no result. Any thread; no state.
#pragma once
#include <cstdint>

#include "core/fold.h"
#include "wire/address.h"

namespace uswitch {

class KeyedHash {
 public:
  struct Seed {
    uint64_t words[8];
  };
  // Keyed by the kernel's random numbers; throws std::system_error when there are none. Tests make
  // keys of their own.
  KeyedHash() : KeyedHash(random_seed()) {}
  explicit constexpr KeyedHash(const Seed& seed) : seed_(seed) {}

  uint64_t operator()(uint64_t a, uint64_t b, uint64_t c) const {
    const auto& s = seed_.words;
    return finish(fold(a ^ s[0], b ^ s[1]) ^ c ^ s[4], s[5]);
  }
  uint64_t operator()(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) const {
    const auto& s = seed_.words;
    return finish(fold(a ^ s[0], b ^ s[1]) ^ e ^ s[4], fold(c ^ s[2], d ^ s[3]) ^ s[5]);
  }

 private:
  // Words that differ in few bits, as ports of one host do, leave a pattern after one product
  // alone.
  uint64_t finish(uint64_t a, uint64_t b) const {
    return fold(fold(a, b) ^ seed_.words[6], seed_.words[7] | 1);
  }
  static Seed random_seed();

  Seed seed_;
};

inline uint64_t first_half(const IpAddress& a) {
  return load_be64(a.bytes.data());
}
inline uint64_t second_half(const IpAddress& a) {
  return load_be64(a.bytes.data() + 8);
}

}  // namespace uswitch
