// Several workers and the control thread on one table of connections and one map of ports. Meant
// for ThreadSanitizer as much as for the expectations.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "tests/unit/nat/nat_harness.h"

namespace uswitch {
namespace {

using namespace std::chrono_literals;
using Insert = ConnectionTable::Insert;
using Refresh = ConnectionTable::Refresh;

void run_workers(size_t count, const std::function<void(size_t)>& work) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i) threads.emplace_back(work, i);
  for (std::thread& t : threads) t.join();
}

// Both arrive here before either goes on.
class Meeting {
 public:
  void arrive() {
    const uint64_t turn = arrived_.fetch_add(1) / 2;
    for (int spins = 0; arrived_ < 2 * (turn + 1); ++spins) {
      if (spins > 1000) std::this_thread::yield();
    }
  }

 private:
  std::atomic<uint64_t> arrived_{0};
};

// Each flow once, in both directions, and every mapping and port used by someone.
void expect_consistent(NatHarness& nat) {
  std::set<TupleWords> tuples;
  std::set<MappingId> mappings;
  const auto all = nat.all();
  for (const ConnectionInfo& info : all) {
    EXPECT_TRUE(tuples.insert(pack(info.original)).second);
    EXPECT_TRUE(tuples.insert(pack(info.reply)).second);
    if (info.mapping != no_mapping) mappings.insert(info.mapping);
    const auto there = nat.find(info.original), back = nat.find(info.reply);
    ASSERT_TRUE(there && back);
    EXPECT_EQ(there->ref, info.ref);
    EXPECT_EQ(back->ref, info.ref);
  }
  EXPECT_EQ(all.size(), nat.table.size());
  EXPECT_EQ(mappings.size(), nat.ports.size());
  EXPECT_EQ(nat.ports.taken_ports(nat.pool[0], ip_protocol::udp), mappings.size());
}

TEST(ConnectionThreads, NG6_TR17_SameNewFlowFromTwoWorkersIsOneConnection) {
  constexpr uint32_t rounds = 3000;
  NatHarness nat(2 * rounds);
  Meeting meeting;
  std::vector<ConnectionTable::Inserted> results[2];
  run_workers(2, [&](size_t worker) {
    for (uint32_t n = 0; n < rounds; ++n) {
      meeting.arrive();
      results[worker].push_back(
          *nat.masquerade(udp_flow(n % 50, static_cast<uint16_t>(5000 + n / 50))));
    }
  });
  for (uint32_t n = 0; n < rounds; ++n) {
    const auto &a = results[0][n], &b = results[1][n];
    ASSERT_TRUE(a.found && b.found) << n;
    EXPECT_EQ(a.found->ref, b.found->ref);
    EXPECT_EQ(a.found->other(), b.found->other());
    EXPECT_EQ((a.outcome == Insert::inserted) + (b.outcome == Insert::inserted), 1);
  }
  EXPECT_EQ(nat.table.size(), rounds);
  expect_consistent(nat);
}

// To two servers at once: one external port for both (U-1).
TEST(ConnectionThreads, U1_TR17_NewFlowsOfOneInnerEndShareItsPort) {
  constexpr uint32_t rounds = 3000;
  NatHarness nat(2 * rounds);
  Meeting meeting;
  std::vector<uint16_t> seen[2];
  run_workers(2, [&](size_t worker) {
    for (uint32_t n = 0; n < rounds; ++n) {
      meeting.arrive();
      // Ports that are taken already, so that each worker draws one.
      const Tuple t = udp_flow(n, 5000, 1 + static_cast<uint32_t>(worker));
      seen[worker].push_back(nat.masquerade(t)->found->translated().source_port);
    }
  });
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(std::set(seen[0].begin(), seen[0].end()).size(), rounds);
  EXPECT_EQ(nat.ports.size(), rounds);
  expect_consistent(nat);
}

