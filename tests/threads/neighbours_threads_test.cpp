// Several workers and the control thread on one neighbour cache. Meant for ThreadSanitizer as much
// as for the expectations.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "router/neighbours.h"

namespace uswitch {
namespace {

using namespace std::chrono_literals;
using What = Neighbours::Ask::What;
using Use = Neighbours::Use;
using Outcome = Neighbours::Outcome;

constexpr Time start{Duration(100h)};

IpAddress address(uint64_t n) {
  return IpAddress::from_v4(0x0a000000 + static_cast<uint32_t>(n));
}

// All bytes of it say whose it is and which of his, so that no mixture of two goes unseen.
MacAddress mac_of(uint64_t n, uint64_t which) {
  const uint64_t word = (n * 2 + which % 2) & 0xffff;
  return MacAddress::from_u64(uint64_t{2} << 40 | word << 16 | (word ^ 0xa5a5));
}
bool belongs(const MacAddress& mac, uint64_t n) {
  return mac == mac_of(n, 0) || mac == mac_of(n, 1);
}

void run_workers(unsigned count, const std::function<void(unsigned)>& work) {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < count; ++i) threads.emplace_back(work, i);
  for (std::thread& t : threads) t.join();
}

// Everything that is heard or asked, from three workers, against timers, collection, listing and
// flushing, in a table so small that lines change hands all the time.
TEST(NeighboursThreads, LookUpFindsOnlyMacsOfThatNeighbour) {
  constexpr uint64_t stations = 300;
  constexpr NetworkId networks = 3;
  Neighbours table(200);
  std::atomic<int64_t> ticks{0};
  std::atomic<unsigned> working{3};
  std::atomic<uint64_t> resolved{0}, wrong{0}, woken{0};
  table.on_resolved([&](uint64_t workers) { woken |= workers; });

  std::thread control([&] {
    std::mt19937_64 random(99);
    std::vector<Neighbours::Question> questions;
    while (working != 0) {
      const Time now = start + ++ticks * 100ms;
      questions.clear();
      woken |= table.sweep(now, questions);
      for (const auto& q : questions) {
        wrong += q.unicast && !belongs(q.mac, q.address.v4() - 0x0a000000);
      }
      table.collect(now, 1);
      const uint64_t dice = random() % 64;
      if (dice < networks) table.flush_network(static_cast<NetworkId>(dice));
      if (dice == 60) table.add_permanent(0, address(7), mac_of(7, 0));
      if (dice == 61) table.remove(0, address(7));
      table.for_each(now, [&](const Neighbours::Entry& e) {
        wrong += is_unresolved(e.state) ? !e.mac.is_zero()
                                        : !belongs(e.mac, e.address.v4() - 0x0a000000);
      });
    }
  });
  run_workers(3, [&](unsigned worker) {
    std::mt19937_64 random(worker);
    for (int i = 0; i < 60'000; ++i) {
      const Time now = start + ticks.load() * 100ms;
      const uint64_t n = random() % stations;
      const auto key = table.key(static_cast<NetworkId>(random() % networks), address(n));
      MacAddress mac = mac_of(n, random());
      switch (random() % 8) {
        case 0:
          table.heard_request(key, mac, now, random() % 2);
          break;
        case 1:
          table.heard_reply(key, mac, now, random() % 2);
          break;
        case 2:
          table.heard_advertisement(key, mac, random() % 2, random() % 2, random() % 2, now);
          break;
        case 3:
          table.confirm(key, now);
          break;
        case 4:
          if (table.outcome(key, now, worker, mac) == Outcome::resolved) wrong += !belongs(mac, n);
          break;
        default: {
          mac = {};
          const Use use = table.lookup(key, now, mac);
          resolved += use == Use::resolved;
          wrong += use == Use::resolved ? !belongs(mac, n) : !mac.is_zero();
          if (use != Use::unresolved) break;
          const auto answer = table.ask(key, now, worker);
          wrong += answer.what == What::resolved && !belongs(answer.mac, n);
        }
      }
    }
    --working;
  });
  control.join();

  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(resolved, 0u);
  EXPECT_GT(table.counts().evicted, 0u);
  EXPECT_GT(woken, 0u);
  std::set<std::pair<NetworkId, IpAddress>> listed;
  table.for_each(start, [&](const Neighbours::Entry& e) {
    EXPECT_TRUE(listed.emplace(e.network, e.address).second);
  });
  EXPECT_EQ(listed.size(), table.size());
}

// One line that two neighbours take turns in, as fast as they can.
TEST(NeighboursThreads, TR17_LineThatChangesHandsNeverShowsTheOthersMac) {
  Neighbours table(2);
  std::vector<Neighbours::Key> keys;
  for (uint64_t n = 0; keys.size() < 2; ++n) {
    const auto key = table.key(1, address(n));
    if (keys.empty() || key.home == keys[0].home) keys.push_back(key);
  }
  const auto number = [&](int i) { return keys[i].address.v4() - 0x0a000000; };
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> wrong{0}, resolved{0};
  std::thread changer([&] {
    for (int i = 0; i < 200'000 || resolved < 100; ++i) {
      const int k = i % 2;
      table.heard_request(keys[k], mac_of(number(k), static_cast<uint64_t>(i)), start, true);
      table.remove(1, keys[k].address);
    }
    stop = true;
  });
  run_workers(2, [&](unsigned worker) {
    while (!stop) {
      MacAddress mac;
      const int k = static_cast<int>(worker);
      if (table.lookup(keys[k], start, mac) != Use::resolved) continue;
      ++resolved;
      wrong += !belongs(mac, number(k));
    }
  });
  changer.join();
  EXPECT_EQ(wrong, 0u);
}

// Whoever was told to wait is woken, whatever becomes of the entry.
TEST(NeighboursThreads, ARP10_NobodyWaitsForAWakeUpThatDoesNotCome) {
  constexpr uint64_t rounds = 300;
  Neighbours table(64);
  std::array<std::atomic<bool>, 3> woken{};
  const auto wake = [&](uint64_t workers) {
    for (unsigned i = 0; i < 3; ++i) {
      if (workers >> i & 1) woken[i] = true;
    }
  };
  table.on_resolved(wake);
  std::atomic<unsigned> working{2};
  std::atomic<uint64_t> round{0};
  std::thread control([&] {
    std::vector<Neighbours::Question> questions;
    Time now = start;
    while (working != 0) {
      const auto key = table.key(1, address(round));
      if (round % 3 == 0) table.heard_reply(key, mac_of(round, 0), now, true);
      if (round % 3 == 1) table.remove(1, address(round));
      if (round % 3 == 2) wake(table.sweep(now += 1s, questions));
    }
  });
  std::atomic<uint64_t> arrived{0};
  run_workers(2, [&](unsigned worker) {
    for (uint64_t n = 0; n < rounds; ++n) {
      const auto key = table.key(1, address(n));
      woken[worker] = false;
      const What what = table.ask(key, start, worker).what;
      bool waits = what == What::solicit || what == What::wait;
      while (waits) {
        if (!woken[worker].exchange(false)) {
          std::this_thread::yield();
          continue;
        }
        MacAddress mac;
        waits = table.outcome(key, start, worker, mac) == Outcome::wait;
      }
      ++arrived;
      while (arrived < 2 * (n + 1)) std::this_thread::yield();
      if (worker == 0) round = n + 1;
      while (round < n + 1) std::this_thread::yield();
    }
    --working;
  });
  control.join();
  EXPECT_EQ(arrived, 2 * rounds);
}

}  // namespace
}  // namespace uswitch
