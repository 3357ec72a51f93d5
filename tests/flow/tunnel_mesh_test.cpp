// Three nodes in full mesh, each with the real pipeline: STANDARDS TR-7, VX-8, VX-9.
#include <array>
#include <stdexcept>

#include "tests/flow/tunnelled.h"

namespace uswitch::test {
namespace {

class Mesh {
 public:
  static constexpr size_t count = 3;

  Mesh() {
    for (Node& node : nodes) {
      for (const Node& peer : nodes) {
        if (&peer != &node) node.add_remote(peer.address, 7);
      }
      node.listen();
    }
  }

  // Carries datagrams until no node has one to send.
  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      for (Node& from : nodes) {
        for (Datagram& d : from.sent()) moved = true, at(d.peer).take(from, std::move(d));
      }
    }
  }

  uint64_t total(Counter PortCounters::*counter) const {
    uint64_t sum = 0;
    for (const Node& node : nodes) sum += node.sw.total(counter);
    return sum;
  }

  struct Station : Node {
    using Node::Node;
    void take(const Node& from, Datagram d) {
      underlay->inject_from(from.address, std::move(d));
      sw.poll(socket);
    }
  };
  Station& at(const IpAddress& address) {
    for (Station& node : nodes) {
      if (node.address == address) return node;
    }
    throw std::out_of_range("no such node");
  }

  std::array<Station, count> nodes{Station("192.0.2.1"), Station("192.0.2.2"),
                                   Station("192.0.2.3")};
};

FrameBuilder broadcast(unsigned from, unsigned n) {
  return frame()
      .eth(mac(from + 1), "ff:ff:ff:ff:ff:ff")
      .ipv4("10.0.0.1", "255.255.255.255")
      .ip_id(static_cast<uint16_t>(n))
      .udp(1, 2);
}

TEST(TunnelMesh, TR7_EachBroadcastArrivesEverywhereOnceAndNobodyMoves) {
  Mesh mesh;
  for (unsigned n = 0; n < 10'000; ++n) {
    const unsigned from = n % Mesh::count;
    mesh.nodes[from].sw.send(mesh.nodes[from].local, broadcast(from, n));
    mesh.settle();
    for (unsigned i = 0; i < Mesh::count; ++i) {
      const auto got = mesh.nodes[i].sw.received(mesh.nodes[i].local);
      ASSERT_EQ(got.size(), i == from ? 0u : 1u) << n;
      if (i != from) {
        ASSERT_EQ(got[0], broadcast(from, n).bytes());
      }
    }
  }
  EXPECT_EQ(mesh.total(&PortCounters::moves), 0u);
  EXPECT_EQ(mesh.total(&PortCounters::not_learned), 0u);
}

TEST(TunnelMesh, VX9_UnknownUnicastTooAndAnswersGoToOneNode) {
  Mesh mesh;
  auto& [a, b, c] = mesh.nodes;
  a.sw.send(a.local, frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2));
  mesh.settle();
  EXPECT_EQ(b.sw.received(b.local).size(), 1u);
  EXPECT_EQ(c.sw.received(c.local).size(), 1u);
  b.sw.send(b.local, frame().eth(mac(2), mac(1)).ipv4("10.0.0.2", "10.0.0.1").udp(2, 1));
  mesh.settle();
  EXPECT_EQ(a.sw.received(a.local).size(), 1u);
  EXPECT_TRUE(c.sw.received(c.local).empty());
}

// BR-5: a station that moves is found at its new node from its first frame there on.
TEST(TunnelMesh, AStationMovesFromNodeToNode) {
  Mesh mesh;
  auto& [a, b, c] = mesh.nodes;
  const auto to_station = frame().eth(mac(1), mac(9)).ipv4("10.0.0.1", "10.0.0.9").udp(1, 2);
  for (auto* node : {&b, &c}) {
    node->sw.send(node->local, broadcast(8, 0));
    mesh.settle();
    for (auto& n : mesh.nodes) n.sw.received(n.local);
    a.sw.send(a.local, to_station);
    mesh.settle();
    EXPECT_EQ(b.sw.received(b.local).size(), node == &b ? 1u : 0u);
    EXPECT_EQ(c.sw.received(c.local).size(), node == &c ? 1u : 0u);
  }
}

}  // namespace
}  // namespace uswitch::test
