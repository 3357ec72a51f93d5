// Frames on their way into the datagrams of one remote: collected, then handed to the underlay in
// as few calls as can be. Consecutive frames of one flow and of equal size go in one
// OutgoingDatagrams when the underlay can cut it (UDP_SEGMENT).
//
// No byte of a frame is moved: datagrams are lists of parts. Headers of a super-segment's segments
// stand in here until they are sent. Made for one transmit call, on its stack: 40 KB.
#pragma once
#include <array>

#include "core/packet.h"
#include "switch/port.h"
#include "tunnel/underlay.h"

namespace uswitch {

class Wrapping {
 public:
  // `header` stands before each frame.
  Wrapping(Underlay& underlay, unsigned queue, const Remote& remote,
           std::span<const uint8_t> header, std::span<Outgoing> frames)
      : underlay_(underlay),
        queue_(queue),
        remote_(remote),
        header_(header),
        frames_(frames),
        join_(underlay.segments()) {}

  // What all datagrams of one frame have in common.
  struct Outer {
    uint8_t traffic_class;
    uint16_t entropy;
  };
  // In order, each once; `index` is of `frames`, which are marked when they could not be sent.
  void add(size_t index, const Outer& outer);
  void add_super_segment(size_t index, const Outer& outer);
  void flush();

 private:
  using Bytes = std::span<const uint8_t>;
  static constexpr size_t max_datagrams = Batch::limit;
  static constexpr size_t max_parts = 512;
  // Of headers: longer than those of a frame with all the extensions that core/layout follows.
  static constexpr size_t scratch_size = 24 * 1024;

  void make_room(size_t headers);
  void append(size_t index, Bytes header, Bytes rest, const Outer& outer);
  bool joins(uint32_t bytes, const Outer& outer) const;
  void begin(size_t index, uint32_t bytes, const Outer& outer);
  void add_part(Bytes bytes);

  Underlay& underlay_;
  unsigned queue_;
  const Remote& remote_;
  Bytes header_;
  std::span<Outgoing> frames_;
  bool join_;

  size_t count_ = 0, parts_used_ = 0, scratch_used_ = 0;
  // Of the newest datagrams: what each of them has, how many they are, whether a shorter one ended
  // them.
  uint32_t each_ = 0;
  unsigned joined_ = 0;
  bool ended_ = false;
  struct Frames {
    size_t first, last;
  };
  std::array<OutgoingDatagrams, max_datagrams> datagrams_;
  std::array<Frames, max_datagrams> carried_;  // by each of those
  std::array<iovec, max_parts> parts_;
  std::array<uint8_t, scratch_size> scratch_;
};

}  // namespace uswitch
