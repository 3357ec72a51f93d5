// A switch without threads, kernel or clock: the real pipeline over memory ports. A flow test says
// what comes in and looks at what went out and what was dropped. On destruction it checks that
// every packet is accounted for.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/pipeline.h"
#include "switch/memory_port.h"
#include "tests/support/frame_builder.h"

namespace uswitch::test {

class TestSwitch {
 public:
  explicit TestSwitch(size_t packets = 192) : pool_(packets) {}
  ~TestSwitch();

  // Both return an id. A port without a network is only a member of its tagged ones.
  NetworkId add_network(const std::string& name, size_t max_addresses = 64);
  PortId add_port(NetworkId network, std::map<uint16_t, NetworkId> tagged = {},
                  Capabilities capabilities = all_offloads);

  Network& network(NetworkId id) { return tables_.networks[id]; }
  PortSettings& settings(PortId id) { return tables_.settings[id]; }
  MemoryPort& port(PortId id) { return *ports_[id]; }
  void add_static(NetworkId network, const Mac& mac, PortId port);

  // Hands the frame to the port and runs the pipeline over it.
  void send(PortId port, const FrameBuilder& frame);
  void send(PortId port, const MemoryPort::Frame& frame);
  // Several at once: one batch.
  void send_batch(PortId port, const std::vector<FrameBuilder>& frames);
  // What left by this port since the last call.
  std::vector<Bytes> received(PortId port);
  std::vector<MemoryPort::Frame> received_with_offload(PortId port);
  // The ports that a frame left by, each emptied: {1, 2} or {}.
  std::vector<PortId> receivers();

  // Drops for this reason over all ports since the last call for it.
  uint64_t drops(Reason reason);
  // Of one port, since it was added.
  const PortCounters& counters(PortId port) const {
    return tables_.ports[port].stats->of_worker[0];
  }
  uint64_t total(Counter PortCounters::*counter) const;
  uint64_t total_drops() const;

  void advance(Duration by) { now_ += by; }
  // What the control thread does regularly: ageing and the reuse of freed entries.
  void sweep();

  static constexpr Capabilities all_offloads{true, true, true, true};

 private:
  void run(PortId port);

  PacketPool pool_;
  std::unique_ptr<Io> io_ = make_io(IoKind::plain);
  Pipeline pipeline_{pool_, *io_, 0};
  Tables tables_;
  std::vector<std::shared_ptr<MemoryPort>> ports_;
  std::map<Reason, uint64_t> reported_;
  Time now_{std::chrono::hours(1)};
};

}  // namespace uswitch::test
