// A request target (RFC 9112 3.2.1, RFC 3986) taken apart and put together. No state; any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uswitch {

using Query = std::vector<std::pair<std::string, std::string>>;  // in the order they were sent

struct Target {
  std::string path;  // decoded
  Query query;       // decoded names and values

  // Null unless it starts with '/' and every '%' is followed by two hex digits.
  static std::optional<Target> parse(std::string_view text);
  // Percent-encodes what is not unreserved in names and values; the path is taken as it is.
  std::string to_string() const;
};

}  // namespace uswitch
