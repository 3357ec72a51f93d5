// What watches packets beside the counters: the running captures, and the last packet that was
// dropped for each reason. Every drop goes through here, to be counted too.
//
// Without a capture nothing but dropped() does more than look whether there is one.
//
// Kind "mine": part of one worker's pipeline.
#pragma once
#include <array>
#include <span>

#include "core/batch.h"
#include "core/verdict.h"
#include "engine/last_drops.h"
#include "engine/tables.h"

namespace uswitch {

class Witness {
 public:
  // `last` is where the last drops are noted; null: nowhere.
  Witness(unsigned worker, LastDrops* last) : worker_(worker), last_(last) {}

  // At the beginning and the end of all that is done with one value of Tables at one time.
  void begin(const Tables& tables, Time now);
  void end();

  // Someone captures: only then are those below to be called.
  bool watches() const { return captures_ != nullptr; }
  // Some of the packets that arrived() was told of are captured.
  bool has_arrivals() const { return slots_ != 0; }
  // The packets of a batch as they were received, before anything is done to them.
  void arrived(std::span<Packet* const> packets, PortId ingress);
  // The verdict on the ith of them, after it was carried out. `packet` is what became of it.
  void concluded(size_t i, const Packet& packet, Verdict verdict);
  // It has left by some port, whatever else becomes of it.
  void flooded(const Packet& packet);
  // Those that the router has readdressed, whose verdict is forward.
  void readdressed(std::span<Packet* const> packets, std::span<const Verdict> verdicts);
  // The router sends it on, readdressed, or has made it.
  void forwarded(Packet& packet);
  // Those of the frames that did not fail, as they were handed over.
  void left(PortId egress, std::span<const Outgoing> frames);

  // Counts a drop, on the port that the packet came in by.
  void dropped(const Packet& packet, Reason reason);

 private:
  static constexpr uint8_t no_slot = 0xff;

  uint64_t new_id();
  void put_mark(Packet& packet, size_t place);
  bool is_marked(const Packet& packet, size_t place) const;
  void arrived_for(size_t place, std::span<Packet* const> packets, PortId ingress);
  void note_arrival(size_t place, size_t i, const Packet& packet, PortId ingress);
  void originated(Packet& packet);
  void ask_again(std::span<Packet* const> packets);
  void captured_drop(const Packet& packet, Reason reason);
  bool wants_drop(size_t place, const Packet& packet) const;
  // What was recorded when the packet came in, if that was in this batch.
  CaptureRecord* arrival_of(size_t place, const Packet& packet) const;
  bool may_explain(size_t place, PortId ingress);
  void explain_arrivals(std::span<Packet* const> packets, PortId ingress);
  // Of the packet's first bytes, or of these.
  CaptureRecord* record(Capture& capture, CaptureRecord::Kind kind, PortId port,
                        const Packet& packet);
  CaptureRecord* record(Capture& capture, CaptureRecord::Kind kind, PortId port,
                        const Packet& packet, std::span<const uint8_t> bytes);

  const unsigned worker_;
  LastDrops* const last_;
  const Tables* tables_ = nullptr;
  const CaptureSet* captures_ = nullptr;
  Time now_{};
  uint64_t packets_ = 0;  // that were given an id

  // Of the current batch. The marked ones have slots, in the order of their ids.
  uint64_t first_id_ = 0;
  bool any_marked_ = false;
  bool any_explained_ = false;
  size_t slots_ = 0;
  std::array<uint8_t, Batch::limit> slot_of_;  // by place in the batch
  std::array<std::array<CaptureRecord*, CaptureSet::limit>, Batch::limit> arrivals_;
};

}  // namespace uswitch
