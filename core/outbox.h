// Where a stage puts packets beyond the one it was given: answers, questions, fragments. The
// pipeline implements it.
//
// Kind "mine": called on the worker that owns the pipeline, within one of its turns.
#pragma once
#include "core/counters.h"
#include "core/packet.h"
#include "core/time.h"

namespace uswitch {

class Outbox {
 public:
  virtual ~Outbox() = default;

  // An empty packet, or null when no buffer is free. It lives until the end of the turn, sent or
  // not, or until 64 later ones have been asked for.
  virtual Packet* fresh() = 0;
  // A finished frame from fresh(), its layout parsed: it leaves into packet.network by its
  // destination MAC. Counted as sent or dropped; that it exists is for the caller to count.
  virtual void send(Packet& packet) = 0;
  // A packet that is lost here becomes what it was when it came in, so that an error is about what
  // its sender knows. Its layout, network and ingress stay.
  virtual void untranslate(Packet& packet, Time now) = 0;
  // A packet ends here: counted, on the port it came in by.
  virtual void drop(const Packet& packet, Reason reason) = 0;
  // Those of the port a packet came in by. With no_port: of the router, which is a port in the
  // books: what it originates it receives, what ends there it sends.
  virtual PortCounters& counters(PortId ingress) = 0;
};

}  // namespace uswitch
