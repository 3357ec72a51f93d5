#include "router/nd.h"

#include "router/ip_checks.h"
#include "wire/ethernet.h"
#include "wire/ipv6.h"

namespace uswitch {

using nd_message::To;

namespace {

constexpr uint8_t source_link = NdpView::Option::source_link_address,
                  target_link = NdpView::Option::target_link_address;
constexpr uint8_t flag_router = 0x80, flag_solicited = 0x40, flag_override = 0x20;

bool is_solicited_node(const IpAddress& a) {
  return a == nd_message::solicited_node(a);
}

bool is_station(const MacAddress& mac) {
  return !mac.is_group() && !mac.is_zero();
}

// ND-1, but for what NdpView has checked.
bool is_sound(const Packet& p, const Ipv6View& ip, std::span<const uint8_t> message) {
  if (p.layout.fragment || ip.hop_limit() != 255 || message[1] != 0) return false;
  const uint16_t pseudo = ip.pseudo_sum(ip_protocol::icmp6, message.size());
  return checksum::add(pseudo, checksum::sum(message)) == 0xffff;
}

}  // namespace

struct Nd::Message {
  const Routing& routing;
  const RouterInterface& own;
  NetworkId network;
  IpAddress source, destination;
  MacAddress sender;  // of the frame; never the router's own (BR-12)
  NdpView nd;
  Time now;

