// Answers of the control socket: JSON, a line, always valid UTF-8 (RFC 8259 8.1) whatever bytes a
// client, a file or a name brought along. No state; any thread.
#pragma once
#include <boost/json/fwd.hpp>
#include <string>

#include "control/http.h"

namespace uswitch {

// Bytes that are not UTF-8 become U+FFFD.
Reply json_reply(unsigned status, const boost::json::object& body);

// A refusal: {"error": "what was wrong and what would be right"}.
Reply error_reply(unsigned status, const std::string& sentence);

}  // namespace uswitch
