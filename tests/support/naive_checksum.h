// The Internet checksum in the plainest way, to judge wire/checksum and core/gso with. Shares no
// code with them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace uswitch::test {

// The 16-bit one's complement sum of bytes in the plainest way (RFC 1071), continuing from `sum`.
uint16_t naive_sum(std::span<const uint8_t> bytes, uint16_t sum = 0);

// The sum of the pseudo-header of RFC 768 / 9293 / 8200 8.1; addresses of one family.
uint16_t naive_pseudo_sum(std::span<const uint8_t> addresses, uint8_t protocol, size_t length);

}  // namespace uswitch::test
