// The order of the stages: the file to read first.
//
// A batch of frames from one port is
//   1. admitted   its VLAN names its network, its headers are found, its endpoint is held to its
//   addresses
//   2. decided    the bridge learns the source and looks the destination up
//   3. dispatched by verdict: to one port, to all others of the network, or dropped with a reason
//   4. sent       one transmit call an egress port
// and released. Only the pipeline releases packets, and it counts a reason for each that it drops.
//
// Kind "mine": each worker has one. Time comes in as an argument; no stage reads a clock.
#pragma once
#include "core/batch.h"
#include "core/time.h"
#include "core/verdict.h"
#include "engine/egress.h"
#include "engine/tables.h"
#include "switch/io.h"

namespace uswitch {

class Pipeline {
 public:
  // `worker` says which counters and which queue of each port are this pipeline's.
  Pipeline(PacketPool& pool, Io& io, unsigned worker);

  // Must be called before run() sees tables with other ports.
  void adopt(const Tables& tables) { egress_.adopt(tables); }

  // Takes all packets of the batch, which came from `ingress`, to their end. The batch is empty
  // after.
  void run(const Tables& tables, PortId ingress, Batch& batch, Time now);

 private:
  struct Turn;  // what the stages share for one batch

  Verdict admit(const PortSettings& port, Packet& packet);
  void dispatch(const Turn& turn, Packet& packet, Verdict verdict);
  void to_port(const Turn& turn, Packet& packet, PortId id);
  void flood(const Turn& turn, Packet& packet);

  Egress egress_;
  unsigned worker_;
};

}  // namespace uswitch
