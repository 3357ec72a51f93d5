#include "core/saved_packet.h"

#include <cassert>
#include <cstring>

namespace uswitch {

SavedPacket::SavedPacket(const Packet& packet)
    : bytes_(std::make_unique_for_overwrite<uint8_t[]>(packet.length)),
      length_(packet.length),
      offload_(packet.offload),
      layout_(packet.layout),
      ingress_(packet.ingress),
      network_(packet.network),
      tci_(packet.tci),
      has_stripped_tag_(packet.has_stripped_tag),
      routed_(packet.routed),
      published_(packet.published),
      renumbered_(packet.renumbered),
      former_id_(packet.former_id),
      mark_(packet.mark) {
  std::memcpy(bytes_.get(), packet.data, length_);
}

void SavedPacket::restore(Packet& packet) const {
  packet.reset();
  assert(length_ <= packet.tailroom());
  std::memcpy(packet.data, bytes_.get(), length_);
  packet.length = length_;
  packet.offload = offload_;
  packet.layout = layout_;
  packet.ingress = ingress_;
  packet.network = network_;
  packet.tci = tci_;
  packet.has_stripped_tag = has_stripped_tag_;
  packet.routed = routed_;
  packet.published = published_;
  packet.renumbered = renumbered_;
  packet.former_id = former_id_;
  packet.mark = mark_;
}

}  // namespace uswitch
