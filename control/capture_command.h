// `uswitch capture`: packets of the running uswitch into a file, a pipe, or as lines for people;
// and `uswitch trace`. Until SIGINT, SIGTERM or the count. Main thread.
#pragma once
#include "control/cli.h"

namespace uswitch {

// Either command. Returns the process's exit code.
int capture(const CommandLine& line);

}  // namespace uswitch
