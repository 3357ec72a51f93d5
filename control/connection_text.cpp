#include "control/connection_text.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

namespace uswitch {

namespace json = boost::json;

namespace {

std::string digits(const json::value& value) {
  return std::to_string(value.to_number<uint64_t>());
}

// "10.0.0.2:4000", "[fd00::2]:4000", or the address alone.
std::string end_text(const json::object& direction, const std::string& end) {
  auto address = json::value_to<std::string>(direction.at(end));
  const json::value* port = direction.if_contains(end + "_port");
  if (!port) return address;
  const bool v6 = address.find(':') != std::string::npos;
  return (v6 ? "[" + address + "]" : address) + ":" + digits(*port);
}

}  // namespace

std::string path_text(const json::object& direction, const std::string& from,
                      const std::string& to) {
  const json::value* id = direction.if_contains("id");
  return end_text(direction, from) + " -> " + end_text(direction, to) +
         (id ? " id " + digits(*id) : "");
}

}  // namespace uswitch
