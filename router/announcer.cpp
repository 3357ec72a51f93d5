#include "router/announcer.h"

#include <algorithm>
#include <iterator>

#include "router/arp_message.h"
#include "router/nd_message.h"
#include "router/sender.h"

namespace uswitch {

template <class Write>
void Announcer::compose(NetworkId network, std::vector<OwnFrame>& frames, Write write) {
  Packet* packet = pool_.take();
  write(*packet);
  frames.push_back({network, {packet->data, packet->data + packet->length}});
  pool_.give_back(packet);
}

void Announcer::begin(NetworkId network, Time now) {
  if (network >= schedules_.size()) schedules_.resize(network + 1u);
  schedules_[network] = {0, now, 0, now};
}

void Announcer::announce(const RouterInterface& own, NetworkId network, bool first,
                         std::vector<OwnFrame>& frames) {
  const auto in6 = [&](const IpAddress& address) {
    if (first) {
      compose(network, frames,
              [&](Packet& p) { nd_message::write_duplicate_probe(own, address, p); });
    }
    compose(network, frames, [&](Packet& p) {
      nd_message::write_advertisement(own, {address, false, true}, nd_message::To::all_nodes(), p);
    });
  };
  bool has_v6 = false;
  for (const IpPrefix& prefix : own.addresses) {
    if (prefix.address.is_v4()) {
      compose(network, frames,
              [&](Packet& p) { arp_message::write_announcement(own, prefix.address, p); });
    } else {
      has_v6 = true;
      in6(prefix.address);
    }
  }
  if (has_v6) in6(own.link_local);
}

void Announcer::advertise(const RouterInterface& own, NetworkId network, uint16_t lifetime,
                          std::vector<OwnFrame>& frames) {
  compose(network, frames, [&](Packet& p) {
    nd_message::write_router_advertisement(own, lifetime, nd_message::To::all_nodes(), p);
  });
}

Duration Announcer::until_next(int advertised) {
  const bool initial = advertised < initial_advertisements;
  const Duration least = initial ? min_initial_advertise : min_advertise;
  const Duration most = initial ? max_initial_advertise : max_advertise;
  return Duration(std::uniform_int_distribution<int64_t>(least.count(), most.count())(random_));
}

std::vector<OwnFrame> Announcer::due(const Routing& routing, Time now, uint64_t& wake) {
  std::vector<OwnFrame> frames;
  for (NetworkId n = 0; n < schedules_.size(); ++n) {
    if (!routing.on(n)) continue;
    const RouterInterface& own = routing.at(n);
    Schedule& s = schedules_[n];
    if (s.announced < announcements && now >= s.announce) {
      announce(own, n, s.announced == 0, frames);
      ++s.announced;
      s.announce = now + announce_interval;
    }
    if (own.advertise && now >= s.advertise) {
      advertise(own, n, nd_message::router_lifetime, frames);
      s.advertise = now + until_next(++s.advertised);
    }
  }
  if (!routing.neighbours) return frames;
  std::vector<Neighbours::Question> questions;
  wake |= routing.neighbours->sweep(now, questions);
  for (const Neighbours::Question& q : questions) {
    if (!routing.on(q.network)) continue;
    const std::optional<MacAddress> to = q.unicast ? std::optional(q.mac) : std::nullopt;
    compose(q.network, frames,
            [&](Packet& p) { write_question(routing.at(q.network), q.address, to, p); });
  }
  return frames;
}

std::vector<OwnFrame> Announcer::farewell(const Routing& routing, NetworkId network) {
  std::vector<OwnFrame> frames;
  if (routing.on(network) && routing.at(network).advertise) {
    advertise(routing.at(network), network, 0, frames);
  }
  return frames;
}

std::vector<OwnFrame> Announcer::farewell(const Routing& routing) {
  std::vector<OwnFrame> frames;
  for (NetworkId n = 0; n < schedules_.size(); ++n) {
    std::ranges::move(farewell(routing, n), std::back_inserter(frames));
  }
  return frames;
}

}  // namespace uswitch
