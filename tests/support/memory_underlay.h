// An underlay without a network: what is sent is kept, what a test injects is received. It does
// what Linux does with UDP_SEGMENT and UDP_GRO. One queue.
#pragma once
#include <optional>
#include <utility>
#include <vector>

#include "tests/support/frame_builder.h"
#include "tunnel/underlay.h"

namespace uswitch::test {

// One UDP datagram. The port is that of the remote it was sent to.
struct Datagram {
  IpAddress peer;
  uint16_t port = 0;
  uint8_t traffic_class = 0;
  uint16_t entropy = 0;
  Bytes payload;
};

class MemoryUnderlay : public Underlay {
 public:
  explicit MemoryUnderlay(bool segments = true) : Underlay(1), segments_(segments) {}

  int poll_fd(unsigned) const override { return -1; }
  void send(unsigned, std::span<OutgoingDatagrams> datagrams) override;
  std::span<const IncomingDatagrams> receive(unsigned) override;
  bool segments() const override { return segments_; }

  // All that was sent since the last call, in order.
  std::vector<Datagram> take_sent() { return std::exchange(sent_, {}); }
  // System calls and, of those, messages that were needed since the last call.
  unsigned take_messages() { return std::exchange(messages_, 0); }
  unsigned take_calls() { return std::exchange(calls_, 0); }
  // Makes send fail so, for the nth message from now (0: the next) or for all.
  void refuse(Reason reason, std::optional<unsigned> nth = {});

  // To be received: by itself, or together with those before it if they are alike.
  void inject(Datagram datagram);
  // As it would arrive from this address.
  void inject_from(const IpAddress& from, Datagram datagram) {
    datagram.peer = from;
    inject(std::move(datagram));
  }

 private:
  struct Arrived {
    IncomingDatagrams what;
    Bytes bytes;
    bool ended = false;
  };
  void keep(const OutgoingDatagrams& out);

  bool segments_;
  std::vector<Datagram> sent_;
  unsigned messages_ = 0, calls_ = 0;
  Reason refuse_ = Reason::none;
  std::optional<unsigned> refuse_nth_;
  std::vector<Arrived> arriving_, received_;
  std::vector<IncomingDatagrams> spans_;
};

}  // namespace uswitch::test
