// The options of `uswitch capture` and `uswitch trace`. No state; the main thread calls it once.
#pragma once
#include <string>

#include "control/cli.h"

namespace CLI {
class App;
}

namespace uswitch {

void add_capture_options(CLI::App& capture, CommandLine& line);
void add_trace_options(CLI::App& trace, CommandLine& line);

// What is wrong with the options together; empty when nothing is.
std::string refuse_capture(const CommandLine& line);

}  // namespace uswitch
