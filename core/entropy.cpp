#include "core/entropy.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>

namespace uswitch {

namespace {

// SplitMix64 (Steele, Lea and Flood 2014): every state, zero too, leads through all of them.
struct Sequence {
  uint64_t state;
  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
};
std::optional<Sequence> repeatable;

}  // namespace

RepeatableRandomness::RepeatableRandomness(uint64_t seed) {
  repeatable = Sequence{seed};
}
RepeatableRandomness::~RepeatableRandomness() {
  repeatable.reset();
}

void random_bytes(void* to, size_t size) {
  if (!repeatable) {
    if (getrandom(to, size, 0) != static_cast<ssize_t>(size))
      throw std::system_error(errno, std::generic_category(), "getrandom");
    return;
  }
  auto* out = static_cast<uint8_t*>(to);
  while (size != 0) {
    const uint64_t word = repeatable->next();
    const size_t part = std::min(size, sizeof word);
    std::memcpy(out, &word, part);
    out += part;
    size -= part;
  }
}

}  // namespace uswitch
