// `uswitch top`: a live screen of what the running uswitch carries and drops. Main thread.
#pragma once
#include <iosfwd>

#include "control/cli.h"

namespace uswitch {

// Until 'q'. With --once, or when standard input or output is no terminal, one frame of everything
// on `out`, over one interval. Returns the process's exit code.
int top(const CommandLine& line, std::ostream& out, std::ostream& err, bool colour);

}  // namespace uswitch
