#include "control/figures.h"

#include <array>
#include <cstdio>

namespace uswitch {

namespace {

// Three significant digits and the largest unit that leaves a number of at least 1.
std::string scaled(uint64_t n, const char* suffix) {
  constexpr std::array units = {"", "k", "M", "G", "T", "P", "E"};
  auto value = static_cast<double>(n);
  size_t unit = 0;
  // From 999.5 on it would be printed as 1000.
  for (; value >= 999.5 && unit + 1 < units.size(); ++unit) value /= 1000;
  const int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.*f %s%s", decimals, value, units[unit], suffix);
  return text.data();
}

std::string pair(uint64_t large, const char* large_unit, uint64_t small, const char* small_unit) {
  return std::to_string(large) + large_unit + " " + std::to_string(small) + small_unit;
}

}  // namespace

std::string show_count(uint64_t n) {
  return n < 10'000 ? std::to_string(n) : scaled(n, "");
}

std::string show_bytes(uint64_t n) {
  return scaled(n, "B");
}

std::string show_fraction(double value) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

std::string show_seconds(double seconds) {
  const auto whole = static_cast<uint64_t>(seconds);
  if (seconds < 10 && seconds != static_cast<double>(whole)) return show_fraction(seconds) + " s";
  if (whole < 60) return std::to_string(whole) + " s";
  const uint64_t minutes = whole / 60, hours = minutes / 60, days = hours / 24;
  if (hours == 0) return pair(minutes, "m", whole % 60, "s");
  if (days == 0) return pair(hours, "h", minutes % 60, "m");
  return pair(days, "d", hours % 24, "h");
}

}  // namespace uswitch
