// How many descriptors the process may have.
//
// Any thread; no state but the process's.
#pragma once
#include <cstdint>

namespace uswitch {

// RLIMIT_NOFILE, which is raised first as far as the process may without asking anybody (the hard
// limit). No error: what cannot be raised stays.
uint64_t raised_open_files();

}  // namespace uswitch
