// `uswitch explain`: asks the running uswitch what would become of a packet, and prints it. Main
// thread.
#pragma once
#include <boost/json/fwd.hpp>
#include <iosfwd>
#include <string>

#include "control/cli.h"

namespace CLI {
class App;
}

namespace uswitch {

// The command's options, which go into line.query.
CLI::App* add_explain(CLI::App& app, CommandLine& line);

// Returns the process's exit code.
int explain(const CommandLine& line, std::ostream& out, std::ostream& err);

// An answer of POST /v1/explain as text for people.
std::string render_explanation(const boost::json::object& answer);

}  // namespace uswitch
