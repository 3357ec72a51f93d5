#include "control/capture_control.h"

#include <algorithm>

namespace uswitch {

std::shared_ptr<Capture> CaptureControl::start(CaptureRequest request) {
  const auto place = std::ranges::find(running_.places, nullptr);
  if (place == running_.places.end()) return nullptr;
  *place = std::make_shared<Capture>(std::move(request),
                                     static_cast<unsigned>(engine_.workers().size()));
  engine_.set_captures(std::make_shared<CaptureSet>(running_));
  return *place;
}

void CaptureControl::stop(const Capture& capture) {
  const auto place = std::ranges::find(running_.places, &capture, &std::shared_ptr<Capture>::get);
  if (place == running_.places.end()) return;
  place->reset();
  engine_.set_captures(running_.empty() ? nullptr : std::make_shared<CaptureSet>(running_));
}

}  // namespace uswitch
