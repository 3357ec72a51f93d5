// A frame that the control thread composed, on its way to a worker that sends it. A value.
#pragma once
#include <cstdint>
#include <vector>

#include "core/ids.h"

namespace uswitch {

struct OwnFrame {
  NetworkId network = no_network;
  std::vector<uint8_t> bytes;
};

}  // namespace uswitch
