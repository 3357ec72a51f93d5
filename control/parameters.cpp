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

std::vector<std::string> Parameters::texts(std::string_view name) {
  known_ += (known_.empty() ? "" : ", ") + std::string(name);
  std::vector<std::string> values;
  std::erase_if(left_, [&](auto& pair) {
    if (pair.first != name) return false;
    values.push_back(std::move(pair.second));
    return true;
  });
  return values;
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

std::optional<size_t> Parameters::choice(std::string_view name,
                                         std::span<const std::string_view> words) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto it = std::ranges::find(words, *value);
  if (it != words.end()) return static_cast<size_t>(it - words.begin());
  std::string takes;
  for (const std::string_view word : words) {
    takes += (takes.empty() ? "" : ", ") + std::string(word);
  }
  throw BadQuery(std::string(name) + " is '" + *value + "', it takes one of " + takes);
}

std::optional<IpAddress> Parameters::address(std::string_view name) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto address = IpAddress::parse(*value);
  if (!address) {
    throw BadQuery(std::string(name) + " is '" + *value +
                   "', it takes an address like 10.0.0.1 or fd00::1");
  }
  return address;
}

// Says which there are (some of them).
void Parameters::refuse_name(std::string_view kind, const std::string& name,
                             std::span<const std::string* const> there) {
  constexpr size_t most = 10;
  std::string list;
  for (const std::string* one : there.first(std::min(there.size(), most))) {
    list += (list.empty() ? "" : ", ") + *one;
  }
  throw BadQuery("no " + std::string(kind) + " '" + name + "'; there are " +
                 (list.empty() ? "none" : list) + (there.size() > most ? ", ..." : ""));
}

void Parameters::done() const {
  if (left_.empty()) return;
  throw BadQuery("unknown parameter '" + left_.front().first + "'; " +
                 (known_.empty() ? "there are none here" : "there are " + known_));
}

}  // namespace uswitch
