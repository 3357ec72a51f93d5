// Time comes in as an argument: no stage reads a clock. A worker reads the monotonic clock once a
// turn; tests and replay pass what they like.
#pragma once
#include <chrono>
#include <cstdint>

namespace uswitch {

using Duration = std::chrono::nanoseconds;

// Nanoseconds of a monotonic clock whose origin is the process's start (never steps back).
using Time = std::chrono::time_point<std::chrono::steady_clock, Duration>;

}  // namespace uswitch
