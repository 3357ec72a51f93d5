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
  const auto made = nat.insert(t);
  ASSERT_EQ(made.outcome, Insert::inserted);
  nat.talk(*made.found);
}

// Flow n of as many as there are.
Tuple numbered(uint32_t n) {
  return udp_flow(n / 60'000, static_cast<uint16_t>(1024 + n % 60'000));
}
Tuple syn_from_outside(uint32_t n) {
  return {remote_host(n), inner_host(7), static_cast<uint16_t>(n), 80, ip_protocol::tcp};
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

TEST(ConnectionEviction, CT9_TheOneThatHasBeenQuietForLongestGoes) {
  NatHarness nat(16);
  // An answer makes it no more than what it is: heard of at that time.
  for (uint16_t n = 0; n < 16; ++n) nat.insert(udp_flow(n, 5000), start + n * 1s);
  for (uint16_t n : {0, 1, 2, 4}) {
    const auto answer = nat.find(udp_flow(n, 5000).reversed(), start + 20s);
    nat.table.touch(*answer, 1, start + 20s, nat.timeouts, Refresh::yes);
  }
  EXPECT_EQ(nat.insert(udp_flow(99, 5000), start + 30s).outcome, Insert::inserted);
  for (uint16_t n = 0; n < 16; ++n) {
    EXPECT_EQ(nat.find(udp_flow(n, 5000), start + 30s).has_value(), n != 3) << n;
  }
  EXPECT_EQ(nat.table.evicted(), 1u);
}

// What has the shorter timeout is not worth less for it.
TEST(ConnectionEviction, CT9_NoProtocolsFloodIsWorthMoreThanAnothersNewFlow) {
  const Tuple echo{inner_host(1), remote_host(1), 7, 8, ip_protocol::icmp};
  const Tuple gre{inner_host(1), remote_host(1), 0, 0, 47};
  for (const Tuple& wanted : {tcp_flow(1, 5000), udp_flow(1, 5000), echo, gre}) {
    NatHarness nat(16);
    for (uint16_t n = 0; n < 15; ++n) {
      Tuple flood = std::array{tcp_flow(1, n), udp_flow(1, n), echo, gre}[n % 4u];
      flood.source = inner_host(100u + n);
      nat.insert(flood, start + n * 1ms);
    }
    nat.insert(wanted, start + 20ms);
    for (uint16_t n = 0; n < 15; ++n) nat.insert(udp_flow(3, n), start + 30ms);
    EXPECT_TRUE(nat.find(wanted, start + 30ms)) << unsigned{wanted.protocol};
    EXPECT_EQ(nat.table.evicted(), 15u);
  }
}

// Behind thousands of assured ones, in one piece or among them.
TEST(ConnectionEviction, CT9_WhatCanGoIsFoundWhereverItLies) {
  constexpr uint32_t room = 10'000, few = 250;
  for (const uint32_t apart : {1u, room / few}) {
    NatHarness nat(room);
    for (uint32_t n = 0; n < room; ++n) {
      const bool assured = apart == 1 ? n < room - few : n % apart != 0;
      if (assured)
        insert_assured(nat, numbered(n));
      else
        nat.insert(numbered(n));
    }
    for (uint32_t n = 0; n < 1000; ++n) {
      ASSERT_EQ(nat.insert(numbered(room + n), start + 1s).outcome, Insert::inserted) << n;
    }
  }
}

TEST(ConnectionEviction, CT9_WhatHasExpiredMakesRoomWhereverItLies) {
  constexpr uint32_t room = 10'000, few = 250;
  NatHarness nat(room);
  for (uint32_t n = 0; n < room; ++n) insert_assured(nat, numbered(n));
  for (uint32_t n = few; n < room; ++n) {
    nat.table.touch(*nat.find(numbered(n)), 1, start + 200s, nat.timeouts, Refresh::yes);
  }
  for (uint32_t n = 0; n < few / 2; ++n) {
    ASSERT_EQ(nat.insert(numbered(room + n), start + 400s).outcome, Insert::inserted) << n;
  }
  for (uint32_t n = few; n < room; ++n) ASSERT_TRUE(nat.find(numbered(n), start + 400s));
}

TEST(ConnectionEviction, CT9_EstablishedFlowsSurviveAFloodOfAMillionSyns) {
  constexpr uint32_t room = 20'000, established = 10'000;
  NatHarness nat(room);
  for (uint32_t n = 0; n < established; ++n) insert_assured(nat, numbered(n));
  for (uint32_t n = 0; n < 1'000'000; ++n) {
    ASSERT_EQ(nat.insert(syn_from_outside(n), start + n * 1us).outcome, Insert::inserted) << n;
  }
  for (uint32_t n = 0; n < established; ++n) ASSERT_TRUE(nat.find(numbered(n))) << n;
  EXPECT_EQ(nat.table.size(), room);
  EXPECT_EQ(nat.table.evicted(), 1'000'000u - (room - established));
  EXPECT_EQ(nat.table.count(Insert::full), 0u);
}

// Who becomes assured while a flood fills a third of what is not: stays.
TEST(ConnectionEviction, CT9_NewFlowsHaveTheirTimeInAFlood) {
  constexpr uint32_t room = 20'000, established = 10'000, between = 3'000;
  NatHarness nat(room);
  for (uint32_t n = 0; n < established; ++n) insert_assured(nat, numbered(n));
  uint32_t syns = 0;
  const auto flood = [&](uint32_t more) {
    for (const uint32_t end = syns + more; syns < end; ++syns)
      nat.insert(syn_from_outside(syns), start + syns * 1us);
  };
  flood(50'000);
  for (uint32_t n = 0; n < 100; ++n) {
    const Tuple t = numbered(established + n);
    ASSERT_EQ(nat.insert(t, start + syns * 1us).outcome, Insert::inserted);
    flood(between);
    const Time now = start + syns * 1us;
    ASSERT_TRUE(nat.find(t, now)) << n;
    nat.talk(*nat.find(t, now), now);
  }
  flood(50'000);
  for (uint32_t n = 0; n < established + 100; ++n) ASSERT_TRUE(nat.find(numbered(n))) << n;
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

// All ports of the protocol belong to flows of two hosts.
constexpr uint32_t tcp_ports = 64'512;
Tuple nth_of_two_hosts(uint32_t n) {
  return tcp_flow(1 + n % 2, static_cast<uint16_t>(1024 + n / 2));
}

TEST(ConnectionEviction, TR11_N7_ExhaustedPortsOfOneProtocolLeaveTheOthersAlone) {
  NatHarness nat(150'000);
  for (uint32_t n = 0; n < tcp_ports; ++n) {
    const auto made = nat.masquerade(nth_of_two_hosts(n));
    ASSERT_TRUE(made && made->outcome == Insert::inserted) << n;
    nat.talk(*made->found);
  }
  // Who has a port reaches other destinations, other protocols have ports, and expiry frees them.
  EXPECT_EQ(nat.masquerade(tcp_flow(1, 1024, 2))->outcome, Insert::inserted);
  EXPECT_EQ(nat.masquerade(udp_flow(3, 1024))->outcome, Insert::inserted);
  EXPECT_EQ(nat.masquerade(tcp_flow(3, 1023))->outcome, Insert::inserted) << "U-3a";
  EXPECT_FALSE(nat.masquerade(tcp_flow(3, 1024)));
  EXPECT_EQ(nat.table.evicted(), 0u);
  EXPECT_TRUE(nat.masquerade(tcp_flow(3, 1024), start + 241s)) << "what has expired gives its port";
  nat.sweep(start + 8000s);
  EXPECT_EQ(nat.table.size(), 0u);
  EXPECT_EQ(nat.ports.size(), 0u);
  EXPECT_EQ(nat.ports.taken_ports(nat.pool[0], ip_protocol::tcp), 0u);
}

TEST(ConnectionEviction, TR11_CT9_HalfOpenFlowsGiveUpTheirPortsForNewOnes) {
  NatHarness nat(150'000);
  for (uint32_t n = 0; n < 1000; ++n) nat.talk(*nat.masquerade(nth_of_two_hosts(n))->found);
  for (uint32_t n = 1000; n < tcp_ports + 50'000; ++n) {
    const auto made = nat.masquerade(nth_of_two_hosts(n), start + n * 1us);
    ASSERT_TRUE(made && made->outcome == Insert::inserted) << n;
  }
  EXPECT_EQ(nat.table.evicted(), 50'000u);
  EXPECT_EQ(nat.table.size(), tcp_ports);
  EXPECT_EQ(nat.ports.size(), tcp_ports) << "U-3: one each";
  for (uint32_t n = 0; n < 1000; ++n) EXPECT_TRUE(nat.find(nth_of_two_hosts(n)));
  EXPECT_TRUE(nat.masquerade(tcp_flow(3, 1024)));
}

// Of which the last one's end frees the port.
TEST(ConnectionEviction, TR11_CT9_SoDoMappingsOfSeveralFlows) {
  NatHarness nat(300'000);
  for (uint32_t n = 0; n < tcp_ports; ++n) nat.masquerade(nth_of_two_hosts(n));
  for (uint32_t n = 0; n < tcp_ports; ++n) {
    Tuple second = nth_of_two_hosts(n);
    second.destination_port = 80;
    nat.masquerade(second);
  }
  EXPECT_EQ(nat.table.size(), 2 * tcp_ports);
  int tries = 0;
  while (!nat.masquerade(tcp_flow(3, 1024)) && tries < 10'000) ++tries;
  EXPECT_LT(tries, 10'000);
}

}  // namespace
}  // namespace uswitch
