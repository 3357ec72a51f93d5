// A worker's packets. Kind "mine": one worker thread takes and returns, no atomics, no allocation
// after construction.
//
// The buffers are one anonymous mapping; memory is resident only where packets have been. The free
// list is last in, first out, so that the bytes just sent are the bytes read into next, still in
// cache. Buffers stand an odd number of cache lines apart, so that the headers of a batch do not
// compete for one cache set.
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "core/packet.h"

namespace uswitch {

class PacketPool {
 public:
  // Throws std::system_error when the mapping is refused.
  explicit PacketPool(size_t packets);
  ~PacketPool();
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  // A reset packet, or null when all are out.
  Packet* take() {
    if (free_.empty()) return nullptr;
    Packet* p = free_.back();
    free_.pop_back();
    p->reset();
    return p;
  }
  void give_back(Packet* p) { free_.push_back(p); }

  size_t available() const { return free_.size(); }
  size_t size() const { return packets_.size(); }

 private:
  uint8_t* memory_ = nullptr;
  size_t bytes_ = 0;
  std::vector<Packet> packets_;
  std::vector<Packet*> free_;
};

}  // namespace uswitch
