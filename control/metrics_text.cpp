#include "control/metrics_text.h"

#include <array>
#include <charconv>

namespace uswitch {

namespace {

// Of label values all three are escaped, of help texts all but the quote.
void append_escaped(std::string& out, std::string_view text, bool quote) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quote) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

}  // namespace

void MetricsText::family(std::string_view name, Type type, std::string_view help) {
  name_ = name;
  text_ += "# HELP " + name_ + " ";
  append_escaped(text_, help, false);
  text_ += "\n# TYPE " + name_ + (type == Type::counter ? " counter\n" : " gauge\n");
}

void MetricsText::begin(Labels labels) {
  text_ += name_;
  char separator = '{';
  for (const auto& [name, value] : labels) {
    text_ += separator;
    text_ += name;
    text_ += "=\"";
    append_escaped(text_, value, true);
    text_ += '"';
    separator = ',';
  }
  text_ += separator == ',' ? "} " : " ";
}

void MetricsText::sample(Labels labels, uint64_t value) {
  begin(labels);
  text_ += std::to_string(value) + "\n";
}

// The shortest text that reads back as the same number.
void MetricsText::sample(Labels labels, double value) {
  begin(labels);
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text_.append(digits.data(), end);
  text_ += '\n';
}

}  // namespace uswitch
