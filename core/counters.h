// Packet counters of one port on one worker. Kind "mine": one worker writes, anyone reads, so a
// plain load and store without a lock prefix does; sums over workers are made by the reader.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>

#include "core/reason.h"

namespace uswitch {

// A counter with one writer.
class Counter {
 public:
  void add(uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// For every port and over all ports:
//   rx_packets + copies = tx_packets + sum(drops)
// where a packet's drop and its copies are booked on the port it came in by, and a frame that its
// egress did not take is booked as that ingress port's drop too. So each row adds up over the
// ports.
struct PortCounters {
  Counter rx_packets, rx_bytes;
  Counter tx_packets, tx_bytes;
  Counter copies;       // frames that a flood or segmentation made beyond the first
  Counter moves;        // stations that moved to this port from another one (BR-5)
  Counter not_learned;  // frames whose source there was no room or no leave to learn (BR-11)
  std::array<Counter, reason_count> drops;

  void drop(Reason reason) { drops[static_cast<size_t>(reason)].add(1); }
};

}  // namespace uswitch
