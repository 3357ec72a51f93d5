#include "control/published_ports.h"

namespace uswitch {

std::optional<int> PublishedPorts::Spans::line_of(uint16_t first, uint16_t last) const {
  const auto span = by_last_.lower_bound(first);
  if (span == by_last_.end() || span->second.first > last) return std::nullopt;
  return span->second.line;
}

// A range in pieces: each goes up to the next one that is taken, and the search on behind that.
void PublishedPorts::Spans::fill(uint16_t first, uint16_t last, int line) {
  uint32_t from = first;
  for (auto next = by_last_.lower_bound(first); from <= last; ++next) {
    const bool open_end = next == by_last_.end() || next->second.first > last;
    const uint32_t end = open_end ? last + 1u : next->second.first;
    if (from < end) {
      by_last_.emplace_hint(next, static_cast<uint16_t>(end - 1),
                            Span{static_cast<uint16_t>(from), line});
    }
    if (open_end) return;
    from = next->first + 1u;
  }
}

// Whose addresses this one is, or these all are; nobody's that is known when it is routed here.
std::optional<std::string> PublishedPorts::owner_of(const PublishConfig& entry) const {
  if (entry.on.empty() || !entry.address) return entry.on;
  const NetworkConfig* network = connected_.owner(*entry.address);
  return network ? std::optional(network->name) : std::nullopt;
}

PublishedPorts::Keys PublishedPorts::keys_of(const PublishConfig& entry, bool udp) const {
  const IpAddress any = entry.to.is_v4() ? IpAddress::from_v4(0) : IpAddress{};
  const auto owner = owner_of(entry);
  if (!entry.address) {
    const Key all{udp, Scope::all, *owner, any};
    return {{all}, {all, {udp, Scope::some, *owner, any}}};
  }
  const Key one{udp, Scope::address, "", *entry.address};
  if (!owner) return {{one}, {one}};
  return {{one, {udp, Scope::some, *owner, any}}, {one, {udp, Scope::all, *owner, any}}};
}

std::optional<int> PublishedPorts::claim(const PublishConfig& entry, int line) {
  std::vector<Key> taken;
  for (const bool udp : {false, true}) {
    if (!(udp ? entry.udp : entry.tcp)) continue;
    const Keys keys = keys_of(entry, udp);
    for (const Key& key : keys.contested) {
      if (auto other = spans_[key].line_of(entry.first_port, entry.last_port)) return other;
    }
    taken.insert(taken.end(), keys.taken.begin(), keys.taken.end());
  }
  for (const Key& key : taken) spans_[key].fill(entry.first_port, entry.last_port, line);
  return std::nullopt;
}

}  // namespace uswitch
