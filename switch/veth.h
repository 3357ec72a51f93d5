// A veth pair whose far end is an endpoint's device in its namespace and whose near end, in the
// namespace uswitch runs in, is where a PacketPort reads and writes.
//
// The kernel keeps a veth pair when its maker dies. So each pair is claimed (switch/claim.h) before
// it is made, and the claim holds the near end's MAC, drawn at random: after a kill -9 the next
// run finds the pair by it, deletes it and makes its own. A claim that is held means that another
// uswitch serves this device: an error, and its pair is not touched.
//
// Owner: the control thread. Throws DeviceError.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "switch/claim.h"
#include "switch/link.h"
#include "switch/netns.h"
#include "wire/address.h"

namespace uswitch {

struct VethOptions {
  std::string name;                    // of the far end, in its namespace
  std::optional<MacAddress> mac = {};  // of the far end; else the kernel draws one
  uint32_t mtu = 1500;                 // of both, bytes of the L3 packet
};

class VethPair {
 public:
  // The far end is down (configure_endpoint() does the rest), the near end is up and the host's
  // stack silent on it: no ARP, no IPv6.
  VethPair(const NetNs& netns, const VethOptions& options);
  ~VethPair();  // deletes both ends
  VethPair(const VethPair&) = delete;
  VethPair& operator=(const VethPair&) = delete;

  // The near end, for PacketPort and for the LinkMonitor's events: name and index.
  const Link& near_end() const { return near_; }
  // Of the near end; the far one is the endpoint's.
  void set_mtu(uint32_t mtu);

 private:
  Claim claim_;
  Link near_;
};

}  // namespace uswitch
