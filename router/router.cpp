#include "router/router.h"

#include <algorithm>
#include <optional>

#include "core/flow_hash.h"
#include "core/gso.h"
#include "router/ip_checks.h"
#include "router/mss_clamp.h"
#include "router/own_packet.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"

namespace uswitch {

namespace {

bool is_arp(const Packet& p) {
  return p.layout.ether_type == ether_type::arp;
}
bool is_v6(const Packet& p) {
  return p.layout.ether_type == ether_type::ipv6;
}

// Whether answers to this source would leave by the network that it came from (strict), or at all
// (loose). Its own addresses come from nobody else (R4-9, R4-10).
Reason check_source(const Routing& routing, const Packet& p) {
  const IpAddress source = source_of(p);
  const RouterInterface& here = routing.at(p.network);
  if (routing.own.contains(source) || source == here.link_local) return Reason::martian_source;
  const ReversePath mode = here.reverse_path;
  if (mode == ReversePath::off) [[likely]]
    return Reason::none;
  if (!source.is_v4() && source.is_link_local()) return Reason::none;
  const RouteTarget* back = routing.routes->lookup(source);
  if (back == nullptr || back->kind != RouteKind::forward) return Reason::reverse_path;
  if (mode == ReversePath::loose) return Reason::none;
  const auto leads_here = [&](const RouteHop& hop) { return hop.network == p.network; };
  return std::any_of(back->hops.begin(), back->hops.begin() + back->count, leads_here)
             ? Reason::none
             : Reason::reverse_path;
}

Reason reason_of(RouteKind kind) {
  switch (kind) {
    case RouteKind::broadcast:
      return Reason::ip_broadcast;
    case RouteKind::blackhole:
      return Reason::route_blackhole;
    case RouteKind::unreachable:
      return Reason::route_unreachable;
    case RouteKind::prohibit:
      return Reason::route_prohibited;
    case RouteKind::forward:
    case RouteKind::local:
      break;
  }
  return Reason::none;
}

// The host may talk to everybody, and everybody to it. To publish a port is to permit its flows.
bool may_pass(const Routing& routing, const Packet& p, const RouteTarget& target,
              NetworkId network) {
  return routing.joined(p.network, network) || target.origin == RouteOrigin::host ||
         p.ingress == routing.host_port || p.published;
}

// Also of a packet to the router itself: it may be meant to go on from here (R4-12).
Reason check_options(const Packet& p) {
  const bool has_options = !is_v6(p) && (p.data[Layout::l3] & 0x0f) != 5;
  uint8_t pointer = 0;
  return has_options ? ip_checks::check_options(p, pointer) : Reason::none;
}

uint16_t smaller_mtu(const Routing& routing, const Packet& p, NetworkId to) {
  return std::min(routing.at(p.network).mtu, routing.at(to).mtu);
}

}  // namespace

void Router::pass(const Routing& routing, Packet& p, NetworkId to) {
  ip_checks::decrement_ttl(p);
  if (routing.at(p.network).clamp_mss || routing.at(to).clamp_mss) {
    clamp_mss(p, smaller_mtu(routing, p, to));
  }
}

std::optional<IcmpError> Router::error_of(const Routing& routing, const Packet& p, Reason reason,
                                          NetworkId to) {
  const Family family = family_of(p);
  switch (reason) {
    case Reason::no_route:
      return icmp_error::no_route(family);
    case Reason::route_unreachable:
      return is_v6(p) ? icmp_error::no_route(family) : icmp_error::host_unreachable(family);
    case Reason::route_prohibited:
    case Reason::network_isolated:
      return icmp_error::prohibited(family);
    case Reason::ttl_exceeded:
      return icmp_error::ttl_exceeded(family);
    case Reason::source_routed:
      return icmp_error::source_route_failed();
    case Reason::needs_fragmentation:
      return icmp_error::too_big(family, routing.at(to).mtu);
    case Reason::bad_ip_option: {
      uint8_t pointer = 0;
      (void)ip_checks::check_options(p, pointer);
      return icmp_error::parameter_problem(family, pointer);
    }
    case Reason::link_local_scope:
      if (is_v6(p) && !destination_of(p).is_link_local()) return icmp_error::beyond_scope();
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

bool Router::is_cut(const Packet& packet, Reason reason) {
  return reason == Reason::needs_fragmentation &&
         (packet.reassembled || !ip_checks::dont_fragment(packet));
}

// What the packet shows by itself, up to its IP header: what follows is not a router's to judge
// (R4-1). A destination that is link-local is nobody's but perhaps the router's own, so no route is
// looked up for it.
Reason Router::check(const Routing& routing, const Packet& p, Plan& plan) {
  if (p.layout.fault == Reason::malformed_l3) return p.layout.fault;
  if (!is_v6(p)) {
    if (p.layout.ether_type != ether_type::ipv4) return Reason::not_ip;
    const Reason reason = ip_checks::check4(p);
    return reason != Reason::none ? reason : check_source(routing, p);
  }
  if (const Reason r = ip_checks::check6(p); r != Reason::none) return r;
  const IpAddress to = destination_of(p);
  if (to.is_link_local()) {
    plan.local = to == routing.at(p.network).link_local;
    if (!plan.local) plan.reason = Reason::link_local_scope;
  }
  return check_source(routing, p);
}

void Router::look_up(const Routing& routing, std::span<Packet* const> packets,
                     std::span<const Verdict> verdicts) {
  std::array<const uint8_t*, Batch::limit> v4, v6;
  std::array<uint8_t, Batch::limit> index4, index6;
  size_t n4 = 0, n6 = 0;
  for (size_t i = 0; i < packets.size(); ++i) {
    if (verdicts[i].kind() != Verdict::Kind::to_router || is_arp(*packets[i])) continue;
    if (is_v6(*packets[i])) {
      index6[n6] = static_cast<uint8_t>(i);
      v6[n6++] = ip_checks::destination6(*packets[i]);
    } else {
      index4[n4] = static_cast<uint8_t>(i);
      v4[n4++] = ip_checks::destination4(*packets[i]);
    }
  }
  std::array<const RouteTarget*, Batch::limit> found;
  if (n4 != 0) routing.routes->lookup4(v4.data(), n4, found.data());
  for (size_t k = 0; k < n4; ++k) plans_[index4[k]].target = found[k];
  if (n6 != 0) routing.routes->lookup6(v6.data(), n6, found.data());
  for (size_t k = 0; k < n6; ++k) plans_[index6[k]].target = found[k];
}

// In the order of RFC 1812 5.2.1.
Reason Router::judge(const Routing& routing, const Packet& p, Plan& plan) {
  if (plan.local || plan.reason != Reason::none) return plan.reason;
  if (plan.target == nullptr) return Reason::no_route;
  const RouteTarget& target = *plan.target;
  if (target.kind == RouteKind::local) {
    plan.local = true;
    return check_options(p);
  }
  if (target.kind != RouteKind::forward) return reason_of(target.kind);
  const RouteHop& hop =
      target.count == 1 ? target.hops[0] : target.hop(flow_hash(p, routing.flow_seed));
  plan.station.network = hop.network;
  const Reason scope = is_v6(p) ? ip_checks::check_scope6(p) : ip_checks::check_scope4(p);
  if (scope != Reason::none) return scope;
  if (!may_pass(routing, p, target, hop.network)) return Reason::network_isolated;
  if (ip_checks::ttl(p) <= 1) return Reason::ttl_exceeded;
  if (const Reason r = check_options(p); r != Reason::none) return r;
  set_station(*routing.neighbours, hop, destination_of(p), plan.station);
  return segment_length(p) <= routing.at(hop.network).mtu ? Reason::none
                                                          : Reason::needs_fragmentation;
}

void Router::check(const Routing& routing, std::span<Packet* const> packets,
                   std::span<Verdict> verdicts) {
  for (size_t i = 0; i < packets.size(); ++i) {
    plans_[i].begin();
    verdicts[i] = Verdict::to_router();
    if (is_arp(*packets[i])) continue;
    const Reason r = check(routing, *packets[i], plans_[i]);
    if (r != Reason::none) verdicts[i] = Verdict::drop(r);
    // Ethernet padding goes no further (R4-2).
    else
      packets[i]->length = packets[i]->layout.l3_end;
  }
}

void Router::finish(const Routing& routing, std::span<Packet* const> packets,
                    std::span<Verdict> verdicts, Time now) {
  for (size_t i = 0; i < packets.size(); ++i) {
    if (verdicts[i].kind() != Verdict::Kind::to_router || is_arp(*packets[i])) continue;
    Plan& plan = plans_[i];
    plan.reason = judge(routing, *packets[i], plan);
    if (plan.reason != Reason::none || plan.local) continue;
    routing.neighbours->prefetch(plan.station);
    verdicts[i] = Verdict::next();
  }
  for (size_t i = 0; i < packets.size(); ++i) {
    if (verdicts[i].kind() != Verdict::Kind::next) continue;
    const Station& next = plans_[i].station;
    MacAddress mac;
    verdicts[i] = Verdict::to_router();
    if (routing.neighbours->lookup(next, now, mac) != Neighbours::Use::resolved) continue;
    pass(routing, *packets[i], next.network);
    Sender::readdress(routing, *packets[i], next.network, mac);
    verdicts[i] = Verdict::forward();
  }
}

void Router::look_up_anew(const Routing& routing, const Packet& packet, size_t index) {
  plans_[index].begin();
  plans_[index].target = routing.routes->lookup(destination_of(packet));
}

Verdict Router::take_turn(const Routing& routing, Packet& packet, size_t index, Time now) {
  const Plan& plan = plans_[index];
  if (is_arp(packet)) return listen(routing, packet, now);
  if (plan.local && plan.reason == Reason::none) return local_.receive(routing, packet, now);
  const bool cut = is_cut(packet, plan.reason);
  if (plan.reason != Reason::none && !cut) return refuse(routing, packet, plan, now);
  pass(routing, packet, plan.station.network);
  return cut ? sender_.to_station_in_pieces(routing, packet, plan.station, now)
             : sender_.to_station(routing, packet, plan.station, now);
}

Verdict Router::refuse(const Routing& routing, Packet& packet, const Plan& plan, Time now) {
  sender_.untranslate(packet, now);
  if (const auto error = error_of(routing, packet, plan.reason, plan.station.network)) {
    sender_.answer(routing, packet, *error, now);
  }
  return Verdict::drop(plan.reason);
}

void Router::tell_prohibited(const Routing& routing, const Packet& packet, Time now) {
  sender_.answer(routing, packet, icmp_error::prohibited(family_of(packet)), now);
}

void Router::tell_too_big(const Routing& routing, const Packet& packet, uint16_t mtu, Time now) {
  const Layout& found = packet.layout;
  if (found.fault != Reason::none || (found.ether_type != ether_type::ipv4 && !is_v6(packet)))
    return;
  if (!is_v6(packet) && !ip_checks::dont_fragment(packet)) return;
  sender_.answer(routing, packet, icmp_error::too_big(family_of(packet), mtu), now);
}

bool Router::listens_to(const Packet& p) {
  if (!MacAddress::load(p.data).is_group() || p.layout.fault != Reason::none) return false;
  return is_arp(p) || (is_v6(p) && Nd::takes(p));
}

Verdict Router::listen(const Routing& routing, const Packet& packet, Time now) {
  const Reason reason =
      is_arp(packet) ? arp_.receive(routing, packet, now) : nd_.receive(routing, packet, now);
  return reason == Reason::none ? sender_.deliver(packet) : Verdict::drop(reason);
}

}  // namespace uswitch
