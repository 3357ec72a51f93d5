#include "tunnel/unfinished.h"

#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace uswitch {

namespace {

using Bytes = std::span<const uint8_t>;

struct Transport {
  Bytes segment;
  uint8_t protocol;
  uint16_t pseudo_sum;
  bool v4;
};

std::optional<Transport> in_ipv4(Bytes packet) {
  const auto ip = Ipv4View::parse(packet);
  if (!ip || ip->is_fragment()) return std::nullopt;
  return Transport{ip->payload(), ip->protocol(), ip->pseudo_sum(ip->payload().size()), true};
}

std::optional<Transport> in_ipv6(Bytes packet) {
  const auto ip = Ipv6View::parse(packet);
  if (!ip) return std::nullopt;
  const Bytes segment = ip->payload();
  return Transport{segment, ip->next_header(), ip->pseudo_sum(ip->next_header(), segment.size()),
                   false};
}

std::optional<Transport> transport_of(Bytes frame) {
  if (frame.size() < EthernetView::size) return std::nullopt;
  const Bytes packet = frame.subspan(EthernetView::size);
  switch (load_be16(&frame[EthernetView::Offset::type])) {
    case ether_type::ipv4:
      return in_ipv4(packet);
    case ether_type::ipv6:
      return in_ipv6(packet);
    default:
      return std::nullopt;
  }
}

// Cuts what is longer than a packet may be, if its headers leave room for payload.
void add_segmentation(Offload& offload, const Transport& t, const TcpView& tcp, uint16_t mtu) {
  const size_t ip = offload.checksum_start - EthernetView::size;
  const size_t headers = ip + tcp.header_size();
  if (mtu <= headers || ip + t.segment.size() <= mtu) return;
  offload.gso = t.v4 ? Offload::Gso::tcp4 : Offload::Gso::tcp6;
  offload.segment_size = static_cast<uint16_t>(mtu - headers);
  offload.ecn = tcp.has(TcpView::Flag::cwr);
}

}  // namespace

std::optional<Offload> unfinished(Bytes frame, uint16_t mtu) {
  const auto t = transport_of(frame);
  if (!t) return std::nullopt;
  Offload offload;
  offload.needs_checksum = true;
  offload.checksum_start = static_cast<uint16_t>(t->segment.data() - frame.data());
  if (t->protocol == ip_protocol::tcp) {
    const auto tcp = TcpView::parse(t->segment);
    if (!tcp || tcp->checksum() != t->pseudo_sum) return std::nullopt;
    offload.checksum_offset = TcpView::Offset::checksum;
    add_segmentation(offload, *t, *tcp, mtu);
    return offload;
  }
  if (t->protocol != ip_protocol::udp) return std::nullopt;
  const auto udp = UdpView::parse(t->segment);
  if (!udp || udp->checksum() != t->pseudo_sum) return std::nullopt;
  offload.checksum_offset = UdpView::Offset::checksum;
  return offload;
}

}  // namespace uswitch
