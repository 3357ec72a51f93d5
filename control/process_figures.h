// What the system knows of this process, under the names that Prometheus's clients agree on. Any
// thread. What cannot be read is 0.
#pragma once
#include <cstdint>

namespace uswitch {

struct ProcessFigures {
  double start_time = 0;        // seconds since 1970, the same at each call
  double cpu_seconds = 0;       // of all threads, user and system
  uint64_t resident_bytes = 0;  // physical memory
  uint64_t open_fds = 0;
};

ProcessFigures process_figures();

}  // namespace uswitch
