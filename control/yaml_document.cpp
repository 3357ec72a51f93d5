#include "control/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>

namespace uswitch {
namespace {

// A stream over the text without a copy of it.
class TextBuffer : public std::streambuf {
 public:
  explicit TextBuffer(std::string_view text) {
    // A get area is never written to, though its type says it could be.
    char* begin = const_cast<char*>(text.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    setg(begin, begin, begin + text.size());
  }
};

Position position(const YAML::Mark& mark) {
  return {mark.line + 1, mark.column + 1};
}

// The index of the first control character that is not one of these, or npos.
size_t find_control_character(std::string_view text, std::string_view allowed) {
  auto forbidden = [allowed](char c) {
    return ((c >= 0 && c < 32) || c == 127) && allowed.find(c) == std::string_view::npos;
  };
  const auto found = std::find_if(text.begin(), text.end(), forbidden);
  return found == text.end() ? std::string_view::npos : static_cast<size_t>(found - text.begin());
}

// False when the text starts with a quote that has no closing one on the line.
bool closes_on_its_line(std::string_view text) {
  const char quote = text.empty() ? '\0' : text[0];
  if (quote != '\'' && quote != '"') return true;
  for (size_t i = 1; i < text.size() && text[i] != '\n'; ++i) {
    if (text[i] == quote) return true;
    if (text[i] == '\\' && quote == '"') ++i;
  }
  return false;
}

Position position_of(size_t offset, std::string_view text) {
  const std::string_view before = text.substr(0, offset);
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
          static_cast<int>(offset - line_start) + 1};
}

bool is_indented_with_tab(std::string_view text, size_t offset) {
  const size_t line_start = text.substr(0, offset).rfind('\n') + 1;
  const size_t first = text.find_first_not_of(' ', line_start);
  return first != std::string_view::npos && text[first] == '\t';
}

// Ends the parsing when going on would cost too much; the error is in the list by then.
struct Stop {};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, ErrorList& errors) : text_(text), errors_(errors) {}

  YamlNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check_anchor(mark, anchor);
    add({.at = position(mark)});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    errors_.add(position(mark), "an alias (*) stands here", "write the value itself");
    add({.kind = YamlNode::Kind::invalid, .at = position(mark)});
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_anchor(mark, anchor);
    YamlNode node{.kind = YamlNode::Kind::scalar, .plain = tag == "?", .at = position(mark)};
    node.text = value;
    if (!check_tag(mark, tag) || !check_quotes(mark) || !check_characters(node)) {
      node.kind = YamlNode::Kind::invalid;
    }
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  // A sequence or map whose end has not come yet.
  struct Open {
    YamlNode node;
    std::unordered_map<std::string, Position> keys;
    bool has_key = false;  // map: the next node is the value of `key`
    YamlNode key;
  };

