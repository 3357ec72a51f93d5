#include "control/units.h"

#include <charconv>

namespace uswitch {
namespace {

struct DurationUnit {
  std::string_view name;
  int64_t nanoseconds;
};
constexpr DurationUnit duration_units[] = {
    {"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000}, {"ms", 1'000'000}};

// Cuts the characters of the wanted kind off the front of the text and returns them.
template <class Wanted>
std::string_view take_while(std::string_view& text, Wanted wanted) {
  size_t n = 0;
  while (n < text.size() && wanted(text[n])) ++n;
  std::string_view front = text.substr(0, n);
  text.remove_prefix(n);
  return front;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

unsigned shift_of(char suffix) {
  switch (suffix) {
    case 'k':
      return 10;
    case 'M':
      return 20;
    case 'G':
      return 30;
    default:
      return 0;
  }
}

}  // namespace

std::optional<uint64_t> parse_integer(std::string_view text) {
  if (text.empty() || !is_digit(text[0]) || (text.size() > 1 && text[0] == '0')) return {};
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::optional<uint64_t> parse_size(std::string_view text) {
  const unsigned shift = text.empty() ? 0 : shift_of(text.back());
  if (shift) text.remove_suffix(1);
  auto value = parse_integer(text);
  if (!value || *value > UINT64_MAX >> shift) return {};
  return *value << shift;
}

std::optional<Duration> parse_duration(std::string_view text) {
  const DurationUnit* unit = std::begin(duration_units);
  int64_t sum = 0;
  do {
    auto value = parse_integer(take_while(text, is_digit));
    std::string_view name = take_while(text, [](char c) { return !is_digit(c); });
    while (unit != std::end(duration_units) && unit->name != name) ++unit;
    if (!value || unit == std::end(duration_units)) return {};
    int64_t part;
    if (*value > INT64_MAX || __builtin_mul_overflow(int64_t(*value), unit->nanoseconds, &part) ||
        __builtin_add_overflow(sum, part, &sum)) {
      return {};
    }
    ++unit;
  } while (!text.empty());
  return Duration(sum);
}

std::string format_duration(Duration duration) {
  for (const auto& unit : duration_units) {
    if (duration.count() != 0 && duration.count() % unit.nanoseconds == 0) {
      return std::to_string(duration.count() / unit.nanoseconds) + std::string(unit.name);
    }
  }
  return std::to_string(duration.count() / 1'000'000) + "ms";
}

}  // namespace uswitch
