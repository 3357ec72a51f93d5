// The command line. No state; the main thread calls it once.
#pragma once
#include <optional>
#include <string>

#include "control/replay.h"
#include "control/target.h"

namespace uswitch {

inline constexpr const char* default_control_path = "/run/uswitch/uswitch.sock";

// What a process ends with.
enum ExitCode : int { exit_ok = 0, exit_failure = 1, exit_usage = 2, exit_no_daemon = 3 };

struct CommandLine {
  // remove: `uswitch delete`
  enum class Command { run, check, show, remove, capture, trace, explain, replay };
  Command command = Command::run;

  std::string config;                  // run, check: the file
  std::optional<std::string> control;  // as given; see control_path()

  // show, remove; explain has its packet in `query`:
  std::string what;  // "ports", "fdb", ...: the last part of the API's path
  bool json = false;
  Query query;  // the filters that were given, under the API's names

  ReplayOptions replay;
  // capture:
  std::string write;          // the file; "-": standard output; empty: lines for people
  uint64_t rotate_size = 0;   // bytes of a file; 0: one file without end
  unsigned rotate_count = 5;  // files that are kept

  std::string control_path() const { return control.value_or(default_control_path); }
};

// A command to carry out, or else what to print and the code to exit with: help, the version, or
// what is wrong with the command line.
struct ParsedLine {
  std::optional<CommandLine> line;
  std::string out, err;
  int exit_code = exit_ok;
};

ParsedLine parse_command_line(int argc, const char* const* argv);

}  // namespace uswitch