  void check_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == 0) return;
    errors_.add(position(mark), "an anchor (&) stands here", "remove it and write the value out");
  }

  bool check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return true;  // yaml-cpp's for untagged values
    errors_.add(position(mark), "a tag (!) stands here", "remove it; every key has its one type");
    return false;
  }

  // Quotes that are never closed take in the rest of the file, and yaml-cpp accepts that.
  bool check_quotes(const YAML::Mark& mark) {
    if (closes_on_its_line(text_.substr(std::min(static_cast<size_t>(mark.pos), text_.size())))) {
      return true;
    }
    errors_.add(position(mark), "the quotes that open here do not close on this line",
                "close them; a value stands on one line");
    return false;
  }

  bool check_characters(const YamlNode& node) {
    if (find_control_character(node.text, "") == std::string_view::npos) return true;
    errors_.add(node.at, "the value contains a line break or a control character",
                "write it on one line, of printable characters");
    return false;
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    check_anchor(mark, anchor);
    check_tag(mark, tag);
    if (open_.size() == max_yaml_depth) {
      errors_.add(position(mark),
                  "nested more than " + std::to_string(max_yaml_depth) + " levels deep",
                  "no section of the configuration is nested so deep");
      throw Stop{};
    }
    open_.push_back({.node = {.kind = kind, .at = position(mark)}, .keys = {}, .key = {}});
  }

  void close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  void add(YamlNode node) {
    if (++nodes_ > max_yaml_nodes) {
      errors_.add(node.at, "more than " + std::to_string(max_yaml_nodes) + " values in the file",
                  "a file of this size is no configuration");
      throw Stop{};
    }
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (Open& parent = open_.back(); parent.node.is(YamlNode::Kind::sequence)) {
      parent.node.children.push_back(std::move(node));
    } else if (!parent.has_key) {
      parent.key = std::move(node);
      parent.has_key = true;
    } else {
      parent.has_key = false;
      add_entry(parent, std::move(node));
    }
  }

  void add_entry(Open& map, YamlNode value) {
    if (map.key.is(YamlNode::Kind::invalid)) return;
    if (!map.key.is(YamlNode::Kind::scalar)) {
      errors_.add(map.key.at, "the key is not a word", "write 'key: value'");
      return;
    }
    value.key = std::move(map.key.text);
    value.key_at = map.key.at;
    if (value.is(YamlNode::Kind::null)) value.at = value.key_at;
    auto [first, is_new] = map.keys.emplace(value.key, value.key_at);
    if (is_new) {
      map.node.children.push_back(std::move(value));
    } else {
      errors_.add(value.key_at, quoted(value.key) + " stands here a second time",
                  "it was on line " + std::to_string(first->second.line) +
                      " already; remove or rename one of them");
    }
  }

  std::string_view text_;
  ErrorList& errors_;
  YamlNode root_;
  std::vector<Open> open_;
  size_t nodes_ = 0;
};

// yaml-cpp starts its messages in lower case and ends some with a full stop.
std::string syntax_message(const YAML::Exception& e) {
  std::string message = e.msg;
  while (!message.empty() && message.back() == '.') message.pop_back();
  return "not YAML: " + message;
}

std::string_view syntax_remedy(const YAML::Exception& e, std::string_view text) {
  if (is_indented_with_tab(text, std::min(static_cast<size_t>(e.mark.pos), text.size()))) {
    return "indent with spaces; the line begins with a tab";
  }
  return "check the indentation, brackets and quotes up to here";
}

// What yaml-cpp would misread or take too long over. False after reporting it.
bool check_text(std::string_view text, ErrorList& errors) {
  // It would take one of them (4) for the end of the file.
  if (size_t bad = find_control_character(text, "\t\r\n"); bad != std::string_view::npos) {
    errors.add(position_of(bad, text), "a control character stands here",
               "the configuration is a text file in UTF-8");
    return false;
  }
  const auto flow = std::count_if(text.begin(), text.end(), [](char c) {
    return c == '[' || c == ']' || c == '{' || c == '}' || c == ',';
  });
  if (static_cast<size_t>(flow) <= max_yaml_brackets) return true;
  errors.add({1, 1}, std::to_string(flow) + " brackets and commas in the file",
             "there can be " + std::to_string(max_yaml_brackets));
  return false;
}

void parse_into(TreeBuilder& builder, std::string_view text, ErrorList& errors) {
  TextBuffer buffer(text);
  std::istream stream(&buffer);
  YAML::Parser parser(stream);
  if (!parser.HandleNextDocument(builder)) return;
  TreeBuilder second(text, errors);
  if (parser.HandleNextDocument(second)) {
    errors.add(second.take_root().at, "a second YAML document begins here",
               "the configuration is one document; remove the '---'");
  }
}

}  // namespace

YamlNode scalar_node(std::string text, bool plain) {
  YamlNode node{.kind = YamlNode::Kind::scalar, .plain = plain};
  node.text = std::move(text);
  return node;
}

const YamlNode* YamlNode::find(std::string_view name) const {
  for (const YamlNode& child : children) {
    if (child.key == name) return &child;
  }
  return nullptr;
}

YamlNode parse_yaml(std::string_view text, ErrorList& errors) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  if (!check_text(text, errors)) return {.kind = YamlNode::Kind::invalid};
  TreeBuilder builder(text, errors);
  try {
    parse_into(builder, text, errors);
    return builder.take_root();
  } catch (const Stop&) {
  } catch (const YAML::Exception& e) {
    errors.add(position(e.mark), syntax_message(e), std::string(syntax_remedy(e, text)));
  }
  return {.kind = YamlNode::Kind::invalid};
}

}  // namespace uswitch
