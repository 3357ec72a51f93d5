#include "router/parking.h"

#include <gmock/gmock.h>

#include <cstring>

#include "core/pool.h"
#include "tests/unit/router/neighbours_harness.h"

namespace uswitch::test {
namespace {

using Outcome = Parking::Outcome;
using testing::ElementsAre;

class ParkingTest : public NeighboursTest {
 protected:
  static constexpr unsigned worker = 3;

  ParkingTest() : NeighboursTest(4000) {}

  // A packet that can be told from others by its number, which is also its ingress port.
  bool park(uint32_t n, uint16_t number, uint32_t length = 60) {
    packet_.reset();
    packet_.length = length;
    std::memcpy(packet_.data, &number, sizeof number);
    packet_.ingress = number;
    return parking.park(key(n), packet_, displaced);
  }
  void ask_and_park(uint32_t n, uint16_t number) {
    table.ask(key(n), now, worker);
    ASSERT_TRUE(park(n, number));
  }
  struct Delivered {
    uint16_t number;
    Outcome outcome;
    MacAddress mac;
    bool operator==(const Delivered&) const = default;
  };
  std::vector<Delivered> settle() {
    std::vector<Delivered> delivered;
    parking.settle(table, now, worker,
                   [&](const SavedPacket& saved, Outcome outcome, const MacAddress& mac) {
                     uint16_t number;
                     std::memcpy(&number, saved.frame().data(), sizeof number);
                     EXPECT_EQ(saved.ingress(), number);
                     delivered.push_back({number, outcome, mac});
                   });
    return delivered;
  }

  Parking parking;
  std::optional<SavedPacket> displaced;

 private:
  PacketPool pool_{1};
  Packet& packet_ = *pool_.take();
};

TEST_F(ParkingTest, ARP10_ResolvedPacketsLeaveInOrder) {
  ask_and_park(1, 10);
  ask_and_park(1, 11);
  ask_and_park(2, 20);
  ask_and_park(1, 12);
  EXPECT_TRUE(settle().empty());
  table.heard_reply(key(1), station(1), now, true);
  EXPECT_EQ(taken_woken(), uint64_t{1} << worker);
  const MacAddress mac = station(1);
  EXPECT_THAT(settle(), ElementsAre(Delivered{10, Outcome::resolved, mac},
                                    Delivered{11, Outcome::resolved, mac},
                                    Delivered{12, Outcome::resolved, mac}));
  EXPECT_EQ(parking.size(), 1u);
  EXPECT_EQ(parking.neighbours(), 1u);
  EXPECT_TRUE(settle().empty());
}

TEST_F(ParkingTest, ARP10_ND4_FailedPacketsComeBackForTheirErrors) {
  ask_and_park(1, 10);
  ask_and_park(1, 11);
  for (int i = 0; i < 3; ++i) pass(1s);
  EXPECT_EQ(taken_woken(), uint64_t{1} << worker);
  EXPECT_THAT(settle(),
              ElementsAre(Delivered{10, Outcome::failed, {}}, Delivered{11, Outcome::failed, {}}));
  EXPECT_TRUE(parking.empty());
  EXPECT_EQ(parking.bytes(), 0u);
}

TEST_F(ParkingTest, ARP11_EntryThatIsGoneIsNoFailure) {
  ask_and_park(1, 10);
  table.flush_network(7);
  EXPECT_EQ(taken_woken(), uint64_t{1} << worker);
  EXPECT_THAT(settle(), ElementsAre(Delivered{10, Outcome::gone, {}}));
}

TEST_F(ParkingTest, ND4_OverflowReplacesTheOldestOfTheNeighbour) {
  ask_and_park(2, 99);
  table.ask(key(1), now, worker);
  for (uint16_t i = 0; i < 64; ++i) {
    ASSERT_TRUE(park(1, i));
    ASSERT_FALSE(displaced);
  }
  ASSERT_TRUE(park(1, 64));
  ASSERT_TRUE(displaced);
  EXPECT_EQ(displaced->ingress(), 0);
  ASSERT_TRUE(park(1, 65));
  ASSERT_TRUE(displaced);
  EXPECT_EQ(displaced->ingress(), 1);
  EXPECT_EQ(parking.size(), 65u);
  table.heard_reply(key(1), station(1), now, true);
  const auto delivered = settle();
  ASSERT_EQ(delivered.size(), 64u);
  EXPECT_EQ(delivered.front().number, 2);
  EXPECT_EQ(delivered.back().number, 65);
}

TEST_F(ParkingTest, TR14_NeighboursAreBounded) {
  for (uint32_t n = 0; n < 1024; ++n) ASSERT_TRUE(park(n, 1));
  EXPECT_FALSE(park(5000, 2));
  EXPECT_FALSE(displaced);
  EXPECT_TRUE(park(5, 3));
  EXPECT_EQ(parking.neighbours(), 1024u);
  EXPECT_EQ(parking.size(), 1025u);
}

TEST_F(ParkingTest, TR14_PacketsAreBoundedAndTheNewestOfANeighbourIsKept) {
  for (uint32_t n = 0; n < 64; ++n) {
    for (uint16_t i = 0; i < 64; ++i) ASSERT_TRUE(park(n, i));
  }
  EXPECT_EQ(parking.size(), 4096u);
  EXPECT_FALSE(park(64, 100));
  ASSERT_TRUE(park(3, 100));
  ASSERT_TRUE(displaced);
  EXPECT_EQ(displaced->ingress(), 0);
  EXPECT_EQ(parking.size(), 4096u);
}

TEST_F(ParkingTest, TR14_BytesAreBounded) {
  uint32_t large = 0;
  while (park(large, 1, 60'000)) ++large;
  EXPECT_EQ(large, Parking::max_bytes / SavedPacket::memory(60'000));
  EXPECT_LE(parking.bytes(), Parking::max_bytes);
  // In the place of its neighbour's oldest it fits, if it is no longer than that one.
  ASSERT_TRUE(park(0, 2, 60'000));
  ASSERT_TRUE(displaced);
  EXPECT_EQ(displaced->ingress(), 1);
  uint32_t small = large;
  while (park(small, 3)) ++small;
  EXPECT_FALSE(park(large, 4, 60'000));
  EXPECT_FALSE(displaced);
  EXPECT_LE(parking.bytes(), Parking::max_bytes);
  EXPECT_EQ(parking.size(), small);
}

TEST_F(ParkingTest, WhoDeliversMayParkAgain) {
  for (uint32_t n = 0; n < 100; ++n) ask_and_park(n, static_cast<uint16_t>(n));
  for (uint32_t n = 0; n < 100; ++n) table.heard_reply(key(n), station(n), now, true);
  size_t delivered = 0;
  parking.settle(table, now, worker, [&](const SavedPacket&, Outcome, const MacAddress&) {
    ask_and_park(static_cast<uint32_t>(1000 + ++delivered), 1);
  });
  EXPECT_EQ(delivered, 100u);
  EXPECT_EQ(parking.size(), 100u);
  EXPECT_TRUE(settle().empty());
}

}  // namespace
}  // namespace uswitch::test
