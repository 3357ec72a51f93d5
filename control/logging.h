// Sets up the process's log (spdlog's default logger, to standard error) as configured: lines for
// people, or one JSON object a line. Control thread.
#pragma once
#include "control/config.h"

namespace uswitch {

void set_up_logging(const LogConfig& config);  // once, at start
void set_log_level(LogLevel level);

}  // namespace uswitch
