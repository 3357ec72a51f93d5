// A port on an existing network device through AF_PACKET: the host end of a veth pair, or a real
// device that is taken over. With PACKET_VNET_HDR, so super-segments and unfinished checksums pass
// whole in both directions; the kernel cuts for a device that cannot.
//
// The device needs no address of its own: the host's stack gets a copy of each frame too (AP-2).
// Owner and threads: see switch/port.h. One socket a worker, joined in one fanout group by flow
// hash.
#pragma once
#include <string>
#include <vector>

#include "switch/port.h"

namespace uswitch {

class PacketPort : public Port {
 public:
  // Opens `queues` sockets on the device with this index in the calling thread's network namespace.
  // Throws std::system_error naming the device.
  PacketPort(const std::string& device, int index, unsigned queues);
  ~PacketPort() override;

  int poll_fd(unsigned queue) const override { return sockets_[queue]; }
  bool rx(unsigned queue, Batch& batch, Io& io) override;
  void tx(unsigned queue, std::span<Outgoing> frames, Io& io) override;
  Capabilities capabilities() const override {
    return {.checksum = true, .tso4 = true, .tso6 = true, .uso = uso_};
  }

  // Frames the kernel dropped because the sockets' buffers were full, since the last call.
  uint64_t take_kernel_drops();

 private:
  std::vector<int> sockets_;
  bool uso_;
};

}  // namespace uswitch
