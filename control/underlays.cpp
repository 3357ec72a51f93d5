#include "control/underlays.h"

#include <stdexcept>

namespace uswitch {

std::shared_ptr<UdpUnderlay> Underlays::get(const UdpOptions& options) {
  std::weak_ptr<UdpUnderlay>& place = all_[{options.local, options.port}];
  if (auto there = place.lock()) {
    if (there->options() == options) return there;
    throw std::runtime_error("'device', 'ttl' and 'checksum' of the tunnels at " +
                             options.local.to_string() + " port " + std::to_string(options.port) +
                             " change only when uswitch starts anew");
  }
  auto made = std::make_shared<UdpUnderlay>(options, attention_);
  place = made;
  return made;
}

}  // namespace uswitch
