// Random bits for the keys of hashes and whatever nobody is to foresee.
#pragma once
#include <cstddef>
#include <cstdint>

namespace uswitch {

// Any thread. From the kernel; throws std::system_error when there are none.
void random_bytes(void* to, size_t size);

template <class Value>
Value random_value() {
  Value value;
  random_bytes(&value, sizeof value);
  return value;
}

// For replay, where two runs must not differ: as long as it lives random_bytes() goes through one
// sequence, which follows from the seed. One at a time, in a process where one thread draws.
class RepeatableRandomness {
 public:
  explicit RepeatableRandomness(uint64_t seed);
  ~RepeatableRandomness();
  RepeatableRandomness(const RepeatableRandomness&) = delete;
  RepeatableRandomness& operator=(const RepeatableRandomness&) = delete;
};

}  // namespace uswitch
