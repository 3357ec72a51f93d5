// The pipeline benchmark's device: produces minimal frames as fast as they are asked for, by
// copying prepared ones into the batch's buffers as a driver would, and counts what is sent to it.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "switch/port.h"

namespace uswitch::bench {

using Frame = std::array<uint8_t, 60>;  // 64 bytes with FCS

class GeneratorPort : public Port {
 public:
  explicit GeneratorPort(std::vector<Frame> frames) : frames_(std::move(frames)) {}

  int poll_fd(unsigned) const override { return -1; }
  bool rx(unsigned, Batch& batch, Io&) override {
    while (Packet* p = batch.append()) {
      p->length = sizeof(Frame);
      std::memcpy(p->data, frames_[next_].data(), sizeof(Frame));
      if (++next_ == frames_.size()) next_ = 0;
    }
    return true;
  }
  void tx(unsigned, std::span<Outgoing> frames, Io&) override { sent_ += frames.size(); }
  Capabilities capabilities() const override { return {true, true, true, true}; }
  uint64_t sent() const { return sent_; }

 private:
  std::vector<Frame> frames_;
  size_t next_ = 0;
  uint64_t sent_ = 0;
};

}  // namespace uswitch::bench
