// `uswitch replay`: the whole pipeline offline, on capture files, with their clock. Nothing of the
// machine is touched but files, and two runs of the same files are alike to the byte. Main thread.
#pragma once
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace uswitch {

struct ReplayOptions {
  std::string config;
  std::vector<std::string> in;  // "PORT=FILE"; several files of one port are merged by time
  std::string out;              // a directory, made when it is not there
  uint64_t seed = 1;            // of all that would be random
};

CLI::App* add_replay(CLI::App& app, ReplayOptions& options);

// Returns the process's exit code. Writes out/PORT.pcap of each port, out/report.txt and
// out/report.json, and the text of the report to `out`.
int replay(const ReplayOptions& options, std::ostream& out, std::ostream& err);

}  // namespace uswitch
