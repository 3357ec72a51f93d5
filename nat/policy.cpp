#include "nat/policy.h"

#include <algorithm>

namespace uswitch {

bool Policy::add_publish(const IpAddress& address, uint8_t protocol, const Publish& publish) {
  Ranges& ranges = published_[address];
  const auto next = ranges.upper_bound({protocol, publish.last_port});
  if (next != ranges.begin()) {
    const auto& [at, before] = *std::prev(next);
    if (at.first == protocol && before.last_port >= publish.first_port) return false;
  }
  ranges.emplace(std::pair(protocol, publish.first_port), publish);
  return true;
}

const Publish* Policy::published(const IpAddress& address, uint8_t protocol, uint16_t port) const {
  const auto found = published_.find(address);
  if (found == published_.end()) return nullptr;
  const Ranges& ranges = found->second;
  const auto next = ranges.upper_bound({protocol, port});
  if (next == ranges.begin()) return nullptr;
  const auto& [at, entry] = *std::prev(next);
  return at.first == protocol && entry.last_port >= port ? &entry : nullptr;
}

const Masquerade* Policy::masquerade(const IpAddress& source, NetworkId out) const {
  const auto found = std::ranges::find_if(
      masquerades_, [&](const Masquerade& m) { return m.out == out && m.from.contains(source); });
  return found == masquerades_.end() ? nullptr : &*found;
}

NetworkId Policy::side_of(const IpAddress& external, const PortMap& ports) const {
  for (const Masquerade& m : masquerades_) {
    const auto is_it = [&](ExternalId id) { return ports.address(id) == external; };
    if (std::ranges::any_of(m.pool.ids(), is_it)) return m.out;
  }
  return no_network;
}

}  // namespace uswitch
