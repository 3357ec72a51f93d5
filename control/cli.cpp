#include "control/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "control/cli_capture.h"
#include "control/explain_command.h"
#include "control/suggest.h"
#include "control/units.h"
#include "control/version.h"

namespace uswitch {

namespace {

constexpr const char* run_examples =
    "Examples:\n"
    "  uswitch --config /etc/uswitch.yaml           run in the foreground until SIGTERM or SIGINT\n"
    "  uswitch --config /etc/uswitch.yaml --check   only say what is wrong with the file\n"
    "  uswitch show ports                           ask the running uswitch\n"
    "  uswitch reload                               have it read its file anew\n"
    "\n"
    "Exit codes: 0 done, 1 failure, 2 bad configuration or command line, 3 no uswitch answers.";

constexpr const char* show_examples =
    "Examples:\n"
    "  uswitch show ports\n"
    "  uswitch show networks\n"
    "  uswitch show fdb --network office --limit 20\n"
    "  uswitch show neighbours --state failed\n"
    "  uswitch show routes --to 10.9.0.1\n"
    "  uswitch show connections --address 10.0.0.2 --proto tcp\n"
    "  uswitch show drops --json | jq .total";

constexpr const char* top_examples =
    "Examples:\n"
    "  uswitch top                   until q is pressed\n"
    "  uswitch top --interval 5s\n"
    "  uswitch top --once | head     one frame of everything";

constexpr const char* delete_examples =
    "Examples:\n"
    "  uswitch delete connections --address 10.0.0.2\n"
    "  uswitch delete connections --proto udp --port 53\n"
    "  uswitch delete connections --all";

constexpr const char* reload_examples =
    "Examples:\n"
    "  uswitch reload                     what has changed in the file that runs\n"
    "  uswitch reload /etc/uswitch.yaml   another file, from now on\n"
    "\n"
    "Exit codes: 0 done, 1 it cannot be put into force, 2 the file is wrong, 3 no uswitch "
    "answers.\n"
    "Unless it is 0 everything is as it was.";

void add_control(CLI::App& app, CommandLine& line) {
  app.add_option("--control", line.control,
                 std::string("Path of the control socket (default ") + default_control_path + ")")
      ->type_name("PATH");
}

void add_run(CLI::App& app, CommandLine& line, bool& check) {
  app.add_option("--config", line.config, "The configuration to run")->type_name("FILE");
  app.add_flag("--check", check, "Only say whether the configuration is right");
  app.set_version_flag("--version", std::string("uswitch ") + build_version);
  add_control(app, line);
  app.footer(run_examples);
}

// A filter goes to the daemon as it is, which knows what it takes where.
void add_filter(CLI::App& show, CommandLine& line, const std::string& name, const char* type,
                const char* help) {
  show.add_option_function<std::string>(
          "--" + name, [&line, name](const std::string& v) { line.query.emplace_back(name, v); },
          help)
      ->type_name(type);
}

// Empty when there is such a thing to show.
std::string refuse_unknown(const std::string& what) {
  constexpr std::string_view known[] = {"status",     "ports",  "networks",    "fdb",
                                        "neighbours", "routes", "connections", "publish",
                                        "tunnels",    "drops",  "workers",     "config"};
  if (std::ranges::find(known, what) != std::end(known)) return "";
  return "nothing is called '" + what + "'; " + did_you_mean(what, known, "things to show");
}

CLI::App* add_show(CLI::App& app, CommandLine& line) {
  CLI::App* show = app.add_subcommand("show", "Show the state of the running uswitch");
  show->add_option("WHAT", line.what,
                   "status, ports, networks, fdb, neighbours, routes, connections, publish, "
                   "tunnels, drops, workers or config")
      ->required()
      ->type_name("")
      ->check(refuse_unknown);
  show->add_flag("--json", line.json, "Exact numbers for programs instead of a table");
  add_filter(*show, line, "network", "NAME", "fdb, neighbours, routes: only this network");
  add_filter(*show, line, "port", "NAME",
             "fdb: only this port; connections: a number, of either end");
  add_filter(*show, line, "mac", "MAC", "fdb: only this address");
  add_filter(*show, line, "address", "ADDRESS",
             "neighbours: only this address; connections: of either end");
  add_filter(*show, line, "state", "STATE", "neighbours, connections: only those in this state");
  add_filter(*show, line, "proto", "PROTO", "connections: tcp, udp, icmp, icmp6 or a number");
  add_filter(*show, line, "to", "ADDRESS", "routes: the one that a packet to there takes");
  add_filter(*show, line, "origin", "ORIGIN", "routes: only those from there");
  add_filter(*show, line, "limit", "N",
             "fdb, neighbours, routes, connections: at most so many entries (default 10000, of "
             "connections 1000)");
  show->add_flag_callback(
      "--all", [&line] { line.query.emplace_back("all", "1"); },
      "drops: also the reasons that nothing was dropped for; routes: also local and broadcast "
      "ones");
  add_control(*show, line);
  show->footer(show_examples);
  return show;
}

std::string refuse_to_delete(const std::string& what) {
  constexpr std::string_view known[] = {"connections"};
  if (what == known[0]) return "";
  return "'" + what + "' cannot be deleted; " + did_you_mean(what, known, "things to delete");
}

CLI::App* add_delete(CLI::App& app, CommandLine& line) {
  CLI::App* erase = app.add_subcommand("delete", "Delete state of the running uswitch");
  erase->add_option("WHAT", line.what, "connections")
      ->required()
      ->type_name("")
      ->check(refuse_to_delete);
  erase->add_flag("--json", line.json, "The answer for programs");
  add_filter(*erase, line, "port", "NUMBER", "only those with this port at either end");
  add_filter(*erase, line, "proto", "PROTO", "only tcp, udp, icmp, icmp6 or a number");
  add_filter(*erase, line, "address", "ADDRESS", "only those with this address at either end");
  add_filter(*erase, line, "state", "STATE", "only those in this state");
  erase->add_flag_callback(
      "--all", [&line] { line.query.emplace_back("all", "1"); }, "all of them");
  add_control(*erase, line);
  erase->footer(delete_examples);
  return erase;
}

CLI::App* add_top(CLI::App& app, CommandLine& line) {
  CLI::App* top = app.add_subcommand("top", "Watch ports, drops and the busiest connections");
  top->add_flag("--once", line.once, "One frame of everything, after one interval");
  top->add_option_function<std::string>(
         "--interval",
         [&line](const std::string& text) {
           const auto interval = parse_duration(text).value_or(Duration(0));
           if (interval < std::chrono::milliseconds(100) || interval > std::chrono::hours(1)) {
             throw CLI::ValidationError(
                 "--interval", "is '" + text + "'; write a duration from 100ms to 1h, such as 2s");
           }
           line.interval = std::chrono::duration_cast<std::chrono::milliseconds>(interval);
         },
         "Time between two frames (default 1s)")
      ->type_name("TIME");
  add_control(*top, line);
  top->footer(top_examples);
  return top;
}

CLI::App* add_reload(CLI::App& app, CommandLine& line) {
  CLI::App* reload =
      app.add_subcommand("reload", "Have the running uswitch take what has changed in its file");
  reload->add_option("FILE", line.config, "Another file in its place")->type_name("");
  reload->add_flag("--json", line.json, "The answer for programs");
  add_control(*reload, line);
  reload->footer(reload_examples);
  return reload;
}

CLI::App* add_capture(CLI::App& app, CommandLine& line) {
  CLI::App* capture = app.add_subcommand("capture", "Watch packets come, leave and be dropped");
  add_capture_options(*capture, line);
  add_control(*capture, line);
  return capture;
}

CLI::App* add_trace(CLI::App& app, CommandLine& line) {
  CLI::App* trace = app.add_subcommand("trace", "Watch what each stage does with packets");
  add_trace_options(*trace, line);
  add_control(*trace, line);
  return trace;
}

ParsedLine refuse(const std::string& sentence) {
  ParsedLine parsed;
  parsed.err = sentence + "\nRun with --help for more information.\n";
  parsed.exit_code = exit_usage;
  return parsed;
}

}  // namespace

ParsedLine parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  bool check = false;
  CLI::App app("uswitch: a userspace virtual switch and router for container hosts", "uswitch");
  app.require_subcommand(0, 1);
  add_run(app, line, check);
  const std::pair<const CLI::App*, CommandLine::Command> commands[] = {
      {add_show(app, line), CommandLine::Command::show},
      {add_top(app, line), CommandLine::Command::top},
      {add_delete(app, line), CommandLine::Command::remove},
      {add_reload(app, line), CommandLine::Command::reload},
      {add_capture(app, line), CommandLine::Command::capture},
      {add_trace(app, line), CommandLine::Command::trace},
      {add_explain(app, line), CommandLine::Command::explain},
      {add_replay(app, line.replay), CommandLine::Command::replay}};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::ostringstream out, err;
    const int code = app.exit(e, out, err);
    return {std::nullopt, out.str(), err.str(), code == 0 ? exit_ok : exit_usage};
  }
  const std::vector<CLI::App*> given = app.get_subcommands();
  if (given.size() > 1)
    return refuse(given[0]->get_name() + " and " + given[1]->get_name() + " are two commands");
  if (!given.empty()) {
    if (app.count("--config") > 0 || check) {
      return refuse("--config and --check do not go with " + given[0]->get_name() +
                    ", whose own options stand behind it");
    }
    line.command =
        std::ranges::find(commands, given[0], [](const auto& c) { return c.first; })->second;
    if (line.command == CommandLine::Command::capture) {
      if (const std::string wrong = refuse_capture(line); !wrong.empty()) return refuse(wrong);
    }
  } else if (line.config.empty()) {
    return refuse(
        "--config FILE is missing, or a command: show, top, delete, reload, capture, trace, "
        "explain, "
        "replay");
  } else if (check) {
    line.command = CommandLine::Command::check;
  }
  ParsedLine parsed;
  parsed.line = std::move(line);
  return parsed;
}

}  // namespace uswitch
