// `uswitch reload`: asks the running uswitch to read its file anew and prints what has changed, or
// what is wrong. Main thread.
#pragma once
#include <iosfwd>

#include "control/cli.h"

namespace uswitch {

// Returns the process's exit code.
int reload(const CommandLine& line, std::ostream& out, std::ostream& err);

}  // namespace uswitch
