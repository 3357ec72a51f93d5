// A port whose far end is a TAP device: one descriptor a worker, each frame behind a virtio-net
// header, so that TCP and UDP super-segments and unfinished checksums pass whole in both
// directions.
//
// Owner and threads: see switch/port.h. The device itself (made, moved into its namespace, named,
// addressed) is switch/tun's and switch/link's; it disappears when this object closes its last
// descriptor.
#pragma once
#include <vector>

#include "switch/port.h"

namespace uswitch {

class TapPort : public Port {
 public:
  // Takes ownership of the descriptors: non-blocking queues of one TAP with IFF_VNET_HDR and a
  // header of 10 bytes, one per worker. `uso`: the kernel cuts UDP super-segments for us.
  TapPort(std::vector<int> queues, bool uso);
  ~TapPort() override;

  int poll_fd(unsigned queue) const override { return queues_[queue].fd; }
  bool rx(unsigned queue, Batch& batch, Io& io) override;
  void tx(unsigned queue, std::span<Outgoing> frames, Io& io) override;
  Capabilities capabilities() const override;
  // The last wake-up can come just before the device is gone, when a read still finds nothing
  // wrong.
  void check_alive() override;

 private:
  // Kind "mine" of the worker whose queue it is; a cache line of its own.
  struct alignas(64) Queue {
    int fd = -1;
    size_t appetite = 1;  // reads to ask for: doubles while all are filled
  };
  std::vector<Queue> queues_;
  bool uso_;
};

}  // namespace uswitch
