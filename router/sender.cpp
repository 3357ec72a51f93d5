#include "router/sender.h"

#include "core/flow_hash.h"
#include "core/fragment.h"
#include "core/gso.h"
#include "router/arp_message.h"
#include "router/ip_checks.h"
#include "router/nd_message.h"
#include "router/own_packet.h"
#include "router/tcp_reset.h"
#include "wire/ethernet.h"

namespace uswitch {

namespace {

// A fresh packet must not be cut into more pieces than it lives.
constexpr uint32_t max_pieces = 60;
constexpr uint32_t max_header = 60 + 8;  // of IPv4 with options, at least that of IPv6; rounding

}  // namespace

void write_question(const RouterInterface& own, const IpAddress& target,
                    const std::optional<MacAddress>& to, Packet& out) {
  if (target.is_v4())
    arp_message::write_request(own, target, to, out);
  else
    nd_message::write_solicitation(own, target, to, out);
}

void Sender::readdress(const Routing& routing, Packet& packet, NetworkId network,
                       const MacAddress& mac) {
  mac.store(packet.data + EthernetView::Offset::destination);
  routing.at(network).mac.store(packet.data + EthernetView::Offset::source);
  packet.routed = packet.routed || packet.network != network;
  packet.network = network;
}

// Telling a source may need a station to be asked for, and so on; it ends at the second step, since
// nobody is told about the router's own packets.
// NOLINTBEGIN(misc-no-recursion)
Verdict Sender::to_station(const Routing& routing, Packet& packet, const Station& station,
                           Time now) {
  MacAddress mac;
  switch (routing.neighbours->lookup(station, now, mac)) {
    case Neighbours::Use::resolved:
      readdress(routing, packet, station.network, mac);
      return Verdict::forward();
    case Neighbours::Use::failed:
      return fail(routing, packet, now);
    case Neighbours::Use::unresolved:
      break;
  }
  return wait(routing, packet, station, now);
}

Verdict Sender::wait(const Routing& routing, Packet& packet, const Station& station, Time now) {
  using What = Neighbours::Ask::What;
  const Neighbours::Ask ask = routing.neighbours->ask(station, now, worker_);
  switch (ask.what) {
    case What::resolved:
      readdress(routing, packet, station.network, ask.mac);
      return Verdict::forward();
    case What::failed:
      return fail(routing, packet, now);
    case What::full:
      return Verdict::drop(Reason::neighbour_busy);
    case What::solicit:
      if (Packet* question = fresh()) {
        write_question(routing.at(station.network), station.address, std::nullopt, *question);
        send_frame(*question, station.network);
      }
      break;
    case What::wait:
      break;
  }
  return park(packet, station);
}

// The packet waits in the network that it goes to.
Verdict Sender::park(Packet& packet, const Station& station) {
  packet.routed = packet.routed || packet.network != station.network;
  packet.network = station.network;
  std::optional<SavedPacket> displaced;
  const bool kept = parking_.park(station, packet, displaced);
  if (displaced) drop(*displaced, Reason::neighbour_busy);
  return kept ? Verdict::consumed() : Verdict::drop(Reason::neighbour_busy);
}

void Sender::drop(const SavedPacket& saved, Reason reason) {
  Packet* packet = fresh();
  if (packet == nullptr) return counters(saved.ingress()).drop(reason);
  saved.restore(*packet);
  drop(*packet, reason);
}

void Sender::settle(const Routing& routing, Time now) {
  if (parking_.empty()) return;
  parking_.settle(*routing.neighbours, now, worker_,
                  [&](const SavedPacket& saved, Parking::Outcome outcome, const MacAddress& mac) {
                    Packet* packet = fresh();
                    if (packet == nullptr) return counters(saved.ingress()).drop(Reason::no_buffer);
                    saved.restore(*packet);
                    finish(*packet, verdict_of(routing, *packet, outcome, mac, now));
                  });
}

Verdict Sender::verdict_of(const Routing& routing, Packet& packet, Parking::Outcome outcome,
                           const MacAddress& mac, Time now) {
  if (outcome == Parking::Outcome::failed) return fail(routing, packet, now);
  if (outcome != Parking::Outcome::resolved) return Verdict::drop(Reason::neighbour_busy);
  readdress(routing, packet, packet.network, mac);
  return Verdict::forward();
}

Verdict Sender::fail(const Routing& routing, Packet& packet, Time now) {
  untranslate(packet, now);
  answer(routing, packet, icmp_error::host_unreachable(family_of(packet)), now);
  return Verdict::drop(Reason::neighbour_failed);
}

std::optional<Station> Sender::way(const Routing& routing, const Packet& packet) const {
  const IpAddress to = destination_of(packet);
  if (!to.is_v4() && to.is_link_local()) {
    return routing.neighbours->key(packet.network, to);
  }
  const RouteTarget* target = routing.routes->lookup(to);
  if (target == nullptr || target->kind != RouteKind::forward) return std::nullopt;
  Station station;
  set_station(*routing.neighbours, target->hop(flow_hash(packet, routing.flow_seed)), to, station);
  return station;
}

// The address the packet was sent to when that is its own (I6-4), else one of the network that the
// error leaves by (IC-3).
std::optional<IpAddress> Sender::source_for(const Routing& routing, const Packet& about) const {
  const IpAddress asked = destination_of(about), to = source_of(about);
  if (routing.at(about.network).owns(asked)) return asked;
  const RouteTarget* target = routing.routes->lookup(asked);
  if (target && target->kind == RouteKind::local) return asked;
  if (!to.is_v4() && to.is_link_local()) return routing.at(about.network).link_local;
  target = routing.routes->lookup(to);
  if (target == nullptr || target->kind != RouteKind::forward) return std::nullopt;
  return routing.at(target->hops[0].network).address_for(to);
}

void Sender::answer(const Routing& routing, const Packet& about, const IcmpError& error, Time now) {
  if (about.ingress == no_port || !may_answer(about, error)) return;
  const auto source = source_for(routing, about);
  const bool too_big = error == icmp_error::too_big(family_of(about), error.rest);
  if (!source || !limit_.allow(source_of(about), too_big, now)) return;
  Packet* out = fresh();
  if (out == nullptr) return;
  write_icmp_error(about, error, *source, *out);
  out->network = about.network;
  finish(*out, originate(routing, *out, now));
}

Verdict Sender::originate(const Routing& routing, Packet& packet, Time now) {
  packet.ingress = no_port;
  packet.mark = 0;
  PortCounters& own = counters(no_port);
  own.rx_packets.add(1);
  own.rx_bytes.add(packet.length);
  const auto station = way(routing, packet);
  if (!station) return Verdict::drop(Reason::no_route);
  if (segment_length(packet) <= routing.at(station->network).mtu) {
    return to_station(routing, packet, *station, now);
  }
  return to_station_in_pieces(routing, packet, *station, now);
}

// Of a packet that is in no batch: what a stage's caller does with a verdict.
void Sender::finish(Packet& packet, Verdict verdict) {
  if (verdict.kind() == Verdict::Kind::forward) outbox_.send(packet);
  if (verdict.kind() == Verdict::Kind::drop) drop(packet, verdict.reason());
}

// All that the cutter makes. False when there were no buffers for the rest.
template <class Cutter>
bool Sender::send_pieces(const Routing& routing, Cutter& cutter, const Station& station, Time now,
                         unsigned& pieces) {
  while (Packet* piece = fresh()) {
    if (!cutter.next(*piece)) return true;
    ++pieces;
    finish(*piece, to_station(routing, *piece, station, now));
  }
  return false;
}

bool Sender::cut(const Routing& routing, const Packet& packet, const Station& station, Time now,
                 unsigned& pieces) {
  const uint32_t mtu = routing.at(station.network).mtu;
  if (ip_checks::is_v4(packet)) {
    Fragmenter fragments(packet, mtu);
    return send_pieces(routing, fragments, station, now, pieces);
  }
  Fragmenter6 fragments(packet, mtu, ++fragment_id_);
  return send_pieces(routing, fragments, station, now, pieces);
}

bool Sender::cut_super_segment(const Routing& routing, const Packet& packet, const Station& station,
                               Time now, unsigned& pieces) {
  Segmenter segments(packet);
  while (Packet* segment = fresh()) {
    if (!segments.next(*segment)) return true;
    if (!cut(routing, *segment, station, now, pieces)) return false;
  }
  return false;
}

// Segments of a super-segment are fresh packets, and so are reassembled echo requests.
bool Sender::can_cut(const Packet& packet, uint32_t mtu) {
  const bool fresh = packet.offload.gso != Offload::Gso::none || packet.ingress == no_port;
  return !fresh || segment_length(packet) <= max_pieces * (mtu - max_header);
}

Verdict Sender::to_station_in_pieces(const Routing& routing, Packet& packet, const Station& station,
                                     Time now) {
  if (!can_cut(packet, routing.at(station.network).mtu)) {
    return Verdict::drop(Reason::needs_fragmentation);
  }
  unsigned pieces = 0;
  bool whole = false;
  if (packet.offload.gso == Offload::Gso::none) {
    complete_checksum(packet);
    whole = cut(routing, packet, station, now, pieces);
  } else {
    whole = cut_super_segment(routing, packet, station, now, pieces);
  }
  PortCounters& c = counters(packet.ingress);
  if (!whole) {
    c.copies.add(pieces);
    return Verdict::drop(Reason::no_buffer);
  }
  c.copies.add(pieces - 1);
  return Verdict::consumed();
}

// NOLINTEND(misc-no-recursion)

void Sender::reset(const Routing& routing, const Packet& about, Time now) {
  Packet* out = fresh();
  if (out == nullptr || !write_tcp_reset(about, *out)) return;
  if (!limit_.allow(source_of(about), false, now)) return;
  out->network = about.network;
  finish(*out, originate(routing, *out, now));
}

Verdict Sender::deliver(const Packet& packet) {
  PortCounters& router = counters(no_port);
  router.tx_packets.add(1);
  router.tx_bytes.add(packet.length);
  return Verdict::consumed();
}

void Sender::send_frame(Packet& frame, NetworkId network) {
  PortCounters& own = counters(no_port);
  own.rx_packets.add(1);
  own.rx_bytes.add(frame.length);
  frame.network = network;
  outbox_.send(frame);
}

}  // namespace uswitch
