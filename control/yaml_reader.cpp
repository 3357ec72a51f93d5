#include "control/yaml_reader.h"

#include <algorithm>

#include "control/units.h"

namespace uswitch {
namespace {

using Kind = YamlNode::Kind;

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "empty";
    case Kind::scalar:
      return "a single value";
    case Kind::sequence:
      return "a list";
    case Kind::map:
      return "a map";
    case Kind::invalid:
      break;
  }
  return "";
}

std::string found(const YamlNode& node) {
  std::string what(name_of(node.kind));
  if (node.is(Kind::scalar)) what = node.text.empty() ? "empty" : quoted(node.text);
  return (node.key.empty() ? "this" : quoted(node.key)) + " is " + what;
}

std::string plural_of(const std::string& word) {
  return word.ends_with('y') ? word.substr(0, word.size() - 1) + "ies" : word + "s";
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

MapReader::MapReader(const YamlNode& node, std::string subject, ErrorList& errors)
    : node_(node), subject_(std::move(subject)), errors_(errors) {
  if (node.is(Kind::map) || node.is(Kind::invalid)) return;
  errors_.add(node.at, subject_ + " is " + std::string(name_of(node.kind)),
              "write a map of keys, such as {key: value}");
}

std::span<const YamlNode> MapReader::entries() const {
  if (!node_.is(Kind::map)) return {};
  return node_.children;
}

const YamlNode* MapReader::find(std::string_view key) const {
  return node_.is(Kind::map) ? node_.find(key) : nullptr;
}

void MapReader::expect_keys(std::span<const std::string_view> known) const {
  for (const YamlNode& entry : entries()) {
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
      refuse_unknown(entry, known);
    }
  }
}

void MapReader::refuse_unknown(const YamlNode& entry,
                               std::span<const std::string_view> known) const {
  refuse_key(entry, "unknown key " + quoted(entry.key),
             did_you_mean(entry.key, known, "keys here"));
}

void MapReader::refuse(const YamlNode& at, std::string_view what, std::string remedy) const {
  if (at.is(Kind::invalid)) return;
  errors_.add(at.at, subject_ + ": " + std::string(what), std::move(remedy));
}

void MapReader::refuse_key(const YamlNode& entry, std::string_view what, std::string remedy) const {
  errors_.add(entry.key_at, subject_ + ": " + std::string(what), std::move(remedy));
}

std::optional<std::string_view> MapReader::scalar(const YamlNode& node,
                                                  std::string_view expected) const {
  if (node.is(Kind::scalar) && !node.text.empty()) return node.text;
  refuse(node, found(node), "write " + std::string(expected));
  return std::nullopt;
}

// Quotes make a text: what must be a number or a truth value stands without them.
std::optional<std::string_view> MapReader::plain(const YamlNode& node,
                                                 const std::string& expected) const {
  if (node.is(Kind::scalar) && !node.plain) {
    refuse(node, found(node) + ", a text in quotes", "write " + expected + ", without quotes");
    return std::nullopt;
  }
  return scalar(node, expected);
}

bool MapReader::boolean(std::string_view key, bool fallback) const {
  const YamlNode* node = find(key);
  if (!node) return fallback;
  auto value = plain(*node, "true or false");
  if (!value) return fallback;
  for (auto yes : {"true", "on", "yes"}) {
    if (equal_ignoring_case(*value, yes)) return true;
  }
  for (auto no : {"false", "off", "no"}) {
    if (equal_ignoring_case(*value, no)) return false;
  }
  refuse(*node, found(*node), "write true or false");
  return fallback;
}

uint64_t MapReader::number(std::string_view key, Range range, uint64_t fallback,
                           std::optional<uint64_t> (*parse)(std::string_view)) const {
  const YamlNode* node = find(key);
  if (!node) return fallback;
  const std::string expected =
      "a whole number from " + std::to_string(range.min) + " to " + std::to_string(range.max);
  auto value = plain(*node, expected);
  if (!value) return fallback;
  auto number = parse(*value);
  if (number && *number >= range.min && *number <= range.max) return *number;
  refuse(*node, found(*node), "write " + expected);
  return fallback;
}

uint64_t MapReader::integer(std::string_view key, Range range, uint64_t fallback) const {
  return number(key, range, fallback, parse_integer);
}

uint64_t MapReader::size(std::string_view key, Range range, uint64_t fallback) const {
  return number(key, range, fallback, parse_size);
}

Duration MapReader::duration(std::string_view key, Duration min, Duration max,
                             Duration fallback) const {
  const YamlNode* node = find(key);
  if (!node) return fallback;
  const std::string expected =
      "a duration from " + format_duration(min) + " to " + format_duration(max);
  auto value = scalar(*node, expected);
  if (!value) return fallback;
  auto parsed = parse_duration(*value);
  if (parsed && *parsed >= min && *parsed <= max) return *parsed;
  const bool bare = parse_integer(*value).has_value();
  refuse(*node, found(*node) + (bare ? ", without a unit" : ""),
         "write " + expected + ", such as 300s, 5m or 2h4m");
  return fallback;
}

std::string MapReader::text(std::string_view key, std::string_view expected,
                            std::string fallback) const {
  const YamlNode* node = find(key);
  if (!node) return fallback;
  auto value = scalar(*node, expected);
  return value ? std::string(*value) : fallback;
}

// The index of the node's word among the names, or beyond them.
size_t MapReader::choose(const YamlNode& node, std::span<const std::string_view> names) const {
  auto word = scalar(node, "one word");
  if (!word) return names.size();
  const auto i = std::find(names.begin(), names.end(), *word);
  if (i == names.end()) {
    refuse(node, "unknown " + node.key + " " + quoted(*word),
           did_you_mean(*word, names, plural_of(node.key)));
  }
  return static_cast<size_t>(i - names.begin());
}

const YamlNode* MapReader::map(std::string_view key) const {
  const YamlNode* node = find(key);
  if (!node || node->is(Kind::map)) return node;
  refuse(*node, found(*node), "write a map, such as {key: value}");
  return nullptr;
}

std::span<const YamlNode> MapReader::list(std::string_view key, std::string_view example) const {
  const YamlNode* node = find(key);
  if (!node) return {};
  if (node->is(Kind::sequence)) return node->children;
  refuse(*node, found(*node), "write a list, such as " + std::string(example));
  return {};
}

}  // namespace uswitch
