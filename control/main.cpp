// The uswitch command: the daemon itself, and the client of its control socket.
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>

#include "control/capture_command.h"
#include "control/cli.h"
#include "control/config.h"
#include "control/daemon.h"
#include "control/explain_command.h"
#include "control/logging.h"
#include "control/show.h"

namespace uswitch {
namespace {

// The configuration, or null after its errors were printed.
std::unique_ptr<Config> load(const CommandLine& line) {
  ConfigResult result = load_config(line.config);
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&result)) {
    for (const ConfigError& e : *errors) std::fprintf(stderr, "%s\n", e.to_string().c_str());
    return nullptr;
  }
  auto config = std::make_unique<Config>(std::get<Config>(std::move(result)));
  if (line.control) config->control = *line.control;
  return config;
}

int run(const CommandLine& line) {
  std::unique_ptr<Config> config = load(line);
  if (!config) return exit_usage;
  set_up_logging(config->log);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    Daemon daemon(std::move(*config), line.config);
    daemon.run();
  } catch (const std::exception& e) {
    spdlog::error("{}", e.what());
    return exit_failure;
  }
  spdlog::info("stopped");
  return exit_ok;
}

int check(const CommandLine& line) {
  if (!load(line)) return exit_usage;
  std::printf("%s: the configuration is good\n", line.config.c_str());
  return exit_ok;
}

int main(int argc, char** argv) {
  const ParsedLine parsed = parse_command_line(argc, argv);
  std::fputs(parsed.out.c_str(), stdout);
  std::fputs(parsed.err.c_str(), stderr);
  if (!parsed.line) return parsed.exit_code;
  switch (parsed.line->command) {
    case CommandLine::Command::run:
      return run(*parsed.line);
    case CommandLine::Command::check:
      return check(*parsed.line);
    case CommandLine::Command::show:
    case CommandLine::Command::remove:
      return show(*parsed.line, std::cout, std::cerr, wants_colour());
    case CommandLine::Command::replay:
      return replay(parsed.line->replay, std::cout, std::cerr);
    case CommandLine::Command::explain:
      return explain(*parsed.line, std::cout, std::cerr);
    case CommandLine::Command::capture:
    case CommandLine::Command::trace:
      return capture(*parsed.line);
  }
  return exit_failure;
}

}  // namespace
}  // namespace uswitch

int main(int argc, char** argv) {
  return uswitch::main(argc, argv);
}
