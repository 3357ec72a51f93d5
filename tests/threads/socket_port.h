// A port over local sockets, one a worker queue: what a real device is to a worker, without a
// kernel device. Each write is one frame; when the far ends are closed, the device is gone.
#pragma once
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <vector>

#include "switch/fd.h"
#include "switch/port.h"

namespace uswitch::test {

class SocketPort : public Port {
 public:
  explicit SocketPort(std::vector<UniqueFd> queues) : queues_(std::move(queues)) {}

  int poll_fd(unsigned queue) const override { return queues_[queue].get(); }
  Capabilities capabilities() const override { return {}; }

  bool rx(unsigned queue, Batch& batch, Io& io) override {
    constexpr size_t appetite = 32;
    std::array<IoOp, appetite> ops;
    size_t asked = 0, got = 0;
    while (asked < appetite) {
      Packet* p = batch.append();
      if (!p) break;
      ops[asked++] = {queues_[queue].get(), p->data, max_frame, 0};
    }
    io.read({ops.data(), asked});
    for (size_t i = 0; i < asked; ++i) {
      if (ops[i].result == 0) set_dead();
      if (ops[i].result <= 0) continue;
      batch[i].length = static_cast<uint32_t>(ops[i].result);
      batch.swap(got++, i);
    }
    batch.shrink(got);
    return got == asked;
  }

  void tx(unsigned queue, std::span<Outgoing> frames, Io& io) override {
    std::array<IoOp, Io::limit> ops;
    for (size_t i = 0; i < frames.size(); ++i) {
      ops[i] = {queues_[queue].get(), frames[i].packet->data, frames[i].packet->length, 0};
    }
    io.write({ops.data(), frames.size()});
    for (size_t i = 0; i < frames.size(); ++i) {
      if (ops[i].result >= 0) continue;
      frames[i].failed = ops[i].result == -EAGAIN ? Reason::egress_full : Reason::egress_down;
    }
  }

 private:
  std::vector<UniqueFd> queues_;
};

// A port and the far ends of its queues.
struct Wire {
  std::shared_ptr<SocketPort> port;
  std::vector<UniqueFd> far;
};

inline Wire make_wire(unsigned queues) {
  Wire wire;
  std::vector<UniqueFd> near;
  for (unsigned i = 0; i < queues; ++i) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0) {
      throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    near.emplace_back(ends[0]);
    wire.far.emplace_back(ends[1]);
  }
  wire.port = std::make_shared<SocketPort>(std::move(near));
  return wire;
}

}  // namespace uswitch::test
