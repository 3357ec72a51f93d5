#include "core/gso.h"

#include <cassert>

#include "wire/checksum.h"
#include "wire/udp.h"

namespace uswitch {

void complete_checksum(Packet& packet) {
  Offload& o = packet.offload;
  if (!o.needs_checksum) return;
  assert(o.gso == Offload::Gso::none);
  uint32_t end = packet.layout.l3_end != 0 ? packet.layout.l3_end : packet.length;
  uint8_t* start = packet.data + o.checksum_start;
  uint16_t sum = checksum::sum({start, end - o.checksum_start});
  bool udp = o.checksum_offset == UdpView::Offset::checksum;
  store_be16(start + o.checksum_offset, udp ? checksum::finish_udp(sum) : checksum::finish(sum));
  o.needs_checksum = false;
}

bool Segmenter::next(Packet& out) {
  if (headers_.done()) return false;
  const std::span payload = headers_.payload();
  uint8_t* behind = out.data + headers_.size();
  const uint16_t sum = checksum::copy_and_sum(behind, payload.data(), payload.size());
  headers_.write(out.data, sum);
  out.length = headers_.size() + static_cast<uint32_t>(payload.size());
  out.offload = {};
  out.layout = super_.layout;
  out.layout.l3_end = out.length;
  out.ingress = super_.ingress;
  out.network = super_.network;
  out.tci = super_.tci;
  out.published = super_.published;
  out.mark = super_.mark;
  return true;
}

}  // namespace uswitch
