#include "control/clock_text.h"

#include <cstdio>
#include <ctime>

namespace uswitch {

std::string clock_text(uint64_t nanoseconds) {
  const auto seconds = static_cast<time_t>(nanoseconds / 1'000'000'000);
  tm local{};
  localtime_r(&seconds, &local);
  char text[64];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.%09u", local.tm_hour, local.tm_min, local.tm_sec,
                static_cast<unsigned>(nanoseconds % 1'000'000'000));
  return text;
}

}  // namespace uswitch
