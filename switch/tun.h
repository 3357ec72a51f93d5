// Making the TAP device that an endpoint sees in its namespace.
//
// The descriptors are opened in the namespace uswitch runs in, and the device is then moved and
// renamed: so they do not keep the far namespace alive, and when it dies read() and write() give
// EBADFD and poll() POLLERR. (Opened inside, they would pin it and no sign ever come.) Until the
// move the device has a free name that the kernel chooses, so two uswitch processes cannot meet
// there; the rename itself is atomic, so of two that want the same name the second gets an error
// and the first one's device is not touched.
//
// Owner: whoever holds the queues; the device is gone once all are closed, also after kill -9.
// Called by the control thread; throws DeviceError.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "switch/fd.h"
#include "switch/netns.h"
#include "wire/address.h"

namespace uswitch {

struct TapOptions {
  std::string name;                    // in its namespace
  unsigned queues = 1;                 // 1..256; more than one makes it multi-queue
  std::optional<MacAddress> mac = {};  // of the namespace's side; else the kernel draws one
  uint32_t mtu = 1500;                 // bytes of the L3 packet
  uint32_t txqueuelen = 1000;          // frames that wait for us in each queue
};

struct Tap {
  // Non-blocking; each frame behind a virtio-net header of 10 bytes (VH-1).
  std::vector<UniqueFd> queues;
  bool uso = false;  // the kernel hands us UDP super-segments too (Linux 6.2)

  std::vector<int> release_queues();  // for TapPort, which closes them
};

// The device is down; configure_endpoint() does the rest. The name must be free in `netns`.
Tap create_tap(const NetNs& netns, const TapOptions& options);

// Makes a TAP in the own namespace and lets it go, to learn before anything is touched whether this
// process may (a DeviceError says what it lacks) and what the kernel can.
struct TapFeatures {
  bool uso = false;
};
TapFeatures probe_tap();

}  // namespace uswitch
