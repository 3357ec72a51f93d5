// What happens when the table of connections is full, and what a flood does to it.
#include <gtest/gtest.h>

#include "tests/unit/nat/nat_harness.h"

namespace uswitch {
namespace {

using namespace std::chrono_literals;
using Insert = ConnectionTable::Insert;
using Refresh = ConnectionTable::Refresh;

// A flow that both sides use.
void insert_assured(NatHarness& nat, const Tuple& t) {
  ASSERT_EQ(nat.insert(t).outcome, Insert::inserted);
  nat.table.touch(*nat.find(t.reversed()), 1, start, nat.timeouts, Refresh::yes);
  nat.table.touch(*nat.find(t), 1, start, nat.timeouts, Refresh::yes);
}

TEST(ConnectionEviction, CT9_FullTableOfAssuredFlowsRefuses) {
  NatHarness nat(50);
  for (uint16_t n = 0; n < 50; ++n) insert_assured(nat, udp_flow(n, 5000));
  const auto refused = nat.masquerade(udp_flow(99, 5000));
  EXPECT_EQ(refused->outcome, Insert::full);
  EXPECT_FALSE(refused->found);
  EXPECT_EQ(nat.table.count(Insert::full), 1u);
  EXPECT_EQ(nat.ports.size(), 0u);  // the port was given back
  for (uint16_t n = 0; n < 50; ++n) EXPECT_TRUE(nat.find(udp_flow(n, 5000)));
}

TEST(ConnectionEviction, CT9_ExpiredFlowGoesFirst) {
  NatHarness nat(16);
  for (uint16_t n = 0; n < 16; ++n) nat.insert(udp_flow(n, 5000), start + (n == 9 ? 0s : 200s));
  EXPECT_EQ(nat.insert(udp_flow(99, 5000), start + 301s).outcome, Insert::inserted);
  for (uint16_t n = 0; n < 16; ++n) {
    EXPECT_EQ(nat.find(udp_flow(n, 5000), start + 301s).has_value(), n != 9);
  }
}

TEST(ConnectionEviction, CT9_FlowWithoutReplyGoesBeforeOneWithAndTheOldestOfThem) {
  NatHarness nat(16);
  for (uint16_t n = 0; n < 16; ++n) {
    const Tuple t = udp_flow(n, 5000);
    nat.insert(t, start + n * 1s);
    if (n >= 3) continue;
    nat.table.touch(*nat.find(t.reversed(), start + 20s), 1, start + 20s, nat.timeouts,
                    Refresh::no);
  }
  EXPECT_EQ(nat.insert(udp_flow(99, 5000), start + 30s).outcome, Insert::inserted);
  for (uint16_t n = 0; n < 16; ++n) {
    EXPECT_EQ(nat.find(udp_flow(n, 5000), start + 30s).has_value(), n != 3) << n;
  }
  EXPECT_EQ(nat.table.evicted(), 1u);
}

TEST(ConnectionEviction, CT9_EstablishedFlowsSurviveAFloodOfAMillionSyns) {
  constexpr uint32_t room = 20'000, established = 10'000;
  NatHarness nat(room);
  for (uint32_t n = 0; n < established; ++n) {
    insert_assured(nat, udp_flow(n % 100, static_cast<uint16_t>(1024 + n / 100)));
  }
  uint64_t refused = 0;
  for (uint32_t n = 0; n < 1'000'000; ++n) {
    const Tuple syn{remote_host(n), inner_host(7), static_cast<uint16_t>(n), 80, ip_protocol::tcp};
    refused += nat.insert(syn).outcome == Insert::full;
  }
  for (uint32_t n = 0; n < established; ++n) {
    ASSERT_TRUE(nat.find(udp_flow(n % 100, static_cast<uint16_t>(1024 + n / 100)))) << n;
  }
  EXPECT_EQ(nat.table.size(), room);
  EXPECT_EQ(nat.table.evicted() + refused, 1'000'000u - (room - established));
  // The first half of the records are the established ones: one in two searches starts in vain.
  EXPECT_LT(refused, 1'000'000u);
  // And a new connection gets in.
  int in = 0;
  for (uint16_t n = 0; n < 1000; ++n) {
    in += nat.insert(udp_flow(500, static_cast<uint16_t>(2000 + n))).outcome == Insert::inserted;
  }
  EXPECT_GT(in, 0);
}

TEST(ConnectionEviction, NearlyFullFrom80Percent) {
  NatHarness nat(100);
  for (uint16_t n = 0; n < 79; ++n) nat.insert(udp_flow(n, 5000));
  EXPECT_FALSE(nat.table.is_nearly_full());
  nat.insert(udp_flow(79, 5000));
  EXPECT_TRUE(nat.table.is_nearly_full());
}

TEST(ConnectionEviction, TableTakesAsManyAsItSays) {
  for (const uint32_t max : {1u, 2u, 33u, 1000u, 30'000u}) {
    NatHarness nat(max);
    for (uint32_t n = 0; n < max; ++n) {
      const auto port = static_cast<uint16_t>(1024 + n % 60'000);
      ASSERT_EQ(nat.insert(udp_flow(n / 60'000, port)).outcome, Insert::inserted) << n;
    }
    EXPECT_EQ(nat.table.size(), max);
    EXPECT_EQ(nat.table.evicted(), 0u);
  }
}

TEST(ConnectionEviction, TR11_N7_ExhaustedPortsOfOneProtocolLeaveTheOthersAlone) {
  NatHarness nat(150'000);
  uint32_t made = 0, refused = 0;
  for (uint32_t n = 0; n < 70'000; ++n) {
    const Tuple t = tcp_flow(1 + n % 2, static_cast<uint16_t>(1024 + n / 2));
    const auto outcome = nat.masquerade(t);
    made += outcome && outcome->outcome == Insert::inserted;
    refused += !outcome;
  }
  EXPECT_EQ(made, 64'512u);
  EXPECT_EQ(refused, 70'000u - 64'512u);
  // Who has a port reaches other destinations, other protocols have ports, and expiry frees them.
  EXPECT_EQ(nat.masquerade(tcp_flow(1, 1024, 2))->outcome, Insert::inserted);
  EXPECT_EQ(nat.masquerade(udp_flow(3, 1024))->outcome, Insert::inserted);
  EXPECT_FALSE(nat.masquerade(tcp_flow(3, 1024)));
  nat.sweep(start + 8000s);
  EXPECT_EQ(nat.table.size(), 0u);
  EXPECT_EQ(nat.ports.size(), 0u);
  EXPECT_EQ(nat.ports.taken_ports(nat.pool[0], ip_protocol::tcp), 0u);
}

}  // namespace
}  // namespace uswitch
