#include "control/target.h"

#include <charconv>

namespace uswitch {

namespace {

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const char* first = text.data() + i + 1;
    unsigned char byte = 0;
    const auto [end, error] = std::from_chars(first, first + 2, byte, 16);
    if (error != std::errc{} || end != first + 2) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

void encode(std::string& out, std::string_view text) {
  constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view hex = "0123456789ABCDEF";
  for (char c : text) {
    if (unreserved.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', hex[byte >> 4], hex[byte & 15]};
  }
}

std::string_view take_until(std::string_view& text, char separator) {
  const size_t at = text.find(separator);
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return head;
}

}  // namespace

std::optional<Target> Target::parse(std::string_view text) {
  if (!text.starts_with('/')) return std::nullopt;
  const auto path = decode(take_until(text, '?'));
  if (!path) return std::nullopt;
  Target target{*path, {}};
  while (!text.empty()) {
    std::string_view pair = take_until(text, '&');
    if (pair.empty()) continue;
    const auto name = decode(take_until(pair, '='));
    const auto value = decode(pair);
    if (!name || !value) return std::nullopt;
    target.query.emplace_back(*name, *value);
  }
  return target;
}

std::string Target::to_string() const {
  std::string out = path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    out += separator;
    encode(out, name);
    out += '=';
    encode(out, value);
    separator = '&';
  }
  return out;
}

}  // namespace uswitch
