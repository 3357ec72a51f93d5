// Several workers and the control thread on one MAC table. Meant for ThreadSanitizer as much as for
// the expectations.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "switch/fdb.h"

namespace uswitch {
namespace {

using namespace std::chrono_literals;
using Learn = Fdb::Learn;

constexpr Duration tick{int64_t{1} << Fdb::tick_shift};
constexpr Time start{Duration(100h)};

MacAddress mac(uint64_t n) {
  return MacAddress::from_u64(0x020000000000 + n);
}

void run_workers(size_t count, const std::function<void(size_t)>& work) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i) threads.emplace_back(work, i);
  for (std::thread& t : threads) t.join();
}

// What size() and learned_on() say must be what is there, each address once.
void expect_counts_add_up(const Fdb& fdb) {
  std::set<MacAddress> macs;
  std::map<PortId, size_t> learned_on;
  fdb.for_each(start, [&](const Fdb::Entry& e) {
    EXPECT_TRUE(macs.insert(e.mac).second) << e.mac.to_string();
    EXPECT_EQ(fdb.lookup(e.mac), e.port);
    if (!e.is_static) ++learned_on[e.port];
  });
  EXPECT_EQ(macs.size(), fdb.size());
  for (unsigned p = 0; p < max_ports; ++p) {
    const auto port = static_cast<PortId>(p);
    EXPECT_EQ(fdb.learned_on(port), learned_on.contains(port) ? learned_on[port] : 0) << p;
  }
}

// A station n of this test is only ever on two ports.
PortId port_of(uint64_t n, uint64_t which) {
  return static_cast<PortId>((n + which % 2) % 8);
}

// Learning, moving and looking up against sweeping, flushing and listing, in a table so small
// that slots change hands all the time.
TEST(FdbThreads, LookUpFindsOnlyPortsWhereTheStationWas) {
  constexpr uint64_t stations = 400;
  Fdb fdb(300);
  std::atomic<int64_t> ticks{0};
  std::atomic<size_t> working{3};
  std::atomic<uint64_t> found{0}, wrong{0};

  std::thread control([&] {
    std::mt19937_64 random(99);
    while (working != 0) {
      const Time now = start + ++ticks * tick;
      for (int slice = 0; slice < 100 && !fdb.sweep(now, 3 * tick, 2); ++slice) continue;
      if (random() % 4 == 0) fdb.flush_port(static_cast<PortId>(random() % 8));
      fdb.for_each(now, [&](const Fdb::Entry& e) {
        const uint64_t n = e.mac.to_u64() - mac(0).to_u64();
        wrong += e.port != port_of(n, 0) && e.port != port_of(n, 1);
      });
    }
  });
  run_workers(3, [&](size_t worker) {
    std::mt19937_64 random(worker);
    for (int i = 0; i < 60'000; ++i) {
      const Time now = start + ticks.load() * tick;
      const uint64_t n = random() % stations;
      if (random() % 2) fdb.learn(mac(n), port_of(n, random()), now, 60);
      const uint64_t m = random() % stations;
      const PortId port = fdb.lookup(mac(m));
      found += port != no_port;
      wrong += port != no_port && port != port_of(m, 0) && port != port_of(m, 1);
    }
    --working;
  });
  control.join();

  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(found, 0u);
  EXPECT_GT(fdb.aged() + fdb.flushed(), 0u);
  EXPECT_EQ(fdb.count(Learn::learned), fdb.size() + fdb.aged() + fdb.flushed());
  for (PortId p = 0; p < 8; ++p) EXPECT_LE(fdb.learned_on(p), 60u);
  expect_counts_add_up(fdb);
}

TEST(FdbThreads, TR17_StationThatMovesDuringForwardingIsAlwaysSomewhere) {
  Fdb fdb(100);
  fdb.learn(mac(1), 1, start);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> elsewhere{0}, moves{0};
  std::thread mover([&] {
    for (int i = 0; i < 100'000; ++i) {
      moves += fdb.learn(mac(1), i % 2 ? 1 : 2, start + i * tick) == Learn::moved;
    }
    stop = true;
  });
  run_workers(2, [&](size_t) {
    while (!stop) {
      const PortId port = fdb.lookup(mac(1));
      elsewhere += port != 1 && port != 2;
    }
  });
  mover.join();
  EXPECT_EQ(elsewhere, 0u);
  EXPECT_EQ(moves, 100'000u);
  EXPECT_EQ(fdb.lookup(mac(1)), 1);
  expect_counts_add_up(fdb);
}

// Both workers see each new station at the same moment, as near as two threads can get, in a group
// so full that looking for it takes a while.
TEST(FdbThreads, TR17_StationLearnedByTwoWorkersAtOnceHasOneEntry) {
  constexpr uint64_t rounds = 20'000;
  Fdb fdb(40);
  for (uint64_t n = 1; n <= 30; ++n) fdb.add_static(mac(n), 9);
  std::atomic<uint64_t> arrived{0}, learned{0};
  auto together = [&](uint64_t count) {
    ++arrived;
    for (int spins = 0; arrived < count; ++spins) {
      if (spins > 1000) std::this_thread::yield();
    }
  };
  run_workers(2, [&](size_t worker) {
    for (uint64_t n = 0; n < rounds; ++n) {
      together(4 * n + 2);
      learned += fdb.learn(mac(1000 + n), static_cast<PortId>(worker), start) == Learn::learned;
      together(4 * n + 4);
      if (worker == 0) fdb.flush_port(n % 2), fdb.flush_port((n + 1) % 2);
    }
  });
  EXPECT_EQ(learned, rounds);
  EXPECT_EQ(fdb.size(), 30u);
  expect_counts_add_up(fdb);
}

TEST(FdbThreads, BR11_BoundsHoldWhenAllWorkersFlood) {
  Fdb fdb(500);
  run_workers(3, [&](size_t worker) {
    for (uint64_t n = 0; n < 20'000; ++n) {
      fdb.learn(mac(worker << 32 | n), static_cast<PortId>(n % 2), start, n % 2 ? 100 : 5000);
    }
  });
  EXPECT_EQ(fdb.learned_on(1), 100u);
  EXPECT_EQ(fdb.size(), 500u);
  expect_counts_add_up(fdb);
}

TEST(FdbThreads, BR2_StaticEntryHoldsAgainstWorkersThatLearnOtherwise) {
  Fdb fdb(100);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> refused{0};
  uint64_t lost = 0;
  std::thread control([&] {
    for (int i = 0; i < 5000 || refused == 0; ++i) {
      fdb.add_static(mac(1), 7);
      for (int k = 0; k < 20; ++k) lost += fdb.lookup(mac(1)) != 7;
      fdb.remove_static(mac(1));
    }
    stop = true;
  });
  run_workers(2, [&](size_t worker) {
    for (int64_t i = 0; !stop; ++i) {
      refused +=
          fdb.learn(mac(1), static_cast<PortId>(worker), start + i * tick) == Learn::refused_static;
    }
  });
  control.join();
  EXPECT_EQ(lost, 0u);
  expect_counts_add_up(fdb);
}

}  // namespace
}  // namespace uswitch
