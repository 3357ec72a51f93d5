// A frame of which only the beginning is known, in a line for people. No state; any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace uswitch {

// "IPv4 10.0.0.2:5 > 10.0.0.3:80 TCP SYN seq 1 win 64240 len 0, 60 B"
std::string summary_of(std::span<const uint8_t> beginning, size_t length);

}  // namespace uswitch
