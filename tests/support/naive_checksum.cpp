#include "tests/support/naive_checksum.h"

namespace uswitch::test {

uint16_t naive_sum(std::span<const uint8_t> bytes, uint16_t start) {
  uint32_t sum = start;
  for (size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? bytes[i] * 256u : bytes[i];
    if (sum > 0xffff) sum -= 0xffff;
  }
  return static_cast<uint16_t>(sum);
}

uint16_t naive_pseudo_sum(std::span<const uint8_t> addresses, uint8_t protocol, size_t length) {
  uint8_t rest[8] = {};
  rest[0] = static_cast<uint8_t>(length >> 24);
  rest[1] = static_cast<uint8_t>(length >> 16);
  rest[2] = static_cast<uint8_t>(length >> 8);
  rest[3] = static_cast<uint8_t>(length);
  rest[7] = protocol;
  return naive_sum(rest, naive_sum(addresses));
}

}  // namespace uswitch::test
