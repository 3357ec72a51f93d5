// Reads the datagrams of one local address and UDP port and hands the frames in them on as if each
// remote's TunnelPort had read them: `ingress` of the packets is that port, one a batch. What
// belongs to none of them stays this port's own, refused with a reason: counted and dropped.
//
// In-sequence TCP segments whose checksums are right become one super-segment (see Merger). What no
// wire has carried is cut and summed later, like what an endpoint sends (see unfinished.h).
//
// Owner and threads: as switch/port.h. Member of no network, sends nothing. Immutable: when remotes
// change, a new one is made that shares the underlay, where unread datagrams stay.
#pragma once
#include <memory>
#include <vector>

#include "switch/port.h"
#include "tunnel/tunnel_type.h"
#include "tunnel/underlay.h"

namespace uswitch {

// Frames of this network from this address come in by this port.
struct RemoteEntry {
  IpAddress address;
  uint32_t network_id = 0;
  PortId port = no_port;
  uint16_t mtu = 0;  // of the network, for what comes uncut (see unfinished.h); 0: unknown

  bool operator==(const RemoteEntry&) const = default;
};

class TunnelSocket final : public Port {
 public:
  // `self`: the id that this port has. `own`: addresses of this node; what comes from there is not
  // taken, whatever `remotes` says (VX-10).
  TunnelSocket(std::shared_ptr<Underlay> underlay, TunnelType type, PortId self,
               std::vector<RemoteEntry> remotes, std::vector<IpAddress> own);

  int poll_fd(unsigned queue) const override { return underlay_->poll_fd(queue); }
  bool rx(unsigned queue, Batch& batch, Io& io) override;
  void tx(unsigned queue, std::span<Outgoing> frames, Io& io) override;
  Capabilities capabilities() const override { return {}; }

 private:
  struct Source;
  struct Reading;
  Source look_up(const IpAddress& from, uint32_t network_id) const;

  std::shared_ptr<Underlay> underlay_;
  TunnelType type_;
  PortId self_;
  std::vector<RemoteEntry> remotes_;  // sorted by address and network
};

}  // namespace uswitch
