#include "tunnel/tunnel_socket.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "tunnel/ecn.h"
#include "tunnel/merger.h"
#include "tunnel/udp_header.h"
#include "tunnel/unfinished.h"
#include "tunnel/vxlan_header.h"
#include "wire/ethernet.h"

namespace uswitch {

namespace {

using Bytes = std::span<uint8_t>;

auto key_of(const RemoteEntry& e) {
  return std::tie(e.address, e.network_id);
}

std::optional<uint32_t> read_header(TunnelType type, Bytes datagram) {
  if (datagram.size() < tunnel_header_size(type)) return std::nullopt;
  return type == TunnelType::vxlan ? vxlan_header::read(datagram.data())
                                   : udp_header::read(datagram.data());
}

}  // namespace

// Whose a datagram is: the port it is booked on and, if it is refused, why.
struct TunnelSocket::Source {
  PortId port;
  Reason refused;
  uint16_t mtu = 0;
};

// One read of a queue.
struct TunnelSocket::Reading {
  const TunnelSocket& socket;
  Underlay::Unread& unread;
  Batch& batch;
  Merger merger;
  // The last one that was looked up.
  const IncomingDatagrams* known_of = nullptr;
  uint32_t known_id = 0;
  Source known{};

  ~Reading() { merger.finish(); }

  Bytes datagram() const {
    const IncomingDatagrams& d = unread.datagrams.front();
    const Bytes rest = d.payload.subspan(unread.position);
    return d.segment == 0 ? rest : rest.first(std::min<size_t>(rest.size(), d.segment));
  }

  bool is_last(Bytes of_all) const {
    const size_t end = unread.position + of_all.size();
    return unread.datagrams.size() == 1 && end == unread.datagrams.front().payload.size();
  }

  void advance(size_t bytes) {
    unread.position += bytes;
    if (unread.position < unread.datagrams.front().payload.size()) return;
    unread = {unread.datagrams.subspan(1), 0};
  }

  Source look_up(const IncomingDatagrams& from, uint32_t id) {
    if (known_of == nullptr || id != known_id || from.from != known_of->from) {
      known_of = &from;
      known_id = id;
      known = socket.look_up(from.from, id);
    }
    return known;
  }

  Source judge(const IncomingDatagrams& from, Bytes datagram, Bytes& frame) {
    const std::optional<uint32_t> id = read_header(socket.type_, datagram);
    if (!id) return {socket.self_, Reason::tunnel_malformed};
    Source source = look_up(from, *id);
    if (source.refused != Reason::none) return source;
    frame = datagram.subspan(tunnel_header_size(socket.type_));
    if (frame.size() < EthernetView::size || frame.size() > max_frame) {
      source.refused = Reason::tunnel_malformed;
    } else if (!apply_outer_ecn(frame, from.traffic_class)) {
      source.refused = Reason::tunnel_congested;
    }
    return source;
  }

  void begin(Packet& packet, Bytes frame, const Source& source, bool last) {
    const bool sound = source.refused == Reason::none;
    const auto offload = sound ? unfinished(frame, source.mtu) : std::nullopt;
    merger.begin(packet, frame, sound && !offload && !last);
    if (offload) packet.offload = *offload;
  }

  // False: the batch has no place for it, or is another port's.
  bool take() {
    const Bytes whole = datagram();
    Bytes frame = whole;
    const Source source = judge(unread.datagrams.front(), whole, frame);
    if (!batch.empty() && batch[0].ingress != source.port) return false;
    if (source.refused != Reason::none || !merger.append(frame)) {
      Packet* packet = batch.append();
      if (packet == nullptr) return false;
      packet->ingress = source.port;
      packet->refused = source.refused;
      begin(*packet, frame.first(std::min(frame.size(), max_frame)), source, is_last(whole));
    }
    advance(whole.size());
    return true;
  }
};

TunnelSocket::TunnelSocket(std::shared_ptr<Underlay> underlay, TunnelType type, PortId self,
                           std::vector<RemoteEntry> remotes, std::vector<IpAddress> own)
    : underlay_(std::move(underlay)), type_(type), self_(self), remotes_(std::move(remotes)) {
  std::erase_if(remotes_, [&](const RemoteEntry& e) {
    return std::find(own.begin(), own.end(), e.address) != own.end();
  });
  std::sort(remotes_.begin(), remotes_.end(),
            [](const RemoteEntry& a, const RemoteEntry& b) { return key_of(a) < key_of(b); });
}

TunnelSocket::Source TunnelSocket::look_up(const IpAddress& from, uint32_t network_id) const {
  const RemoteEntry wanted{from, network_id, no_port};
  const auto found = std::lower_bound(
      remotes_.begin(), remotes_.end(), wanted,
      [](const RemoteEntry& a, const RemoteEntry& b) { return key_of(a) < key_of(b); });
  if (found != remotes_.end() && key_of(*found) == key_of(wanted)) {
    return {found->port, Reason::none, found->mtu};
  }
  const bool known = (found != remotes_.end() && found->address == from) ||
                     (found != remotes_.begin() && std::prev(found)->address == from);
  return {self_, known ? Reason::tunnel_unknown_network : Reason::tunnel_unknown_remote};
}

bool TunnelSocket::rx(unsigned queue, Batch& batch, Io&) {
  Underlay::Unread& unread = underlay_->unread(queue);
  if (unread.datagrams.empty()) unread = {underlay_->receive(queue), 0};
  if (unread.datagrams.empty()) return false;
  Reading reading{*this, unread, batch, {}};
  while (!unread.datagrams.empty() && reading.take()) {
  }
  return true;
}

void TunnelSocket::tx(unsigned, std::span<Outgoing> frames, Io&) {
  for (Outgoing& out : frames) out.failed = Reason::egress_refused;
}

}  // namespace uswitch
