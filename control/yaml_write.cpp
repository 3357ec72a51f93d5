#include "control/yaml_write.h"

#include <algorithm>

namespace uswitch {

namespace {

constexpr int braces_from = 2;  // depth

// Double quotes take every escape that JSON has (YAML 1.2 5.7).
std::string in_quotes(const std::string& text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte < 0x20) {
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// What needs no quotes anywhere, also in braces.
bool is_word(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](const char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '/' || c == '-';
  }) && text.front() != '-';
}

std::string scalar_text(const YamlNode& node) {
  return node.plain && is_word(node.text) ? node.text : in_quotes(node.text);
}

std::string key_text(const std::string& key) {
  return is_word(key) ? key : in_quotes(key);
}

// The parser has bounded the depth.
// NOLINTNEXTLINE(misc-no-recursion)
std::string in_braces(const YamlNode& node) {
  if (node.is(YamlNode::Kind::null)) return "null";
  if (node.is(YamlNode::Kind::scalar)) return scalar_text(node);
  const bool map = node.is(YamlNode::Kind::map);
  std::string out(1, map ? '{' : '[');
  for (const YamlNode& child : node.children) {
    if (&child != node.children.data()) out += ", ";
    if (map) out += key_text(child.key) + ": ";
    out += in_braces(child);
  }
  return out + (map ? '}' : ']');
}

bool stands_in_line(const YamlNode& node, int depth) {
  const bool composite = node.is(YamlNode::Kind::map) || node.is(YamlNode::Kind::sequence);
  return !composite || node.children.empty() || depth >= braces_from;
}

// NOLINTNEXTLINE(misc-no-recursion)
void write_lines(const YamlNode& node, int depth, std::string& out) {
  const std::string indent(2 * static_cast<size_t>(depth), ' ');
  for (const YamlNode& child : node.children) {
    out += indent + (node.is(YamlNode::Kind::map) ? key_text(child.key) + ":" : "-");
    if (stands_in_line(child, depth + 1)) {
      out += " " + in_braces(child) + "\n";
    } else {
      out += "\n";
      write_lines(child, depth + 1, out);
    }
  }
}

}  // namespace

std::string write_yaml(const YamlNode& root) {
  if (stands_in_line(root, 0)) return in_braces(root) + "\n";
  std::string out;
  write_lines(root, 0, out);
  return out;
}

}  // namespace uswitch
