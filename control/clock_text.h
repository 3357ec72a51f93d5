// A time of the day for people, to the nanosecond. No state; any thread.
#pragma once
#include <cstdint>
#include <string>

namespace uswitch {

// "12:00:01.123456789", local time, of nanoseconds since 1970.
std::string clock_text(uint64_t nanoseconds);

}  // namespace uswitch
