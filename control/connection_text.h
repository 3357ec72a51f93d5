// A connection of GET /v1/connections as people write it. No state; any thread.
#pragma once
#include <boost/json/fwd.hpp>
#include <string>

namespace uswitch {

// "10.0.0.2:4000 -> 198.51.100.9:443", "10.0.0.2 -> 10.0.0.3 id 7": of one direction, from one of
// its ends ("source", "destination") to the other.
std::string path_text(const boost::json::object& direction, const std::string& from,
                      const std::string& to);

}  // namespace uswitch
