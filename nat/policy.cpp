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
  Server& server = servers_[publish.to];
  server.ways.emplace(
      std::pair(protocol, publish.to_port),
      Server::Way{publish.on, address, publish.first_port, publish.last_port, publish.tag});
  const auto width = static_cast<uint16_t>(publish.last_port - publish.first_port);
  server.widest = std::max(server.widest, width);
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

std::optional<Policy::PublishedEnd> Policy::find_published_end(const TransportAddress& server,
                                                               const Masquerade& m,
                                                               const PortMap& ports) const {
  const auto found = servers_.find(server.address);
  if (found == servers_.end()) return std::nullopt;
  const auto& [ways, widest] = found->second;
  const auto lowest = static_cast<uint16_t>(server.port - std::min(server.port, widest));
  const auto end = ways.upper_bound({server.protocol, server.port});
  std::optional<PublishedEnd> first;
  for (auto w = ways.lower_bound({server.protocol, lowest}); w != end; ++w) {
    const auto& [at, way] = *w;
    const auto offset = static_cast<uint16_t>(server.port - at.second);
    if (way.on != m.out || offset > way.last_port - way.first_port) continue;
    const auto port = static_cast<uint16_t>(way.first_port + offset);
    const PublishedEnd that{{way.address, port, server.protocol}, way.tag};
    if (ports.external_address(server.address, m.pool) == way.address) return that;
    if (!first) first = that;
  }
  return first;
}

NetworkId Policy::side_of(const IpAddress& external, const PortMap& ports) const {
  for (const Masquerade& m : masquerades_) {
    const auto is_it = [&](ExternalId id) { return ports.address(id) == external; };
    if (std::ranges::any_of(m.pool.ids(), is_it)) return m.out;
  }
  return no_network;
}

}  // namespace uswitch
