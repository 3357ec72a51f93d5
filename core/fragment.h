// Cuts IP packets into fragments for an MTU (RFC 791, RFC 8200 4.5; STANDARDS FR-1, FR-2), in the
// way of core/gso's Segmenter. The worker that owns the packets calls it. Nothing is allocated; the
// whole stays as it is and must outlive the Fragmenter.
//
// The whole has been through parse_layout without malformed_l3 and asks nothing more of a device:
// it is no super-segment, and complete_checksum was called. Ethernet padding is left out (R4-2).
#pragma once
#include <array>

#include "core/packet.h"

namespace uswitch {

// An IPv4 packet, or a fragment of one. Whether it may be cut (DF) is the caller's to judge; flags
// but MF are kept. Header checksums are made anew, so the whole's must have been right.
class Fragmenter {
 public:
  static constexpr uint32_t min_mtu = 68;  // RFC 791: every link's

  Fragmenter(const Packet& whole, uint32_t mtu);

  // Writes the next fragment into `out`, a packet fresh from the pool. False, with `out` untouched,
  // after the last one. What lies beyond the 65535 bytes that a datagram can have, as only a forged
  // fragment's payload does, is not sent.
  bool next(Packet& out);

 private:
  void finish_header(Packet& out, uint32_t header) const;

  const Packet& whole_;
  uint32_t mtu_;
  uint32_t header_;    // bytes of the whole's IP header
  uint32_t position_;  // of the next payload byte in the whole
  uint32_t end_;       // of the payload in the whole
  bool done_ = false;
  // Of fragments behind the first: only the options that are copied, and the zeros that end them.
  std::array<uint8_t, 60> later_header_{};
  uint32_t later_header_size_;
};

// An IPv6 packet that this node made itself: routers never cut others' (FR-7). `id` must not be in
// use by another datagram between the two addresses (FR-8). The whole has no fragment header, and
// extension headers that leave room in an MTU. It gets a fragment header also when it would fit.
class Fragmenter6 {
 public:
  static constexpr uint32_t min_mtu = 1280;

  Fragmenter6(const Packet& whole, uint32_t mtu, uint32_t id);

  // As Fragmenter's.
  bool next(Packet& out);

 private:
  void write_fragment_header(uint8_t* to) const;

  const Packet& whole_;
  uint32_t mtu_;
  uint32_t id_;
  uint32_t announced_at_;  // the next-header byte that will announce the fragment header
  uint32_t start_;         // of what is cut, in the whole
  uint32_t position_;      // of the next byte of it
  bool done_ = false;
};

}  // namespace uswitch
