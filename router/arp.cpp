#include "router/arp.h"

#include "router/arp_message.h"

namespace uswitch {

namespace {

// Nobody's: to be answered (a probe), not to be remembered (ARP-5, ARP-7).
bool is_station(const IpAddress& a) {
  return !a.is_unspecified() && !a.is_multicast() && !a.is_loopback() && a.v4() != 0xffffffff;
}

std::optional<ArpView> view_of(const Packet& packet) {
  return ArpView::parse({packet.data + Layout::l3, packet.length - Layout::l3});
}

}  // namespace

Reason Arp::judge(const Routing& routing, const Packet& packet) {
  const auto arp = view_of(packet);
  if (!arp) return Reason::malformed_l3;
  const MacAddress sender = arp->sender_mac();
  if (sender.is_group() || sender.is_zero()) return Reason::arp_invalid;  // ARP-7
  const RouterInterface& own = routing.at(packet.network);
  return own.owns(arp->sender_ip()) && sender != own.mac ? Reason::arp_conflict : Reason::none;
}

bool Arp::is_asked(const Routing& routing, const Packet& packet) {
  const auto arp = view_of(packet);
  if (!arp || arp->operation() != ArpView::request || arp->sender_ip() == arp->target_ip())
    return false;
  const RouterInterface& own = routing.at(packet.network);
  if (own.owns(arp->sender_ip())) return false;  // its own, come back
  return own.owns(arp->target_ip()) || routing.stands_for_host(packet.network, arp->target_ip());
}

Reason Arp::receive(const Routing& routing, const Packet& packet, Time now) {
  const Reason reason = judge(routing, packet);
  const RouterInterface& own = routing.at(packet.network);
  if (reason == Reason::arp_conflict) {
    defend(own, packet.network, view_of(packet)->sender_ip(), now);
  }
  if (reason != Reason::none) return reason;
  const ArpView arp = *view_of(packet);
  if (own.owns(arp.sender_ip())) return Reason::none;
  learn(routing, packet.network, arp, now);
  if (is_asked(routing, packet)) reply(own, packet.network, arp);
  return Reason::none;
}

// The payload's addresses, not the frame's (ARP-13).
void Arp::learn(const Routing& routing, NetworkId network, const ArpView& arp, Time now) {
  if (!is_station(arp.sender_ip())) return;
  const auto key = routing.neighbours->key(network, arp.sender_ip());
  const bool to_me = routing.at(network).owns(arp.target_ip());
  if (arp.operation() == ArpView::request) {
    routing.neighbours->heard_request(key, arp.sender_mac(), now, to_me);
  } else {
    routing.neighbours->heard_reply(key, arp.sender_mac(), now, to_me);
  }
}

void Arp::reply(const RouterInterface& own, NetworkId network, const ArpView& request) {
  Packet* out = sender_.fresh();
  if (out == nullptr) return;
  arp_message::write_reply(own, request, *out);
  sender_.send_frame(*out, network);
}

void Arp::defend(const RouterInterface& own, NetworkId network, const IpAddress& address,
                 Time now) {
  if (!defence_.due(network, now)) return;
  Packet* out = sender_.fresh();
  if (out == nullptr) return;
  arp_message::write_announcement(own, address, *out);
  sender_.send_frame(*out, network);
}

}  // namespace uswitch
