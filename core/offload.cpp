#include "core/offload.h"

#include <cstring>

namespace uswitch {

namespace {

struct VirtioHeader {  // VH-1
  uint8_t flags;
  uint8_t gso_type;
  uint16_t hdr_len;
  uint16_t gso_size;
  uint16_t csum_start;
  uint16_t csum_offset;
};
static_assert(sizeof(VirtioHeader) == virtio_header_size);

constexpr uint8_t flag_needs_csum = 1;
constexpr uint8_t gso_none = 0, gso_tcp4 = 1, gso_tcp6 = 4, gso_udp_l4 = 5, gso_ecn = 0x80;

Offload::Gso gso_of(uint8_t type) {
  switch (type & ~gso_ecn) {
    case gso_none:
      return Offload::Gso::none;
    case gso_tcp4:
      return Offload::Gso::tcp4;
    case gso_tcp6:
      return Offload::Gso::tcp6;
    case gso_udp_l4:
      return Offload::Gso::udp;
    default:
      return Offload::Gso::unknown;
  }
}

uint8_t type_of(const Offload& offload) {
  const uint8_t ecn = offload.ecn ? gso_ecn : uint8_t{0};
  switch (offload.gso) {
    case Offload::Gso::tcp4:
      return gso_tcp4 | ecn;
    case Offload::Gso::tcp6:
      return gso_tcp6 | ecn;
    case Offload::Gso::udp:
      return gso_udp_l4;
    case Offload::Gso::none:
    case Offload::Gso::unknown:
      break;
  }
  return gso_none;
}

// Ethernet, IP and transport header bytes of a super-segment.
uint16_t header_bytes(const Packet& p) {
  const uint16_t l4 = p.offload.checksum_start;
  if (p.offload.gso == Offload::Gso::udp) return static_cast<uint16_t>(l4 + 8);
  return static_cast<uint16_t>(l4 + (p.data[l4 + 12] >> 4) * 4);
}

}  // namespace

Offload decode_offload(const uint8_t* header) {
  VirtioHeader h;
  std::memcpy(&h, header, sizeof h);
  Offload offload;
  offload.gso = gso_of(h.gso_type);
  offload.needs_checksum = h.flags & flag_needs_csum;
  if (offload.needs_checksum) {
    offload.checksum_start = h.csum_start;
    offload.checksum_offset = h.csum_offset;
  }
  if (offload.gso != Offload::Gso::none) {
    offload.ecn = h.gso_type & gso_ecn;
    offload.segment_size = h.gso_size;
  }
  return offload;
}

void encode_offload(const Packet& packet, uint8_t* header) {
  const Offload& offload = packet.offload;
  VirtioHeader h{};
  if (offload.needs_checksum) {
    h.flags = flag_needs_csum;
    h.csum_start = offload.checksum_start;
    h.csum_offset = offload.checksum_offset;
  }
  if (offload.gso != Offload::Gso::none) {
    h.gso_type = type_of(offload);
    h.gso_size = offload.segment_size;
    h.hdr_len = header_bytes(packet);
  }
  std::memcpy(header, &h, sizeof h);
}

}  // namespace uswitch
