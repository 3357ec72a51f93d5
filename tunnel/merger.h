// Makes one super-segment of in-sequence TCP segments that came together: what Linux calls GRO, by
// its rules. Only segments whose checksums are right are merged, for a super-segment has none that
// could tell; what is not merged stays byte for byte as it came, a wrong checksum included.
//
// Segments go together when all of their headers are equal but lengths, checksums, the sequence
// number, which goes on, PSH, which ends it, and the IPv4 id, which counts up or, with DF, stays
// (RFC 6864). No IPv4 options or fragments, no IPv6 extension headers, no flags but ACK, ECE and
// PSH; all have as much payload as the first, the last may have less. Cut again, they are what they
// were, but for ids that stayed.
//
// Kind "mine": made for one read of a queue. Each byte is copied once and summed with that.
#pragma once
#include <optional>
#include <span>

#include "core/packet.h"

namespace uswitch {

class Merger {
 public:
  using Bytes = std::span<const uint8_t>;

  // Appends the frame to the packet of the last begin(). False: it does not belong there.
  bool append(Bytes frame);
  // Copies the frame into a fresh packet. `more`: another one is to follow, so that it pays to see
  // whether it could be appended.
  void begin(Packet& packet, Bytes frame, bool more);
  // Nothing more is appended to the packet of the last begin(): its headers are made right.
  void finish();

 private:
  static constexpr unsigned max_segments = 64;
  static constexpr uint32_t max_packet = 65535;  // bytes from the IP header on
  static constexpr uint32_t min_payload = 8;     // smaller segments core/layout does not take

  // A frame that is a TCP segment and nothing else.
  struct Segment {
    Bytes frame;
    uint16_t l4;       // offset of the TCP header
    uint16_t headers;  // bytes of all of them
    bool v4;

    uint32_t payload() const { return static_cast<uint32_t>(frame.size()) - headers; }
    const uint8_t* tcp() const { return frame.data() + l4; }
    Bytes tcp_header() const { return frame.subspan(l4, headers - l4); }
  };
  static std::optional<Segment> parse(Bytes frame);
  static bool sound(const Segment& segment, uint16_t payload_sum);
  bool copy_payload(const Segment& segment);
  bool continues(const Segment& segment) const;
  bool same_headers(const Segment& segment) const;
  bool id_goes_on(const Segment& segment) const;
  void make_super_segment();

  Packet* packet_ = nullptr;
  bool open_ = false;  // more may be appended
  bool v4_ = false;    // of the packet, as in Segment, when open_ or segments_ > 1
  uint16_t l4_ = 0;    //
  uint16_t headers_ = 0;
  uint32_t segments_ = 0;
  uint32_t size_ = 0;     // payload of the first segment
  uint32_t next_ = 0;     // sequence number
  uint16_t id_step_ = 0;  // of IPv4 from one to the next; meaningful from the second on
};

}  // namespace uswitch
