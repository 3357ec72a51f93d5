// One remote of a tunnel in one network: the port that sends frames there. So the MAC table says
// which remote a station is behind (VX-7), a flood is head-end replication (VX-8), and a remote has
// counters like any port.
//
// It only sends. What comes from the remote is read by a TunnelSocket and booked on this port. When
// the remote was last heard the control thread sees by those counters: the packet path has no
// clock.
//
// Owner and threads: as switch/port.h. No state but what it was made with.
#pragma once
#include <array>
#include <memory>
#include <optional>

#include "switch/port.h"
#include "tunnel/tunnel_type.h"
#include "tunnel/underlay.h"

namespace uswitch {

struct TunnelOptions {
  TunnelType type = TunnelType::vxlan;
  uint32_t network_id = 0;      // at most max_network_id
  std::optional<uint8_t> dscp;  // of the outer header, 0..63; unset: the inner packet's (RFC 2983)
};

class TunnelPort final : public Port {
 public:
  TunnelPort(std::shared_ptr<Underlay> underlay, const Remote& remote,
             const TunnelOptions& options);

  int poll_fd(unsigned) const override { return -1; }
  bool readable() const override { return false; }
  bool rx(unsigned, Batch&, Io&) override { return false; }
  // Each frame leaves with a header of its own and its bytes as they are. A super-segment is cut
  // without moving its payload (TR-6).
  void tx(unsigned queue, std::span<Outgoing> frames, Io& io) override;
  // Checksums are completed before: the far end may be another vendor's.
  Capabilities capabilities() const override { return {false, true, true, true}; }

  const Remote& remote() const { return remote_; }
  const TunnelOptions& options() const { return options_; }

 private:
  std::shared_ptr<Underlay> underlay_;
  Remote remote_;
  TunnelOptions options_;
  std::array<uint8_t, 8> header_;  // before every frame the same
};

}  // namespace uswitch
