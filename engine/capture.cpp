#include "engine/capture.h"

#include <algorithm>

namespace uswitch {

Capture::Capture(CaptureRequest request, unsigned workers, size_t ring)
    : request_(std::move(request)) {
  for (const PortId port : request_.ports) {
    if (port >= wanted_.size()) wanted_.resize(size_t{port} + 1);
    wanted_[port] = true;
  }
  for (unsigned i = 0; i < workers; ++i) workers_.push_back(std::make_unique<OfWorker>(ring));
}

bool Capture::wants(PortId port) const {
  return wanted_.empty() || (port < wanted_.size() && wanted_[port]);
}

uint64_t Capture::lost() const {
  uint64_t sum = 0;
  for (const auto& worker : workers_) sum += worker->lost.get();
  return sum;
}

bool CaptureSet::empty() const {
  return std::ranges::none_of(places, [](const auto& place) { return place != nullptr; });
}

}  // namespace uswitch
