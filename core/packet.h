// A packet: one contiguous frame in a buffer with headroom, the offload request that came with it,
// and what the pipeline has found out about it.
//
// Owner: exactly one worker (kind "mine"); a packet never changes thread. It comes from the
// worker's PacketPool and goes back there at the end of the turn that read it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/ids.h"
#include "core/reason.h"

namespace uswitch {

// The largest frame: a 65535-byte IP packet behind an Ethernet header and two tags (STANDARDS
// VH-12).
inline constexpr size_t max_frame = 65535 + 14 + 8;
// Room before the frame for a virtio-net header, VLAN tags and an outer IPv6/UDP/VXLAN header.
inline constexpr size_t packet_headroom = 128;

// What a sender left for the receiver or the device to do: segmentation and checksums, as
// virtio 1.3 5.1.6 defines them. Offsets count from the first byte of the frame. core/offload
// converts from and to the wire form, core/layout judges it.
struct Offload {
  // `unknown`: the header asked for something this version cannot do; such a frame is dropped.
  enum class Gso : uint8_t { none, tcp4, tcp6, udp, unknown };

  Gso gso = Gso::none;
  bool ecn = false;             // TCP with CWR: set CWR in the first segment only
  bool needs_checksum = false;  // the field holds the pseudo-header sum only (VH-3)
  uint16_t segment_size = 0;    // payload bytes of each segment; 0 without gso
  uint16_t checksum_start = 0;  // meaningful with needs_checksum
  uint16_t checksum_offset = 0;

  bool any() const { return gso != Gso::none || needs_checksum; }
};

// Where the headers are, found once by core/layout. Offsets count from the first byte of the frame,
// which is untagged by the time this is filled in.
struct Layout {
  // Offset just past the IP packet, where padding begins (R4-2); 0: not IP.
  uint32_t l3_end = 0;
  uint16_t ether_type = 0;  // 0 when the field is an 802.3 length
  // Offset of what follows IP and its extension headers, whole or its first fragment; 0: there is
  // none.
  uint16_t l4 = 0;
  uint8_t protocol = 0;   // of what stands at l4, or would if this were the first fragment
  bool fragment = false;  // part of a fragmented datagram, or has an IPv6 fragment header
  // Why L3 or L4 cannot be relied on: a stage that reads it drops with this.
  Reason fault = Reason::none;

  static constexpr uint16_t l3 = 14;  // the network header always follows the Ethernet header
};

struct Packet {
  uint8_t* data = nullptr;  // first byte of the frame
  uint32_t length = 0;      // bytes of the frame, without FCS
  uint32_t capacity = 0;    // bytes of the buffer
  uint8_t* buffer = nullptr;

  Offload offload;
  Layout layout;

  PortId ingress = no_port;
  NetworkId network = no_network;
  uint16_t tci = 0;               // 802.1Q tag control information as received: PCP, DEI, VID
  bool has_stripped_tag = false;  // the kernel took the tag out of the frame into tci (AP-2)
  bool routed = false;            // the router has taken it to another network than it came from
  bool reassembled = false;       // came in fragments, and may go on so whatever its header says
  bool published = false;         // of a flow to a published port: isolation is not for it
  bool renumbered = false;        // NAT has given it another IPv4 id than former_id
  Reason refused = Reason::none;  // set by the port it came in by: it must be dropped
  uint16_t former_id = 0;
  uint64_t mark = 0;  // who captures it, and as which packet: engine/capture.h

  std::span<const uint8_t> frame() const { return {data, length}; }
  std::span<uint8_t> frame() { return {data, length}; }
  size_t headroom() const { return static_cast<size_t>(data - buffer); }
  size_t tailroom() const { return capacity - headroom() - length; }

  // As new: empty, data at packet_headroom.
  void reset() {
    data = buffer + packet_headroom;
    length = 0;
    offload = {};
    layout = {};
    ingress = no_port;
    network = no_network;
    tci = 0;
    has_stripped_tag = false;
    routed = false;
    reassembled = false;
    published = false;
    renumbered = false;
    refused = Reason::none;
    mark = 0;
  }

  // Moves the first byte of the frame forward (pull) or back (push) and keeps the offload offsets
  // on the same bytes (VH-9). The caller has checked length or headroom.
  void pull(uint16_t bytes) {
    data += bytes;
    length -= bytes;
    offload.checksum_start = static_cast<uint16_t>(offload.checksum_start - bytes);
  }
  void push(uint16_t bytes) {
    data -= bytes;
    length += bytes;
    offload.checksum_start = static_cast<uint16_t>(offload.checksum_start + bytes);
  }
};

}  // namespace uswitch
