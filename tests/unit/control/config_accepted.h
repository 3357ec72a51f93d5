// For the tests of configurations that are right.
#pragma once
#include <gtest/gtest.h>

#include "control/config.h"

namespace uswitch::test {

inline Config accepted(std::string_view yaml) {
  ConfigResult result = parse_config(yaml, "f");
  if (auto* config = std::get_if<Config>(&result)) return std::move(*config);
  ADD_FAILURE() << std::get<1>(result).front().to_string();
  return {};
}

inline MacAddress mac(const char* text) {
  return *MacAddress::parse(text);
}
inline IpPrefix prefix(const char* text) {
  return *IpPrefix::parse(text);
}
inline IpAddress address(const char* text) {
  return *IpAddress::parse(text);
}

}  // namespace uswitch::test
