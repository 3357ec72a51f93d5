#include "core/open_files.h"

#include <sys/resource.h>

namespace uswitch {

uint64_t raised_open_files() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const rlimit raised{files.rlim_max, files.rlim_max};
  if (files.rlim_cur < files.rlim_max && setrlimit(RLIMIT_NOFILE, &raised) == 0) {
    return raised.rlim_cur;
  }
  return files.rlim_cur;
}

}  // namespace uswitch
