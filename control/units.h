// Numbers with units as people write them in the configuration. Pure functions, any thread;
// nullopt for anything that is not exactly the form described.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"

namespace uswitch {

// "0", "1500": decimal digits, no sign, no leading zero (it would be octal to other YAML readers).
std::optional<uint64_t> parse_integer(std::string_view text);

// A size or a count: an integer, or one followed by k (1024), M (1024 * 1024) or G.
std::optional<uint64_t> parse_size(std::string_view text);

// "300s", "5m", "2h", "2h4m", "500ms": units h, m, s, ms, each at most once and the larger first. A
// bare number is refused: it does not say what it counts.
std::optional<Duration> parse_duration(std::string_view text);

// In the largest unit that leaves no fraction: "5m", "301s"; whole milliseconds at the least.
std::string format_duration(Duration duration);

}  // namespace uswitch
