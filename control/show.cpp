#include "control/show.h"

#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <iostream>

#include "control/client.h"

namespace uswitch {

namespace json = boost::json;

namespace {

std::string render_deleted(const std::string& what, const json::object& answer) {
  return std::to_string(answer.at("deleted").to_number<uint64_t>()) + " " + what + " deleted\n";
}

int print(const CommandLine& line, const Reply& reply, std::ostream& out, bool colour) {
  if (line.json) {
    out << reply.body;
  } else if (line.command == CommandLine::Command::remove) {
    out << render_deleted(line.what, json::parse(reply.body).as_object());
  } else {
    out << render_view(line.what, json::parse(reply.body).as_object(), colour);
  }
  out.flush();
  return out ? exit_ok : exit_failure;
}

}  // namespace

int show(const CommandLine& line, std::ostream& out, std::ostream& err, bool colour) {
  return reporting(err, [&]() -> int {
    const Target target{"/v1/" + line.what, line.query};
    const bool removes = line.command == CommandLine::Command::remove;
    const Reply reply =
        exchange(line.control_path(), {removes ? "DELETE" : "GET", target.to_string(), ""});
    if (reply.status == 200) return print(line, reply, out, colour);
    err << "uswitch: " << sentence_of(reply) << "\n";
    return reply.status == 400 ? exit_usage : exit_failure;
  });
}

bool wants_colour() {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0');
}

}  // namespace uswitch
