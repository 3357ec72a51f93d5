// Explain: the router's stages.
#include "core/gso.h"
#include "engine/explain_text.h"
#include "engine/explain_walk.h"
#include "router/ip_checks.h"
#include "router/local.h"
#include "router/own_packet.h"
#include "wire/ethernet.h"

namespace uswitch {

namespace text = explain_text;

namespace {

bool is_arp(const Packet& p) {
  return p.layout.ether_type == ether_type::arp;
}

}  // namespace

void ExplainWalk::route() {
  if (is_arp(packet_)) {
    listen();
    if (told_.drops.empty()) told_.end = "taken by the router";
    return;
  }
  if (packet_.layout.fragment && tables_.nat.connections) {
    told_.end = "waits in the router for the rest of its datagram, which goes on as a whole";
    return doubt("fragments", "with NAT a datagram is put together before it is looked at");
  }
  Router::Plan plan;
  if (const Reason r = Router::check(routing(), packet_, plan); r != Reason::none)
    return lose("router", r);
  packet_.length = packet_.layout.l3_end;
  if (!tables_.nat.connections || translate()) go_on(plan);
}

// A message to all, or to the router's MAC, that keeps its tables.
void ExplainWalk::listen() {
  const bool arp = is_arp(packet_);
  const char* stage = arp ? "arp" : "nd";
  const Reason r = arp ? Arp::judge(routing(), packet_) : Nd::judge(routing(), packet_);
  if (r != Reason::none) return lose(stage, r, "the router hears it");
  const bool asked = arp ? Arp::is_asked(routing(), packet_) : Nd::is_asked(routing(), packet_);
  say(stage, asked ? "the router hears it and answers" : "the router hears it");
  if (told_.egress.empty()) told_.end = "taken by the router";
}

void ExplainWalk::look_up(Router::Plan& plan) {
  const IpAddress to = destination_of(packet_);
  plan.target = routing().routes->lookup(to);
  if (plan.local || plan.reason != Reason::none) return;
  say("route", to.to_string() + " -> " +
                   (plan.target ? text::route(tables_, *plan.target) : std::string("no route")));
}

void ExplainWalk::go_on(Router::Plan& plan) {
  look_up(plan);
  const Reason reason = Router::judge(routing(), packet_, plan);
  const NetworkId to = plan.station.network;
  if (plan.local && reason == Reason::none) return receive();
  const bool cut = Router::is_cut(packet_, reason);
  if (reason != Reason::none && !cut) return refuse(reason, to);
  Router::pass(routing(), packet_, to);
  if (cut) {
    const uint16_t mtu = routing().at(to).mtu;
    if (!Sender::can_cut(packet_, mtu)) return lose("router", Reason::needs_fragmentation);
    say("router", "longer than " + std::to_string(mtu) + " B, the MTU of " +
                      text::network(tables_, to) + ": cut into fragments");
    pieces_of_ = mtu;
    told_.in_pieces = true;
  }
  next_station(plan.station);
}

void ExplainWalk::refuse(Reason reason, NetworkId to) {
  lose("router", reason);
  const auto error = Router::error_of(routing(), packet_, reason, to);
  if (error && may_answer(packet_, *error)) {
    say("answer", "its sender is told by " + text::icmp(*error, family_of(packet_)));
  }
}

// It is for the router itself.
void ExplainWalk::receive() {
  if (packet_.layout.fragment) {
    told_.end = "waits in the router for the rest of its datagram";
    return doubt("fragments", "the router puts it together before it looks at it");
  }
  if (Local::is_nd(packet_)) {
    listen();
    if (told_.drops.empty()) told_.end = "taken by the router";
    return;
  }
  if (packet_.layout.fault == Reason::none && packet_.offload.gso == Offload::Gso::none)
    complete_checksum(packet_);
  const Reason r = Local::judge(packet_);
  if (r != Reason::none) return lose("router", r, "for the router itself");
  say("router", "an echo request for the router itself, which answers");
  told_.end = "taken by the router, which answers";
}

void ExplainWalk::next_station(const Station& station) {
  MacAddress mac;
  const auto use = routing().neighbours->peek(station, now_, mac);
  const auto entry = routing().neighbours->entry(station, now_);
  const std::string whom =
      station.address.to_string() + " on " + text::network(tables_, station.network);
  if (use == Neighbours::Use::failed) {
    lose("neighbour", Reason::neighbour_failed, whom);
    const IcmpError error = icmp_error::host_unreachable(family_of(packet_));
    if (may_answer(packet_, error))
      say("answer", "its sender is told by " + text::icmp(error, family_of(packet_)));
    return;
  }
  if (use == Neighbours::Use::unresolved) {
    say("neighbour", whom + ": its MAC is not known, " +
                         (station.address.is_v4() ? "ARP" : "neighbour discovery") +
                         " asks for it");
    told_.end = "waits in the router for an answer from " + whom;
    return;
  }
  say("neighbour",
      whom + " is " + mac.to_string() + ", " + (entry ? text::state(entry->state) : "known"));
  const NetworkId from = packet_.network;
  Sender::readdress(routing(), packet_, station.network, mac);
  say("router", "from " + text::network(tables_, from) + " to " +
                    text::network(tables_, packet_.network) + ": MACs of gateway and station, " +
                    (ip_checks::is_v4(packet_) ? "TTL " : "hop limit ") +
                    std::to_string(ip_checks::ttl(packet_)));
  forward();
}

void ExplainWalk::forward() {
  find_station();
  const PortId egress = where_is(packet_.network, MacAddress::load(packet_.data));
  if (egress != no_port) return to_port(egress);
  Reason why_none = Reason::no_egress;
  if (to_members(no_port, why_none) == 0) lose("egress", why_none);
}

}  // namespace uswitch
