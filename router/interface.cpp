#include "router/interface.h"

namespace uswitch {

std::optional<IpAddress> RouterInterface::address_for(const IpAddress& peer) const {
  const Family family = peer.family();
  if (family == Family::v6 && peer.is_link_local()) return link_local;
  std::optional<IpAddress> first;
  for (const IpPrefix& own : addresses) {
    if (own.contains(peer)) return own.address;
    if (!first && own.address.family() == family) first = own.address;
  }
  return first;
}

bool RouterInterface::owns(const IpAddress& address) const {
  return address == link_local || std::ranges::any_of(addresses, [&](const IpPrefix& own) {
           return own.address == address;
         });
}

namespace {

constexpr uint8_t longest_with_anycast = 126;

bool has_anycast(const IpPrefix& own) {
  return !own.address.is_v4() && own.length <= longest_with_anycast;
}

}  // namespace

bool RouterInterface::is_anycast(const IpAddress& address) const {
  return !owns(address) && std::ranges::any_of(addresses, [&](const IpPrefix& own) {
    return has_anycast(own) && own.network() == address;
  });
}

IpAddress Routing::station_for(NetworkId network, const IpAddress& asked,
                               const IpAddress& peer) const {
  const auto has_it = [&](const RouterInterface& i) { return i.present && i.is_anycast(asked); };
  const bool anycast = !asked.is_v4() && std::ranges::any_of(interfaces, has_it);
  return anycast ? at(network).address_for(peer).value_or(asked) : asked;
}

void OwnAddresses::add(const IpAddress& address) {
  addresses_.insert(std::ranges::upper_bound(addresses_, address), address);
  filter_ |= uint64_t{1} << bit(address);
}

bool OwnAddresses::listed(const IpAddress& address) const {
  return std::ranges::binary_search(addresses_, address);
}

bool Routing::joined(NetworkId from, NetworkId to) const {
  if (from == to) return true;
  const RouterInterface &a = interfaces[from], &b = interfaces[to];
  return (!a.isolated || b.outside) && (!b.isolated || a.outside);
}

bool Routing::stands_for_host(NetworkId network, const IpAddress& address) const {
  const RouteTarget* target = routes->lookup(address);
  return target && target->kind == RouteKind::forward && target->origin == RouteOrigin::host &&
         target->hops[0].network != network;
}

Routes connected_routes(NetworkId network, const std::vector<IpPrefix>& addresses) {
  Routes routes;
  RouteTarget here;
  here.count = 1;
  here.hops[0] = {network, true, {}};
  const auto add = [&](const IpPrefix& to, RouteKind kind, RouteOrigin origin) {
    here.kind = kind;
    here.origin = origin;
    routes[to] = here;
  };
  for (const IpPrefix& own : addresses) {
    const bool v4 = own.address.is_v4();
    const uint8_t bits = v4 ? 32 : 128;
    add({own.address, bits}, RouteKind::local, RouteOrigin::local);
    if (own.length == bits) continue;
    add({own.network(), own.length}, RouteKind::forward, RouteOrigin::connected);
    if (v4 && own.length < 31) {  // RFC 3021
      add({own.broadcast(), bits}, RouteKind::broadcast, RouteOrigin::connected);
    }
    if (has_anycast(own)) add({own.network(), bits}, RouteKind::local, RouteOrigin::local);
  }
  return routes;
}

}  // namespace uswitch
