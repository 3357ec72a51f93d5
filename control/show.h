// `uswitch show` and `uswitch delete`: ask the running uswitch and print what it says. Main thread.
#pragma once
#include <boost/json/fwd.hpp>
#include <iosfwd>
#include <string>

#include "control/cli.h"

namespace uswitch {

// Carries out either command. Returns the process's exit code. `colour`: out is a terminal that
// wants it.
int show(const CommandLine& line, std::ostream& out, std::ostream& err, bool colour);

// True when standard output is a terminal and NO_COLOR is unset or empty (https://no-color.org).
bool wants_colour();

// An answer of the API as text for people. Throws boost::system::system_error when the answer does
// not have the shape that docs/control.md promises.
std::string render_view(const std::string& what, const boost::json::object& view, bool colour);

}  // namespace uswitch
