// Packets that somebody watches: what is asked for, and the records that workers write.
//
// A packet is matched as it comes in, and again when the router has given it new addresses. If it
// is wanted, it gets a number (packet id) and a mark, and every later appearance of it, where it
// leaves or is dropped, is recorded under the same number.
//
// Kind "ours": made by the control thread, published in Tables, immutable but for the rings: each
// worker writes to its own, the control thread reads. A full ring loses records, counted, never
// traffic.
#pragma once
#include <array>
#include <memory>
#include <vector>

#include "core/counters.h"
#include "core/ids.h"
#include "core/packet.h"
#include "core/time.h"
#include "engine/capture_ring.h"
#include "engine/packet_filter.h"

namespace uswitch {

// What became of a packet; of one that leaves, where it came from.
enum class Outcome : uint8_t {
  none,      // not known, or nothing to be said
  to_port,   // left by `other`
  flooded,   // left by `copies` ports
  dropped,   // for `reason`
  consumed,  // ended at the router, or waits there, or goes on in pieces
  answered,  // the router made its answer of it
  from_port  // came in by `other`
};

// One appearance of a packet, or some text about it. `captured` bytes follow.
struct CaptureRecord {
  enum class Kind : uint8_t { in, out, text };

  uint64_t id = 0;
  Time time;
  uint32_t captured = 0;
  uint32_t length = 0;    // of the frame
  uint32_t lost = 0;      // records that there was no room for since the last one of this worker
  PortId port = no_port;  // where it came in or leaves; no_port: the router
  PortId other = no_port;
  uint16_t copies = 0;
  Kind kind = Kind::in;
  Outcome outcome = Outcome::none;
  Reason reason = Reason::none;
  bool needs_checksum = false;
  bool segments = false;  // it is a super-segment
};
static_assert(alignof(CaptureRecord) <= CaptureRing::alignment);

struct CaptureRequest {
  PacketFilter filter = {};
  std::vector<PortId> ports = {};  // only what enters or leaves there; empty: everywhere
  bool drops = false;              // only what is dropped
  bool explain = false;            // and text: what each stage does with a packet
  uint32_t snaplen = max_frame;    // bytes of a frame that are kept
};

class Capture {
 public:
  static constexpr size_t ring_bytes = size_t{8} << 20;
  // Explaining a packet takes longer than forwarding a hundred: a worker does it so often and no
  // more, but for a burst. The others are lost to the capture.
  static constexpr Duration explain_interval = std::chrono::milliseconds(1);
  static constexpr int explain_burst = 64;

  Capture(CaptureRequest request, unsigned workers, size_t ring = ring_bytes);

  const CaptureRequest& request() const { return request_; }
  bool wants(PortId port) const;

  struct OfWorker {
    explicit OfWorker(size_t ring_size) : ring(ring_size) {}
    CaptureRing ring;
    Counter lost;  // records
    // Kind "mine":
    uint64_t lost_told = 0;
    uint64_t first_id = ~uint64_t{0};  // packets with an older one were marked for another capture
    Time explained{};  // when the last explanation would be due, were they evenly spread
  };
  OfWorker& of_worker(unsigned index) { return *workers_[index]; }
  unsigned workers() const { return static_cast<unsigned>(workers_.size()); }
  uint64_t lost() const;

 private:
  const CaptureRequest request_;
  std::vector<bool> wanted_;  // by PortId; empty: all
  std::vector<std::unique_ptr<OfWorker>> workers_;
};

// All that run. A capture has its place as long as it runs: Packet::mark has a bit for each.
struct CaptureSet {
  static constexpr size_t limit = 8;
  std::array<std::shared_ptr<Capture>, limit> places;

  bool empty() const;
};

// Packet::mark: the packet id, above it whether the filters have been asked about the packet as the
// router sends it on, and above that a bit for each capture that wants it.
namespace mark {

inline constexpr unsigned number_bits = 48;  // of the id; the worker's index stands above
inline constexpr uint64_t asked = uint64_t{1} << 55;
inline constexpr uint64_t id_mask = asked - 1;
inline constexpr unsigned place_bits = 56;

inline uint64_t id(uint64_t m) {
  return m & id_mask;
}
inline uint64_t bit(size_t place) {
  return uint64_t{1} << (place_bits + place);
}

}  // namespace mark

}  // namespace uswitch
