#include "control/json_node.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "control/views.h"

namespace uswitch {

namespace json = boost::json;

namespace {

// What the configuration would read, had the value stood there. json::parse has bounded its depth.
// NOLINTNEXTLINE(misc-no-recursion)
YamlNode node_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return {};
    case json::kind::string:
      return scalar_node(std::string(value.get_string()), false);
    case json::kind::array: {
      YamlNode node{.kind = YamlNode::Kind::sequence};
      for (const json::value& item : value.get_array()) node.children.push_back(node_of(item));
      return node;
    }
    case json::kind::object: {
      YamlNode node{.kind = YamlNode::Kind::map};
      for (const auto& [key, item] : value.get_object()) {
        node.children.push_back(node_of(item));
        node.children.back().key = key;
      }
      return node;
    }
    default:  // numbers and truth values
      return scalar_node(json::serialize(value), true);
  }
}

}  // namespace

YamlNode json_node(const std::string& body, std::string_view example) {
  json::error_code error;
  const json::value value = json::parse(body, error);
  if (error) {
    throw BadQuery("the body is not JSON: " + error.message() + "; send " + std::string(example));
  }
  return node_of(value);
}

std::string sentences(const std::vector<ConfigError>& errors) {
  std::string text;
  for (const ConfigError& e : errors) {
    text += (text.empty() ? "" : ". ") + e.what + (e.remedy.empty() ? "" : "; " + e.remedy);
  }
  return text;
}

}  // namespace uswitch
