// A configured port brought to life: its namespace, its device, the Port that the workers use, and
// what is needed to take all of that away again.
//
// Owner: the control thread (Daemon). Destroying it deletes the device that was made for it and
// lets go of its namespace. The Port itself is shared with Tables and closed when the last of both
// is gone.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "control/config.h"
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
           NamedNamespaces& namespaces);

  // Gives a running port another configuration that is_same_device(): what stays is not touched.
  // Throws DeviceError, and the endpoint is then in between: change() it back.
  void change(const PortConfig& config, bool autoconfigure);

  // The port that this one takes the place of under its name: counters go on.
  void continue_counters(const LivePort& earlier);

  const PortConfig& config() const { return config_; }
  const std::shared_ptr<Port>& port() const { return port_; }
  const std::shared_ptr<PortStats>& stats() const { return stats_; }
  // Of the endpoint's device, as it was made; nothing for a capture file.
  const std::optional<MacAddress>& mac() const { return mac_; }
  uint32_t mtu() const { return mtu_; }  // bytes of the L3 packet
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

  // What takes the place of a port that is no longer configured: no name and no device, only the
  // counters, as it left them.
  static std::unique_ptr<LivePort> departed(const LivePort& port);
  bool is_departed() const { return config_.name.empty(); }

 private:
  explicit LivePort(std::shared_ptr<PortStats> stats) : stats_(std::move(stats)) {}
  NetNs open_netns(NamedNamespaces& namespaces);
  void make_tap(const NetNs& netns, unsigned workers, bool autoconfigure);
  void make_veth(const NetNs& netns, unsigned workers, bool autoconfigure);
  void take_raw(unsigned workers);
  void read_device(const NetNs& netns);
  void change_endpoint_to(const PortConfig& config, bool autoconfigure);

  PortConfig config_;
  bool autoconfigure_ = false;
  std::shared_ptr<PortStats> stats_;
  std::optional<MacAddress> mac_;
  uint32_t mtu_ = 0;
  int link_index_ = 0;
  uint64_t kernel_drops_ = 0;

  // Let go of from the last to the first.
  std::shared_ptr<const NamedNetNs> netns_;
  std::optional<Claim> claim_;
  std::unique_ptr<VethPair> veth_;
  std::shared_ptr<Port> port_;
  PacketPort* packet_port_ = nullptr;  // port_, when it is one
};

// Whether a port of one configuration becomes one of the other without a new device.
bool is_same_device(const PortConfig& a, const PortConfig& b);

}  // namespace uswitch