// Creating, following, expiring, evicting, removing and listing in a table so small that records
// change hands all the time: whatever a look-up finds is a connection as it was made.
TEST(ConnectionThreads, TR17_LookUpFindsOnlyWholeConnections) {
  constexpr uint32_t hosts = 100;
  NatHarness nat(60);
  std::atomic<int64_t> seconds{0};
  std::atomic<size_t> working{3};
  std::atomic<uint64_t> found{0}, wrong{0};
  // A flow of host n goes to remote n by port n: what does not fit is of two connections.
  auto flow = [](uint32_t n) { return udp_flow(n, static_cast<uint16_t>(2000 + n), n, 53); };
  auto check = [&](uint32_t n, const std::optional<Found>& f, const Tuple& own) {
    if (!f) return;
    ++found;
    const Tuple t = flow(n);
    const Tuple other = f->direction == Direction::original ? f->other() : own;
    wrong += other.source != t.destination || other.source_port != 53 ||
             other.destination != nat.external || f->tag != 0;
    if (f->direction == Direction::reply) wrong += f->other() != t;
  };
  std::thread control([&] {
    while (working != 0) {
      const Time now = start + std::chrono::seconds(seconds += 20);
      for (int slice = 0; slice < 20 && !nat.table.sweep(now, 8); ++slice) continue;
      uint32_t at = 0;
      do {
        at = nat.table.scan(at, 16, now, [&](const ConnectionInfo& info) {
          wrong += info.reply.source != info.original.destination;
          return ConnectionTable::Visit{info.original.source_port % 16 == 0};
        });
      } while (at != 0);
    }
  });
  run_workers(3, [&](size_t worker) {
    std::mt19937 random(static_cast<uint32_t>(worker));
    for (int i = 0; i < 20'000; ++i) {
      const Time now = start + std::chrono::seconds(seconds.load());
      const uint32_t n = random() % hosts;
      const Tuple t = flow(n);
      auto f = nat.find(t, now);
      check(n, f, t);
      if (!f) {
        const auto made = nat.masquerade(t, now);
        if (made) f = made->found;
        check(n, f, t);
      }
      if (!f) continue;
      const auto back = nat.find(f->other(), now);
      check(n, back, f->other());
      if (back) nat.table.touch(*back, 10, now, nat.timeouts, Refresh{random() % 2 == 0});
      if (random() % 16 == 0) nat.table.remove(f->ref);
    }
    --working;
  });
  control.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(found, 0u);
  EXPECT_GT(nat.table.evicted() + nat.table.expired(), 0u);
  EXPECT_LE(nat.table.size(), 60u);
  for (const ConnectionInfo& info : nat.all()) nat.table.remove(info.ref);
  EXPECT_EQ(nat.table.size(), 0u);
  EXPECT_EQ(nat.ports.size(), 0u);
  EXPECT_EQ(nat.ports.taken_ports(nat.pool[0], ip_protocol::udp), 0u);
}

// With fewer ports than flows: each worker's new flows take those of everybody's half-open ones.
TEST(ConnectionThreads, TR17_CT9_PortsThatAreGivenUpAreNeverLostOrSomebodyElses) {
  constexpr uint16_t first = 2000, last = 2019;
  NatHarness nat(100);
  for (uint32_t port = 0; port < 65'536; ++port) {
    if (port < first || port > last)
      nat.ports.reserve(nat.pool[0], ip_protocol::udp, static_cast<uint16_t>(port));
  }
  std::atomic<uint64_t> made{0}, wrong{0};
  run_workers(3, [&](size_t worker) {
    std::mt19937 random(static_cast<uint32_t>(worker));
    for (int i = 0; i < 10'000; ++i) {
      const auto got = nat.masquerade(udp_flow(random() % 200, 5000));
      if (!got || !got->found) continue;
      ++made;
      const uint16_t port = got->found->other().destination_port;
      wrong += port < first || port > last;
      if (random() % 8 == 0) nat.table.remove(got->found->ref);
    }
  });
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(made, 10'000u);
  EXPECT_GT(nat.table.evicted(), 0u);
  EXPECT_LE(nat.ports.size(), size_t{last - first + 1});
  expect_consistent(nat);
}

// One mapping whose last use ends while another worker takes it up again.
TEST(ConnectionThreads, TR17_MappingThatEndsAndBeginsIsNeverLostOrLeaked) {
  PortMap ports(8);
  const std::vector pool{ports.add_external(IpAddress::from_v4(1))};
  std::atomic<uint64_t> failed{0}, wrong{0};
  run_workers(3, [&](size_t worker) {
    std::mt19937 random(static_cast<uint32_t>(worker));
    for (int i = 0; i < 40'000; ++i) {
      const TransportAddress inner{inner_host(random() % 2), 5000, ip_protocol::udp};
      const auto lease = ports.acquire(inner, 0, pool);
      failed += !lease;
      if (!lease) continue;
      wrong += lease.inner != inner;
      const auto back = ports.acquire_external(lease.external);
      wrong += !back || back.mapping != lease.mapping || back.inner != inner;
      if (back) ports.release(back.mapping);
      ports.release(lease.mapping);
    }
  });
  EXPECT_EQ(failed, 0u);
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(ports.size(), 0u);
  EXPECT_EQ(ports.taken_ports(pool[0], ip_protocol::udp), 0u);
}

// Both directions of one TCP connection on two workers.
TEST(ConnectionThreads, SegmentsOfOneConnectionOnTwoWorkersAreAllCounted) {
  constexpr int segments = 20'000;
  NatHarness nat(10);
  const Tuple t = tcp_flow(1, 5000);
  NewConnection what;
  what.reply = t.reversed();
  TcpSegment ack;
  ack.flags = TcpView::Flag::ack;
  ack.window = 1000;
  ASSERT_EQ(follow(what.tcp, Direction::original, ack), TcpVerdict::valid);
  nat.table.insert(nat.table.key(t), what, 1, start, nat.timeouts);
  std::atomic<uint64_t> invalid{0};
  run_workers(2, [&](size_t worker) {
    for (int i = 0; i < segments; ++i) {
      const auto found = nat.find(worker == 0 ? t : t.reversed());
      invalid +=
          nat.table.follow(*found, ack, 1, start, nat.timeouts) != ConnectionTable::Follow::valid;
    }
  });
  EXPECT_EQ(invalid, 0u);
  const ConnectionInfo info = nat.all().at(0);
  EXPECT_EQ(info.traffic[0].packets, 1u + segments);
  EXPECT_EQ(info.traffic[1].packets, 0u + segments);
  EXPECT_TRUE(info.assured);
}

}  // namespace
}  // namespace uswitch
