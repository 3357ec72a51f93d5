// A YAML file as a tree that knows where everything stands, made from yaml-cpp's parser events.
//
// Its own tree rather than YAML::Node, because that keeps only the last of two equal keys, has no
// position for a key, and can be made to expand aliases without end. Here a second equal key is an
// error, and so are anchors, aliases, tags, a second document and control characters: no
// configuration needs them. Depth and number of values are bounded.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "control/config_error.h"

namespace uswitch {

struct YamlNode {
  // `invalid`: an error about it was reported already; readers pass over it in silence.
  enum class Kind : uint8_t { null, scalar, sequence, map, invalid };

  Kind kind = Kind::null;
  bool plain = false;     // a scalar without quotes: may be a number or a truth value
  Position at = {};       // of an absent value: where its key stands
  std::string text = {};  // of a scalar
  Position key_at = {};   // of a map's child
  std::string key = {};   // of a map's child
  // Of a sequence, or of a map with unique keys, in file order.
  std::vector<YamlNode> children = {};

  bool is(Kind k) const { return kind == k; }
  // A map's child of this key, or null.
  const YamlNode* find(std::string_view name) const;
};

// A scalar that stands nowhere in a file.
YamlNode scalar_node(std::string text, bool plain);

// Longer files are refused unread, deeper ones where they become too deep.
inline constexpr size_t max_config_bytes = 16 << 20;
inline constexpr size_t max_yaml_depth = 16;
inline constexpr size_t max_yaml_nodes = 2'000'000;
// yaml-cpp holds a whole [...] or {...} in memory, some 1 KiB for each of these characters.
inline constexpr size_t max_yaml_brackets = 1'000'000;

// The document's root. What is wrong is added to `errors`; what could be read is returned all the
// same, so that the rest of the file is checked too. After a syntax error the root is `invalid`.
YamlNode parse_yaml(std::string_view text, ErrorList& errors);

}  // namespace uswitch