  bool nameless() const { return source == IpAddress{}; }
  bool is_solicited() const { return nd.bytes()[4] & flag_solicited; }  // of an advertisement
  Neighbours::Key key(const IpAddress& a) const { return routing.neighbours->key(network, a); }
};

bool Nd::takes(const Packet& p) {
  if (p.layout.protocol != ip_protocol::icmp6 || p.layout.l4 == 0) return false;
  const uint8_t type = p.data[p.layout.l4];
  return type >= icmp6_type::router_solicitation && type <= icmp6_type::redirect;
}

std::optional<Nd::Message> Nd::message_of(const Routing& routing, const Packet& packet, Time now) {
  const auto ip = Ipv6View::parse({packet.data + Layout::l3, packet.length - Layout::l3});
  const std::span message(packet.data + packet.layout.l4, packet.layout.l3_end - packet.layout.l4);
  const auto nd = NdpView::parse(message);
  if (!ip || !nd || !is_sound(packet, *ip, message)) return std::nullopt;
  return Message{routing,
                 routing.at(packet.network),
                 packet.network,
                 ip->source(),
                 ip->destination(),
                 MacAddress::load(packet.data + EthernetView::Offset::source),
                 *nd,
                 now};
}

Reason Nd::judge(const Routing& routing, const Packet& packet) {
  const auto m = message_of(routing, packet, Time{});
  return m ? judge(*m) : Reason::nd_invalid;
}

bool Nd::is_asked(const Routing& routing, const Packet& packet) {
  const auto m = message_of(routing, packet, Time{});
  return m && judge(*m) == Reason::none && is_asked(*m);
}

Reason Nd::judge(const Message& m) {
  if (m.source.is_multicast() || m.source.is_loopback()) return Reason::nd_invalid;
  if (m.own.owns(m.source)) return Reason::nd_conflict;
  switch (m.nd.type()) {
    case icmp6_type::neighbor_solicitation:
      return judge_solicitation(m);
    case icmp6_type::neighbor_advertisement:
      return judge_advertisement(m);
    case icmp6_type::router_solicitation:
      return judge_router_solicitation(m);
    default:
      return Reason::none;  // another router's business
  }
}

Reason Nd::judge_solicitation(const Message& m) {
  const auto link = m.nd.link_address(source_link);
  if (m.nd.target()->is_multicast() || (link && !is_station(*link))) return Reason::nd_invalid;
  if (m.nameless() && (link || !is_solicited_node(m.destination))) return Reason::nd_invalid;
  return Reason::none;
}

Reason Nd::judge_advertisement(const Message& m) {
  const auto link = m.nd.link_address(target_link);
  if (m.nd.target()->is_multicast() || (link && !is_station(*link))) return Reason::nd_invalid;
  if (m.is_solicited() && m.destination.is_multicast()) return Reason::nd_invalid;
  return m.own.owns(*m.nd.target()) ? Reason::nd_conflict : Reason::none;
}

Reason Nd::judge_router_solicitation(const Message& m) {
  const auto link = m.nd.link_address(source_link);
  return link && (m.nameless() || !is_station(*link)) ? Reason::nd_invalid : Reason::none;
}

// Of one that is believed.
bool Nd::is_asked(const Message& m) {
  if (m.nd.type() == icmp6_type::router_solicitation) return m.own.advertise;
  if (m.nd.type() != icmp6_type::neighbor_solicitation) return false;
  const IpAddress target = *m.nd.target();
  return m.own.owns(target) || (!m.nameless() && (m.own.is_anycast(target) ||
                                                  m.routing.stands_for_host(m.network, target)));
}

Reason Nd::receive(const Routing& routing, const Packet& packet, Time now) {
  const auto m = message_of(routing, packet, now);
  if (!m) return Reason::nd_invalid;
  const Reason reason = judge(*m);
  if (reason == Reason::nd_conflict && !m->own.owns(m->source)) defend(*m);
  if (reason != Reason::none) return reason;
  switch (m->nd.type()) {
    case icmp6_type::neighbor_solicitation:
      if (is_asked(*m)) answer(*m);
      break;
    case icmp6_type::neighbor_advertisement:
      learn_target(*m);
      break;
    case icmp6_type::router_solicitation:
      if (!m->nameless()) learn_source(*m);
      if (is_asked(*m)) advertise(*m);
      break;
    default:
      break;
  }
  return Reason::none;
}

// A solicitation.
void Nd::answer(const Message& m) {
  const IpAddress target = *m.nd.target();
  // Somebody wants this address for himself: it is taken (RFC 4862 5.4.3).
  if (m.nameless()) return claim(m, {target, false, true}, To::all_nodes());
  learn_source(m);
  const auto link = m.nd.link_address(source_link);
  claim(m, {target, true, m.own.owns(target)}, {m.source, link.value_or(m.sender)});
}

// ND-6.
void Nd::learn_source(const Message& m) {
  const auto link = m.nd.link_address(source_link);
  if (link && is_station(*link)) {
    m.routing.neighbours->heard_request(m.key(m.source), *link, m.now, true);
  }
}

void Nd::learn_target(const Message& m) {
  const uint8_t flags = m.nd.bytes()[4];
  m.routing.neighbours->heard_advertisement(m.key(*m.nd.target()), m.nd.link_address(target_link),
                                            m.is_solicited(), flags & flag_override,
                                            flags & flag_router, m.now);
}

// Somebody says that an address of the router's is his.
void Nd::defend(const Message& m) {
  if (defence_.due(m.network, m.now)) claim(m, {*m.nd.target(), false, true}, To::all_nodes());
}

// To the asker alone (RFC 4861 6.2.6), also when it has no address yet (RFC 6085): its neighbours
// have not asked.
void Nd::advertise(const Message& m) {
  Packet* out = sender_.fresh();
  if (out == nullptr) return;
  const auto link = m.nd.link_address(source_link);
  const To to{m.nameless() ? To::all_nodes().address : m.source, link.value_or(m.sender)};
  nd_message::write_router_advertisement(m.own, nd_message::router_lifetime, to, *out);
  sender_.send_frame(*out, m.network);
}

void Nd::claim(const Message& m, const nd_message::Claim& claim, const To& to) {
  Packet* out = sender_.fresh();
  if (out == nullptr) return;
  nd_message::write_advertisement(m.own, claim, to, *out);
  sender_.send_frame(*out, m.network);
}

}  // namespace uswitch
