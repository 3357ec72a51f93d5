#include "control/thread_time.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace uswitch {

std::optional<ThreadTime> thread_time(int thread_id) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread_id) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // "TID (NAME) S PPID ...": the name may hold spaces and parentheses, so count from its end. What
  // follows it is field 3 of proc(5); utime and stime are fields 14 and 15.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  unsigned long user = 0, system = 0;
  if (!(fields >> user >> system)) return std::nullopt;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  return ThreadTime{static_cast<double>(user) / ticks, static_cast<double>(system) / ticks};
}

}  // namespace uswitch
