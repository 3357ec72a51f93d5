// A port whose frames come from and go to memory: the tests' and benchmarks' device.
//
// Owner and threads: as switch/port.h, but all of it belongs to one thread: queue 0 only.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "switch/port.h"

namespace uswitch {

class MemoryPort : public Port {
 public:
  struct Frame {
    std::vector<uint8_t> bytes;
    Offload offload;
    // A tag beside the frame, as AF_PACKET delivers it.
    bool has_stripped_tag = false;
    uint16_t tci = 0;
    // What a port may find out about a frame on reading it.
    Reason refused = Reason::none;
  };

  explicit MemoryPort(Capabilities capabilities = {}) : capabilities_(capabilities) {}

  void inject(Frame frame) { incoming_.push_back(std::move(frame)); }
  // All that was sent since the last call, in order.
  std::vector<Frame> take_sent() { return std::exchange(sent_, {}); }
  // The same, left where they are.
  const std::vector<Frame>& sent() const { return sent_; }
  // Makes tx fail with this reason until it is called with none.
  void refuse(Reason reason) { refuse_ = reason; }

  int poll_fd(unsigned) const override { return -1; }
  bool rx(unsigned, Batch& batch, Io&) override;
  void tx(unsigned, std::span<Outgoing> frames, Io&) override;
  Capabilities capabilities() const override { return capabilities_; }

 private:
  Capabilities capabilities_;
  std::vector<Frame> incoming_;
  size_t next_ = 0;
  std::vector<Frame> sent_;
  Reason refuse_ = Reason::none;
};

}  // namespace uswitch
