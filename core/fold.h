// The mixing step of the keyed hashes here: a full multiplication, its halves folded into one.
// Every bit of both numbers reaches the result, in a few cycles. Unlike a cryptographic hash it
// hides a key only from those who cannot see results.
#pragma once
#include <cstdint>

namespace uswitch {

// 0 when either is 0: xor what others choose with a key first.
inline uint64_t fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product);
}

}  // namespace uswitch
