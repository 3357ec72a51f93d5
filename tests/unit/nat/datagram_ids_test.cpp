#include "nat/datagram_ids.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "core/layout.h"
#include "core/pool.h"
#include "tests/support/frame_builder.h"

namespace uswitch {
namespace {

using namespace test;

constexpr uint16_t own = 9;

struct Sent {
  PacketPool pool{1};
  Packet& packet = *pool.take();
  explicit Sent(const FrameBuilder& frame) {
    frame.store(packet);
    EXPECT_EQ(parse_layout(packet), Reason::none);
  }
  uint16_t id() const { return load_be16(packet.data + Layout::l3 + Ipv4View::Offset::id); }
};

FrameBuilder datagram() {
  return frame().eth(mac(1), mac(2)).ipv4("10.0.0.1", "10.0.0.2").ip_id(own).udp(1, 2).zeros(10);
}

// Those of all workers come from one sender.
TEST(DatagramIds, N6_FR8_NoTwoWorkersGiveTheSameOne) {
  PortMap ports(1);
  std::array<DatagramIds, 3> workers;
  std::set<uint16_t> ids;
  for (int i = 0; i < 5000; ++i) {
    for (DatagramIds& worker : workers) {
      Sent sent(datagram());
      worker.renew(sent.packet, ports);
      EXPECT_TRUE(ids.insert(sent.id()).second);
    }
  }
}

TEST(DatagramIds, N6_FR8_OneForEachSegment) {
  PortMap ports(1);
  std::array<DatagramIds, 2> workers;
  std::set<uint16_t> ids;
  for (unsigned i = 0; i < 40; ++i) {
    const unsigned hundreds = i % 13 * 10;
    Sent sent(datagram().zeros(hundreds * 100).gso(100));
    workers[i % 2].renew(sent.packet, ports);
    for (unsigned s = 0; s < hundreds + 1; ++s) {
      EXPECT_TRUE(ids.insert(static_cast<uint16_t>(sent.id() + s)).second);
    }
  }
}

TEST(DatagramIds, FR8_NoneForWhatMayNotBeFragmented) {
  PortMap ports(1);
  DatagramIds ids;
  Sent atomic(datagram().dont_fragment());
  ids.renew(atomic.packet, ports);
  EXPECT_EQ(atomic.id(), own);
  atomic.packet.reassembled = true;  // it leaves in fragments again
  ids.renew(atomic.packet, ports);
  EXPECT_NE(atomic.id(), own);
}

TEST(DatagramIds, TheFirstOneIsGivenBack) {
  PortMap ports(1);
  DatagramIds ids;
  Sent sent(datagram());
  const Bytes before(sent.packet.data, sent.packet.data + sent.packet.length);
  ids.renew(sent.packet, ports);
  EXPECT_NE(sent.id(), own);
  DatagramIds::restore(sent.packet);
  EXPECT_EQ(Bytes(sent.packet.data, sent.packet.data + sent.packet.length), before);
}

}  // namespace
}  // namespace uswitch
