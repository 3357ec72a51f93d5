// Draws a frame of `uswitch top`: a pure function of two samples, so that it is tested without a
// terminal.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "control/top_sample.h"

namespace uswitch {

struct ScreenSize {
  size_t columns = 80, rows = 24;
};

// Lines without their ends, none wider than the screen and no more than it has rows. The busiest
// come first; what does not fit is counted. Rates are between the two samples. `colour`: with ANSI
// escapes.
std::vector<std::string> draw_top(const TopSample& now, const TopSample& before, ScreenSize size,
                                  bool colour);

// The beginning of a line that fits so many columns; escapes take none and are not torn apart. The
// style that holds at its end is not reset.
std::string clipped(const std::string& line, size_t columns);

}  // namespace uswitch
