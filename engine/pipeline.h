// The order of the stages: the file to read first.
//
// A batch of frames from one port is
//   1. admitted   its VLAN names its network, its headers are found, its endpoint is held to its
//                 addresses
//   2. decided    the bridge learns the source and looks the destination up
//   3. routed     what is addressed to its network's gateway: nat gives the packets of known flows
//                 their new addresses and decides about the first packet of each other one, the
//                 router finds the next station and its network
//   4. dispatched by verdict: to one port, to all others of the network, or dropped with a reason
//   5. sent       one transmit call an egress port
// and released. Only the pipeline releases packets, and it counts a reason for each that it drops.
//
// Kind "mine": each worker has one. Time comes in as an argument; no stage reads a clock.
#pragma once
#include <array>
#include <span>

#include "core/batch.h"
#include "core/outbox.h"
#include "core/own_frame.h"
#include "core/time.h"
#include "core/verdict.h"
#include "engine/egress.h"
#include "engine/tables.h"
#include "engine/witness.h"
#include "nat/nat.h"
#include "router/router.h"
#include "switch/io.h"

namespace uswitch {

class Pipeline final : private Outbox {
 public:
  // What the pool must have: a batch, the datagrams put together of it, twice what the router may
  // add to it, a super-segment being cut, and slack.
  static constexpr size_t pool_packets = 6 * Batch::limit;

  // `worker` says which counters and which queue of each port are this pipeline's, `last_drops`
  // where it notes them; null: nowhere.
  Pipeline(PacketPool& pool, Io& io, unsigned worker, LastDrops* last_drops = nullptr);

  // Must be called before any of those below sees tables with other ports.
  void adopt(const Tables& tables) { egress_.adopt(tables); }

  // Takes all packets of the batch, which came from `ingress`, to their end. The batch is empty
  // after.
  void run(const Tables& tables, PortId ingress, Batch& batch, Time now);

  // What does not begin with a packet, for the router: frames that the control thread composed are
  // to be sent; something that packets wait for has been decided; it is time to look what has
  // waited too long.
  void send_own(const Tables& tables, std::span<const OwnFrame> frames, Time now);
  void settle(const Tables& tables, Time now);
  void expire(const Tables& tables, Time now);

  // Packets that came in and wait here, neither sent nor dropped yet.
  size_t held() const { return router_.held(); }

 private:
  struct Turn;  // what the stages share for one batch

  Verdict admit(const PortSettings& port, Packet& packet);
  void decide(const Turn& turn, Batch& batch);
  void collect_routed(const Turn& turn, Batch& batch);
  void route(const Turn& turn, Batch& batch);
  void open_flows(const Turn& turn);
  Verdict open_flow(const Turn& turn, size_t i);  // of the ith that is routed
  Verdict take_turn(const Turn& turn, size_t i);  // likewise
  void dispatch(const Turn& turn, Packet& packet, Verdict verdict);
  void bridge_to(const Turn& turn, Packet& packet, PortId id);
  void to_port(Packet& packet, PortId id);
  void send_to(Packet& packet, PortId id);  // a port that there is
  void flood(const Turn& turn, Packet& packet);
  void hear_remote(const Turn& turn, const Batch& batch);
  bool answer_for_remote(const Turn& turn, Packet& packet);
  void forward(Packet& packet);
  void begin(const Tables& tables, Time now);
  void conclude(Batch& batch);
  // To every member of the packet's network but the one; says how many, and if none, why.
  unsigned to_members(Packet& packet, PortId except, Reason& why_none);
  void finish();

  // Outbox
  Packet* fresh() override;
  void send(Packet& packet) override { forward(packet); }
  void drop(const Packet& packet, Reason reason) override { witness_.dropped(packet, reason); }
  void untranslate(Packet& packet, Time now) override {
    if (tables_->nat.connections) Nat::untranslate(tables_->nat, packet, now);
  }
  PortCounters& counters(PortId ingress) override { return tables_->counters(ingress, worker_); }

  unsigned worker_;
  Witness witness_;
  Egress egress_;
  Router router_;
  Nat nat_;
  const Tables* tables_ = nullptr;  // of the current turn
  std::array<Verdict, Batch::limit> verdicts_;
  // What goes through the router of one batch: at the place of a datagram's last fragment the
  // whole.
  struct Routed {
    size_t count = 0;
    std::array<Packet*, Batch::limit> packets;
    std::array<Verdict, Batch::limit> verdicts;
    std::array<uint8_t, Batch::limit> of_batch;  // by place in the batch: which of these
  };
  Routed routed_;
  std::array<Batch, 2> fresh_;  // packets for the router: newer and older ones
  size_t newer_ = 0;
  Batch wholes_;  // datagrams put together of this batch's fragments
};

}  // namespace uswitch
