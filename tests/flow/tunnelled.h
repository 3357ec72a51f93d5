// A node of an overlay: the real pipeline, a local endpoint, and tunnels over an underlay in
// memory.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/support/frame_check.h"
#include "tests/support/memory_underlay.h"
#include "tests/support/test_switch.h"
#include "tunnel/tunnel_port.h"
#include "tunnel/tunnel_socket.h"

namespace uswitch::test {

// The headers as they stand in the standards, written by hand.
inline Bytes vxlan(uint32_t vni) {
  return {8,
          0,
          0,
          0,
          static_cast<uint8_t>(vni >> 16),
          static_cast<uint8_t>(vni >> 8),
          static_cast<uint8_t>(vni),
          0};
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class Node {
 public:
  static constexpr uint16_t port = 4789;

  // One network, with one local endpoint.
  explicit Node(const Ip& own, TunnelType kind = TunnelType::vxlan, bool segments = true)
      : address(own), type(kind), underlay(std::make_shared<MemoryUnderlay>(segments)) {
    network = sw.add_network("n");
    local = sw.add_port(network);
  }

  // Frames of the network that go to this remote; the MTU is what is left of `path_mtu`.
  PortId add_remote(const Ip& remote, uint32_t id, std::optional<NetworkId> of = {},
                    std::optional<uint8_t> dscp = {}, uint16_t path_mtu = 1500) {
    const auto tunnel =
        std::make_shared<TunnelPort>(underlay, Remote{remote, port}, TunnelOptions{type, id, dscp});
    const PortId added = sw.add_port(of.value_or(network), tunnel);
    sw.settings(added).overlay = true;
    sw.settings(added).mtu =
        static_cast<uint16_t>(path_mtu - tunnel_overhead(type, remote.is_v4()));
    entries.push_back({remote, id, added});
    return added;
  }

  // After all remotes.
  PortId listen() {
    socket = sw.add_port(no_network, placeholder());
    sw.tables().ports[socket].port =
        std::make_shared<TunnelSocket>(underlay, type, socket, entries, std::vector{address});
    return socket;
  }

  // What this node sent, each datagram judged as the far end would.
  std::vector<Datagram> sent() { return underlay->take_sent(); }

  // Datagrams of this payload arrive, together.
  void arrive(const Ip& from, const std::vector<Bytes>& payloads, uint8_t traffic_class = 0) {
    for (const Bytes& p : payloads) underlay->inject({from, port, traffic_class, 0, p});
    sw.poll(socket);
  }
  void arrive(const Ip& from, const Bytes& payload, uint8_t traffic_class = 0) {
    arrive(from, std::vector<Bytes>{payload}, traffic_class);
  }

  TestSwitch sw;
  IpAddress address;
  TunnelType type;
  std::shared_ptr<MemoryUnderlay> underlay;
  NetworkId network;
  PortId local, socket = no_port;
  std::vector<RemoteEntry> entries;

 private:
  // To get an id by.
  std::shared_ptr<Port> placeholder() {
    return std::make_shared<TunnelSocket>(underlay, type, no_port, std::vector<RemoteEntry>{},
                                          std::vector<IpAddress>{});
  }
};

}  // namespace uswitch::test
