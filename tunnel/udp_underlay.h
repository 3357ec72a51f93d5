// An Underlay of UDP sockets, with the host's own routing beneath: it works over whatever the host
// reaches the remotes by.
//
// Owner and threads: as tunnel/underlay.h. A worker reads from a socket of its own; the sockets
// that send are shared. The kernel coalesces and cuts where it can (UDP_GRO, UDP_SEGMENT), so that
// a super-segment passes the underlay in one system call at each end.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "tunnel/source_ports.h"
#include "tunnel/udp_socket.h"
#include "tunnel/underlay.h"

namespace uswitch {

class UdpUnderlay final : public Underlay {
 public:
  // `attention`: an eventfd, signalled once a datagram was too long for its path: that path's MTU
  // has shrunk. Throws std::system_error with a sentence that names the address.
  UdpUnderlay(const UdpOptions& options, int attention);
  ~UdpUnderlay() override;

  int poll_fd(unsigned queue) const override;
  void send(unsigned queue, std::span<OutgoingDatagrams> datagrams) override;
  std::span<const IncomingDatagrams> receive(unsigned queue) override;
  bool segments() const override { return segments_.load(std::memory_order_relaxed); }

  const UdpOptions& options() const { return options_; }
  size_t source_ports() const { return sources_.size(); }

  // Control thread. Whether one was too long since the last call.
  bool take_too_long() { return too_long_.exchange(false, std::memory_order_relaxed); }
  // Datagrams that the kernel dropped since the start, because they were not read in time.
  uint64_t kernel_drops() const;

 private:
  struct Receiver;

  void send_by(int fd, std::span<OutgoingDatagrams> datagrams);
  Reason reason_of(int error, const OutgoingDatagrams& refused);

  UdpOptions options_;
  std::vector<std::unique_ptr<Receiver>> receivers_;  // by queue
  SourcePorts sources_;
  const int attention_;
  std::atomic<bool> too_long_{false};
  std::atomic<bool> segments_;
};

}  // namespace uswitch
