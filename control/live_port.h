// A configured port brought to life: its namespace, its device, the Port that the workers use, and
// what is needed to take all of that away again.
//
// Owner: the control thread (Daemon). Destroying it deletes the device that was made for it and
// lets go of its namespace. The Port itself is shared with Tables and closed when the last of both
// is gone.
#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "control/config.h"
#include "control/underlays.h"
#include "engine/tables.h"
#include "switch/claim.h"
#include "switch/named_netns.h"
#include "switch/packet_port.h"
#include "switch/veth.h"

namespace uswitch {

class LivePort {
 public:
  // Makes the device, settles it in its namespace and opens one queue a worker. Throws DeviceError
  // or std::runtime_error with one sentence that names the device; nothing is left behind then.
  // `autoconfigure`: the endpoint may make itself an IPv6 address from router advertisements.
  LivePort(const PortConfig& config, bool autoconfigure, unsigned workers,
           NamedNamespaces& namespaces, Underlays& underlays);

  // One that is none of this machine's: replay has it in memory, as if it had been made with this
  // MAC.
  LivePort(const PortConfig& config, std::shared_ptr<Port> port, std::optional<MacAddress> mac);
  bool on_machine() const { return on_machine_; }

  const PortConfig& config() const { return config_; }
  const std::shared_ptr<Port>& port() const { return port_; }
  const std::shared_ptr<PortStats>& stats() const { return stats_; }
  // Of the endpoint's device, as it was made; nothing for a capture file.
  const std::optional<MacAddress>& mac() const { return mac_; }
  uint32_t mtu() const { return mtu_; }  // bytes of the L3 packet
  // Of the endpoint's device too. Throws DeviceError, or std::runtime_error when its namespace
  // cannot be entered.
  void set_mtu(uint16_t mtu);
  // What a port of a tunnel has besides; null for the others.
  LiveTunnel* tunnel() { return tunnel_ ? &*tunnel_ : nullptr; }
  const LiveTunnel* tunnel() const { return tunnel_ ? &*tunnel_ : nullptr; }
  // A socket reads for these from now on, once the port is published anew.
  void read_for(PortId self, std::vector<RemoteEntry> remotes);
  // Index, in the namespace uswitch runs in, of the device whose disappearance means that the port
  // is gone; 0 when the port itself notices.
  int link_index() const { return link_index_; }

  // Frames that the kernel dropped before the switch could read them, so far.
  uint64_t kernel_drops();

  // Lets go of the namespace before the device: when uswitch made it and no other port is in it, it
  // goes with all its devices at once, which is much quicker than deleting them one by one.
  void leave_netns() { netns_.reset(); }

  // The device or its namespace disappeared: lets go of what is left.
  void bury();
  bool gone() const { return port_ == nullptr; }

 private:
  NetNs open_netns(NamedNamespaces& namespaces);
  void make_tap(const NetNs& netns, unsigned workers, bool autoconfigure);
  void make_veth(const NetNs& netns, unsigned workers, bool autoconfigure);
  void take_raw(unsigned workers);
  void make_tunnel(Underlays& underlays);
  void read_device(const NetNs& netns);

  PortConfig config_;
  std::shared_ptr<PortStats> stats_;
  std::optional<MacAddress> mac_;
  uint32_t mtu_ = 0;
  uint32_t device_mtu_ = std::numeric_limits<uint32_t>::max();
  int link_index_ = 0;
  uint64_t kernel_drops_ = 0;
  bool on_machine_ = true;

  // Let go of from the last to the first.
  std::shared_ptr<const NamedNetNs> netns_;
  std::optional<Claim> claim_;
  std::unique_ptr<VethPair> veth_;
  std::shared_ptr<Port> port_;
  PacketPort* packet_port_ = nullptr;  // port_, when it is one
  std::optional<LiveTunnel> tunnel_;
};

}  // namespace uswitch
