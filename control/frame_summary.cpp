#include "control/frame_summary.h"

#include <algorithm>
#include <vector>

#include "wire/print.h"

namespace uswitch {

// Lengths are judged by those of the whole frame, whose rest is taken for zeros.
std::string summary_of(std::span<const uint8_t> beginning, size_t length) {
  std::vector<uint8_t> frame(beginning.begin(), beginning.end());
  frame.resize(std::max(length, frame.size()));
  return describe(frame) + ", " + std::to_string(frame.size()) + " B";
}

}  // namespace uswitch
