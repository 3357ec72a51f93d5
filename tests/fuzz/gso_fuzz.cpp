// Any virtio-net header before any frame: what parse_layout lets through must be segmented or
// completed within bounds, into packets that are sound and hold the same payload (VH-7, VH-11).
//
// A super-segment's lengths must agree with the frame's, which mutation seldom keeps: with the
// unused flag bit 0x80 set, they are mended first.
#include "core/gso.h"
#include "core/layout.h"
#include "core/offload.h"
#include "tests/fuzz/fuzz_packet.h"

using namespace uswitch;
using fuzz::require;

namespace {

void check_segment(Packet& segment, const Packet& super) {
  require(segment.length <= super.length);
  require(segment.length - Layout::l3 <= segment_length(super));
  require(!segment.offload.any());
  require(parse_layout(segment) == Reason::none);
  require(segment.layout.fault == Reason::none);
  require(segment.layout.l3_end == segment.length);
  require(segment.layout.l4 == super.layout.l4);
}

void segment(const Packet& super) {
  const uint32_t headers = gso_header_length(super);
  require(headers <= super.length);
  uint32_t payload = headers;
  Segmenter segmenter(super);
  for (;;) {
    // As long as the next segment may be and not a byte more.
    uint32_t room = std::min(super.length - payload, uint32_t{super.offload.segment_size});
    fuzz::FuzzPacket out(super.frame().first(headers + room));
    (*out).length = 0;
    if (!segmenter.next(*out)) break;
    check_segment(*out, super);
    auto part = (*out).frame().subspan(headers);
    require(std::equal(part.begin(), part.end(), super.data + payload));
    payload += static_cast<uint32_t>(part.size());
  }
  require(payload == super.length);
}

void check_round_trip(const Packet& p) {
  uint8_t header[virtio_header_size];
  encode_offload(p, header);
  Offload o = decode_offload(header);
  require(o.gso == p.offload.gso && o.segment_size == p.offload.segment_size);
  require(o.needs_checksum == p.offload.needs_checksum);
  require(o.checksum_start == p.offload.checksum_start);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < virtio_header_size || size > max_frame) return 0;
  fuzz::FuzzPacket packet({data + virtio_header_size, size - virtio_header_size});
  (*packet).offload = decode_offload(data);
  if (data[0] & 0x80) fuzz::mend_lengths(*packet);
  if (parse_layout(*packet) != Reason::none) return 0;
  check_round_trip(*packet);
  if ((*packet).offload.gso != Offload::Gso::none)
    segment(*packet);
  else
    complete_checksum(*packet);
  return 0;
}
