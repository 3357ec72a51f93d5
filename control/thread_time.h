// How much CPU time a thread of this process has used. Any thread.
#pragma once
#include <optional>

namespace uswitch {

// In seconds since the thread's start, to the resolution of proc(5)'s clock tick.
struct ThreadTime {
  double user = 0;
  double system = 0;
};

// Null when there is no such thread or /proc is not mounted.
std::optional<ThreadTime> thread_time(int thread_id);

}  // namespace uswitch
