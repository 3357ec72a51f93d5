#include "control/config_error.h"

#include <algorithm>

namespace uswitch {

std::string ConfigError::to_string() const {
  std::string text = file;
  if (line > 0) text += ":" + std::to_string(line) + ":" + std::to_string(column);
  text += ": " + what;
  if (!remedy.empty()) text += "; " + remedy;
  return text;
}

void ErrorList::add(Position at, std::string what, std::string remedy) {
  errors_.push_back({file_, at.line, at.column, std::move(what), std::move(remedy)});
  if (errors_.size() == limit) throw TooMany{};
}

std::vector<ConfigError> ErrorList::take() {
  std::stable_sort(errors_.begin(), errors_.end(), [](const ConfigError& a, const ConfigError& b) {
    return Position{a.line, a.column} < Position{b.line, b.column};
  });
  return std::exchange(errors_, {});
}

std::string quoted(std::string_view text) {
  constexpr size_t longest = 80;
  if (text.size() <= longest) return "'" + std::string(text) + "'";
  size_t end = longest;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;  // not in the middle of a UTF-8 character
  return "'" + std::string(text.substr(0, end)) + "...'";
}

}  // namespace uswitch
