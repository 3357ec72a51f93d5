// A port: where frames enter and leave the switch. A TAP device, an AF_PACKET socket on a veth or a
// real device, a capture file, memory (tests), a tunnel: each is one implementation of this.
//
// Owner: Tables share it with the control thread; it lives until every worker has forgotten it.
// Threads: the control thread makes and destroys it; queue i of it is used by worker i alone.
#pragma once
#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "core/batch.h"
#include "switch/io.h"

namespace uswitch {

// What an egress takes as it is. What it does not, core/gso does in software before tx (VH-11).
struct Capabilities {
  bool checksum = false;  // frames whose checksum is still to be completed
  bool tso4 = false;      // TCP super-segments over IPv4
  bool tso6 = false;      // and over IPv6
  bool uso = false;       // UDP super-segments
};

struct Outgoing {
  Packet* packet = nullptr;
  Reason failed = Reason::none;  // set by tx when the frame did not leave
};

class Port {
 public:
  Port() = default;
  virtual ~Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // The descriptor that becomes readable when the queue has frames; -1: the queue is asked each
  // turn.
  virtual int poll_fd(unsigned queue) const = 0;
  // False for a port that has never anything to read, because another one reads for it.
  virtual bool readable() const { return true; }
  // Appends what is waiting to the batch; true when there may be more. A port that reads for
  // others, as the socket of a tunnel does for all remotes, sets `ingress` of the packets: one a
  // batch.
  virtual bool rx(unsigned queue, Batch& batch, Io& io) = 0;
  // Sends in order, at most Batch::limit frames; marks those that failed. Keeps no pointer.
  virtual void tx(unsigned queue, std::span<Outgoing> frames, Io& io) = 0;
  virtual Capabilities capabilities() const = 0;

  // Control thread, from time to time: looks whether the device is still there, for a death that no
  // worker could notice.
  virtual void check_alive() {}

  // False once the device behind the port is gone (its namespace died, it was deleted). Set by the
  // worker that noticed; read by all.
  bool alive() const { return alive_.load(std::memory_order_relaxed); }

 protected:
  void set_dead() { alive_.store(false, std::memory_order_relaxed); }

 private:
  std::atomic<bool> alive_{true};
};

}  // namespace uswitch
