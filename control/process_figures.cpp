#include "control/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

namespace uswitch {

namespace {

// When the machine was started, in seconds since 1970.
double boot_time() {
  std::ifstream file("/proc/stat");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

// Field 22 of proc(5)'s stat counts from the start of the machine. What follows the name in
// parentheses, which may hold anything, is field 3.
double start_time() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  double ticks = 0;
  return fields >> ticks ? boot_time() + ticks / static_cast<double>(sysconf(_SC_CLK_TCK)) : 0;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t open_fds() {
  std::error_code error;
  const std::filesystem::directory_iterator first("/proc/self/fd", error);
  // One of them is the directory's own.
  return error ? 0 : static_cast<uint64_t>(std::distance(begin(first), end(first))) - 1;
}

}  // namespace

ProcessFigures process_figures() {
  static const double started = start_time();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {started, seconds(usage.ru_utime) + seconds(usage.ru_stime), resident_bytes(), open_fds()};
}

}  // namespace uswitch
