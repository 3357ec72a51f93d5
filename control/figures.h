// Numbers for people: short, with a unit, at most four significant digits. Programs get the exact
// ones with --json. No state; any thread.
#pragma once
#include <cstdint>
#include <string>

namespace uswitch {

std::string show_count(uint64_t n);        // "9999", "12.3 k", "1.20 M"
std::string show_bytes(uint64_t n);        // "980 B", "3.40 GB": powers of 1000
std::string show_fraction(double value);   // "0.25", "12.34"
std::string show_seconds(double seconds);  // "0.42 s", "59 s", "4m 12s", "2h 4m", "3d 5h"

}  // namespace uswitch
