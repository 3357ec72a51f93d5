// For each drop reason the beginning of the last packet that one worker dropped for it. Kind
// "mine", read by the control thread while the worker writes: a version before and after tells it
// to look again (a seqlock).
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

#include "core/ids.h"
#include "core/reason.h"
#include "core/time.h"

namespace uswitch {

class LastDrops {
 public:
  // Ethernet, IPv6 and TCP with options.
  static constexpr size_t kept = 96;

  struct Drop {
    Time time;
    PortId ingress = no_port;
    uint32_t length = 0;  // of the frame
    std::array<uint8_t, kept> bytes{};
  };

  // The worker.
  void note(Reason reason, Time now, PortId ingress, std::span<const uint8_t> frame);
  // Any thread. Null: none was noted, or the worker is writing without end.
  std::optional<Drop> read(Reason reason) const;

 private:
  static constexpr size_t words = kept / sizeof(uint64_t);

  struct alignas(64) Entry {
    std::atomic<uint32_t> version{0};  // odd while it is written; 0: nothing is there
    std::atomic<PortId> ingress{no_port};
    std::atomic<uint32_t> length{0};
    std::atomic<int64_t> time{0};
    std::array<std::atomic<uint64_t>, words> bytes{};
  };

  std::array<Entry, reason_count> entries_;
};

}  // namespace uswitch
