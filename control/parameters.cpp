#include <algorithm>
#include <charconv>

#include "control/views.h"

namespace uswitch {

std::optional<std::string> Parameters::text(std::string_view name) {
  known_ += (known_.empty() ? "" : ", ") + std::string(name);
  const auto is_it = [&](const auto& pair) { return pair.first == name; };
  const auto it = std::ranges::find_if(left_, is_it);
  if (it == left_.end()) return std::nullopt;
  std::string value = std::move(it->second);
  left_.erase(it);
  if (std::ranges::any_of(left_, is_it)) {
    throw BadQuery("parameter " + std::string(name) + " is given twice");
  }
  return value;
}

std::optional<uint64_t> Parameters::number(std::string_view name, uint64_t smallest,
                                           uint64_t largest) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  uint64_t number = 0;
  const char* end = value->data() + value->size();
  const auto [stop, error] = std::from_chars(value->data(), end, number);
  if (error != std::errc{} || stop != end || number < smallest || number > largest) {
    throw BadQuery(std::string(name) + " is '" + *value + "', it takes " +
                   std::to_string(smallest) + " to " + std::to_string(largest));
  }
  return number;
}

bool Parameters::flag(std::string_view name) {
  const auto value = text(name);
  if (value && *value != "1") throw BadQuery(std::string(name) + " takes 1, or leave it out");
  return value.has_value();
}

void Parameters::done() const {
  if (left_.empty()) return;
  throw BadQuery("unknown parameter '" + left_.front().first + "'; " +
                 (known_.empty() ? "there are none here" : "there are " + known_));
}

}  // namespace uswitch
