// What carries a tunnel's datagrams: the sockets of one local address and UDP port. The interface
// between those who wrap and unwrap frames (TunnelPort, TunnelSocket) and those who know sockets.
//
// Owner: shared by all TunnelPorts and the TunnelSocket of that address and port; it outlives a
// change of either. Threads: made and destroyed by the control thread; queue i is used by worker i
// alone. Sizes are in bytes of UDP payload.
#pragma once
#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <vector>

#include "core/reason.h"
#include "wire/address.h"

namespace uswitch {

// Where the datagrams of a tunnel go: another node's address and port. The family is that of the
// underlay's own address.
struct Remote {
  IpAddress address;
  uint16_t port = 0;
};

// What leaves in one system call: one datagram, or several of equal size to one remote.
struct OutgoingDatagrams {
  const Remote* to = nullptr;
  std::span<const iovec> parts;  // header, frame, header, frame ...; not kept
  uint32_t bytes = 0;            // of all parts
  uint16_t segment = 0;          // bytes of each, the last may be shorter; 0: all is one datagram
  uint8_t traffic_class = 0;     // outer DSCP and ECN
  uint16_t entropy = 0;          // of the inner flow: equal ones leave by the same source port
  // Set by send: exceeds_mtu, egress_full, tunnel_unreachable, egress_refused.
  Reason failed = Reason::none;
};

// Datagrams of one sender that came together, all `segment` long but the last, which may be
// shorter; 0: one datagram. The payload stands in the underlay's buffers, and whoever reads it may
// change it there; it is valid until the next receive of the queue.
struct IncomingDatagrams {
  IpAddress from;
  uint8_t traffic_class = 0;
  uint16_t segment = 0;
  std::span<uint8_t> payload;
};

class Underlay {
 public:
  // What has been received and not been read yet. It stands here, not in the TunnelSocket, so that
  // nothing is lost when a new one takes over.
  struct Unread {
    std::span<const IncomingDatagrams> datagrams;
    size_t position = 0;  // in the first one's payload
  };

  // The most datagrams, and the most bytes of them, that go in one OutgoingDatagrams: what Linux
  // takes as one UDP_SEGMENT message, with some room below 65507.
  static constexpr unsigned max_segments = 64;
  static constexpr uint32_t max_bytes = 65000;

  explicit Underlay(unsigned queues) : unread_(queues) {}
  virtual ~Underlay() = default;
  Underlay(const Underlay&) = delete;
  Underlay& operator=(const Underlay&) = delete;

  // As Port::poll_fd.
  virtual int poll_fd(unsigned queue) const = 0;
  // Sends in order; marks what failed.
  virtual void send(unsigned queue, std::span<OutgoingDatagrams> datagrams) = 0;
  // Empty: nothing for now. What is unread is gone.
  virtual std::span<const IncomingDatagrams> receive(unsigned queue) = 0;
  // Whether several datagrams may go in one call (UDP_SEGMENT).
  virtual bool segments() const = 0;

  Unread& unread(unsigned queue) { return unread_[queue].value; }

 private:
  struct alignas(64) OfQueue {
    Unread value;
  };
  std::vector<OfQueue> unread_;
};

}  // namespace uswitch
