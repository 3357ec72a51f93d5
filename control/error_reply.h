// The answer to a request that was refused: {"error": "what was wrong and what would be right"}.
#pragma once
#include <string>

#include "control/http.h"

namespace uswitch {

Reply error_reply(unsigned status, const std::string& sentence);

}  // namespace uswitch
