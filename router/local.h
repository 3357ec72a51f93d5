// Packets to the router's own addresses (STANDARDS R4-11, R4-13, I6-3): it answers echo requests,
// puts fragments together, takes part in neighbour discovery, and says that there is nothing else.
//
// Kind "mine": one a worker.
#pragma once
#include "core/reassembly.h"
#include "router/nd.h"
#include "router/sender.h"

namespace uswitch {

class Local {
 public:
  Local(Sender& sender, Nd& nd) : sender_(sender), nd_(nd) {}

  // An IP packet whose destination is the router's own. forward: it was turned into the answer.
  Verdict receive(const Routing& routing, Packet& packet, Time now);
  // Why a whole packet with a complete checksum is not taken; none: it asks for an echo. Not for
  // neighbour discovery. Changes nothing.
  static Reason judge(const Packet& packet);
  // Whether that is for Nd to judge.
  static bool is_nd(const Packet& packet);

  // Puts a fragment to the others of its datagram. next: `whole`, a fresh packet, is the datagram
  // now; consumed: it waits for others; or a drop.
  Verdict reassemble(const Routing& routing, Packet& fragment, Packet& whole, Time now);

  // Gives up datagrams whose fragments did not all come in time; their senders are told (IC-6).
  void expire(const Routing& routing, Time now);
  size_t held() const { return reassembly_.held(); }

 private:
  Verdict collect(const Routing& routing, Packet& fragment, Packet& whole, Time now);
  Verdict receive_whole(const Routing& routing, Packet& packet, Time now);
  Verdict receive_nd(const Routing& routing, const Packet& packet, Time now);
  void tell(const Routing& routing, const Packet& packet, Reason reason, Time now);

  Sender& sender_;
  Nd& nd_;
  Reassembly reassembly_;
};

}  // namespace uswitch
