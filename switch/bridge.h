// The forwarding decision of a learning bridge (IEEE 802.1D-2004 clause 7): learn the source, look
// the destination up. It changes nothing but the MAC table; the pipeline carries the verdict out.
//
// In two passes over a batch, so that the MAC table's cache lines are on their way while other
// packets are looked at. No state of its own; any worker.
#pragma once
#include "core/counters.h"
#include "core/packet.h"
#include "core/time.h"
#include "core/verdict.h"
#include "switch/network.h"

namespace uswitch::bridge {

// The two MAC table keys of a frame, hashed once.
struct Addresses {
  Fdb::Key source, destination;
};

// First pass: hashes the addresses and asks for their cache lines.
Addresses prepare(const Network& network, const Packet& packet);

// Second pass: learns the source and decides. The packet's layout is known and it belongs to
// `network`, which `port` is a member of; `counters` are that port's.
Verdict decide(const Network& network, const PortSettings& port, PortCounters& counters,
               const Packet& packet, const Addresses& addresses, Time now);

// The parts of decide() before and after it learns, which change nothing: next, or why the frame is
// dropped for its addresses alone; then where a frame that is not goes.
Verdict judge(const Network& network, const Addresses& addresses);
Verdict find(const Network& network, const Packet& packet, const Addresses& addresses);

// For a frame that the router has readdressed: asks for the cache line, then where the destination
// is; no_port: to be flooded.
void prefetch_destination(const Network& network, const Packet& packet);
PortId look_up_destination(const Network& network, const Packet& packet);

}  // namespace uswitch::bridge
