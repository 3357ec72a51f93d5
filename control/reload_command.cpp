#include "control/reload_command.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <ostream>

#include "control/client.h"
#include "control/config_error.h"
#include "control/target.h"

namespace uswitch {

namespace json = boost::json;

namespace {

// Hundreds of devices take their time.
constexpr auto patience = std::chrono::minutes(5);

// "ports added: web, db"
void print_names(const json::value& answer, const std::string& what, std::ostream& out) {
  for (const char* how : {"added", "changed", "removed"}) {
    const json::array& names = answer.at(what).at(how).as_array();
    for (const json::value& name : names) {
      out << (&name == names.data() ? what + " " + how + ": " : ", ")
          << std::string_view(name.as_string());
    }
    if (!names.empty()) out << "\n";
  }
}

bool says_nothing(const json::value& answer) {
  for (const char* what : {"ports", "networks"}) {
    for (const auto& [how, names] : answer.at(what).as_object()) {
      if (!names.as_array().empty()) return false;
    }
  }
  return true;
}

void print_done(const Reply& reply, std::ostream& out) {
  const json::value answer = json::parse(reply.body);
  out << (says_nothing(answer) ? "reloaded; no port and no network has changed\n" : "reloaded\n");
  print_names(answer, "networks", out);
  print_names(answer, "ports", out);
}

// Each error of the file on a line, as --check says it; or why it cannot be put into force.
void print_refusal(const Reply& reply, std::ostream& err) {
  const json::value answer = json::parse(reply.body);
  const json::value* errors = answer.as_object().if_contains("errors");
  if (!errors) {
    err << "uswitch: " << std::string_view(answer.at("error").as_string()) << "\n";
    return;
  }
  for (const json::value& e : errors->as_array()) {
    const ConfigError error{std::string(e.at("file").as_string()), e.at("line").to_number<int>(),
                            e.at("column").to_number<int>(), std::string(e.at("what").as_string()),
                            std::string(e.at("remedy").as_string())};
    err << error.to_string() << "\n";
  }
}

}  // namespace

int reload(const CommandLine& line, std::ostream& out, std::ostream& err) {
  return reporting(err, [&]() -> int {
    Target target{"/v1/reload", {}};
    if (!line.config.empty()) {
      target.query.emplace_back("file", std::filesystem::absolute(line.config).string());
    }
    const Reply reply = exchange(line.control_path(), {"POST", target.to_string(), ""}, patience);
    if (reply.status != 200) {
      print_refusal(reply, err);
      return reply.status == 400 ? exit_usage : exit_failure;
    }
    if (line.json) {
      out << reply.body;
    } else {
      print_done(reply, out);
    }
    return exit_ok;
  });
}

}  // namespace uswitch
