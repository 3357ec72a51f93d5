// Reads the values of one map of the configuration by type, and reports what does not fit.
//
// Every reading function returns the fallback when the key is absent and also, after reporting it,
// when the value is wrong: so the rest of the file is checked in the same run. Used by one thread.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/suggest.h"
#include "control/yaml_document.h"
#include "core/time.h"

namespace uswitch {

template <class Enum>
struct Choice {
  std::string_view name;
  Enum value;
};

class MapReader {
 public:
  struct Range {
    uint64_t min, max;
  };

  // `subject` opens every message: "port 'web'". A node that is not a map is reported, and read as
  // one without keys. The node must outlive the reader.
  MapReader(const YamlNode& node, std::string subject, ErrorList& errors);

  const std::string& subject() const { return subject_; }
  ErrorList& errors() const { return errors_; }
  const YamlNode& node() const { return node_; }
  std::span<const YamlNode> entries() const;
  const YamlNode* find(std::string_view key) const;  // null when absent
  bool has(std::string_view key) const { return find(key) != nullptr; }

  void expect_keys(std::span<const std::string_view> known) const;
  // Reports an entry whose key is not one of `known`.
  void refuse_unknown(const YamlNode& entry, std::span<const std::string_view> known) const;

  bool boolean(std::string_view key, bool fallback) const;  // true, false, on, off, yes, no
  uint64_t integer(std::string_view key, Range range, uint64_t fallback) const;
  uint64_t size(std::string_view key, Range range, uint64_t fallback) const;  // takes k, M, G
  Duration duration(std::string_view key, Duration min, Duration max, Duration fallback) const;
  // `expected` says what belongs there: "the path of a file". Never empty if the key is there.
  std::string text(std::string_view key, std::string_view expected,
                   std::string fallback = {}) const;
  template <class Enum>
  Enum choice(std::string_view key, std::span<const Choice<Enum>> choices, Enum fallback) const;

  // The entries of the map or list under this key; none when it is absent or something else.
  const YamlNode* map(std::string_view key) const;
  std::span<const YamlNode> list(std::string_view key, std::string_view example) const;
  // The text of one scalar, an item of a list or the value of a key.
  std::optional<std::string_view> scalar(const YamlNode& node, std::string_view expected) const;

  // Report something about a value, and about a key.
  void refuse(const YamlNode& at, std::string_view what, std::string remedy) const;
  void refuse_key(const YamlNode& entry, std::string_view what, std::string remedy) const;

 private:
  std::optional<std::string_view> plain(const YamlNode& node, const std::string& expected) const;
  uint64_t number(std::string_view key, Range range, uint64_t fallback,
                  std::optional<uint64_t> (*parse)(std::string_view)) const;
  size_t choose(const YamlNode& node, std::span<const std::string_view> names) const;

  const YamlNode& node_;
  std::string subject_;
  ErrorList& errors_;
};

template <class Enum>
Enum MapReader::choice(std::string_view key, std::span<const Choice<Enum>> choices,
                       Enum fallback) const {
  const YamlNode* node = find(key);
  if (!node) return fallback;
  std::vector<std::string_view> names;
  for (const auto& c : choices) names.push_back(c.name);
  const size_t i = choose(*node, names);
  return i < choices.size() ? choices[i].value : fallback;
}

}  // namespace uswitch
