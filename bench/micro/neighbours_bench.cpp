// The neighbour cache's look-up, as the router does it: one at a time, and 64 at a time with the
// keys of the batch prefetched first. Random order. `each` is the time of one look-up with its
// hash; `bytes` is resident memory per entry.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <random>
#include <vector>

#include "router/neighbours.h"

namespace uswitch {
namespace {

constexpr size_t batch = 64;
constexpr Time now{std::chrono::hours(1)};

size_t resident_bytes() {
  size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

IpAddress address(uint32_t n) {
  return IpAddress::from_v4(0x0a000000 + n);
}

struct Filled {
  size_t memory_before = resident_bytes();
  Neighbours table;
  double bytes_per_entry;
  std::vector<IpAddress> order;

  explicit Filled(uint32_t entries) {
    for (uint32_t n = 0; n < entries; ++n) {
      const auto key = table.key(1, address(n));
      table.heard_request(key, MacAddress::from_u64(0x020000000000 + n), now, true);
      table.confirm(key, now);
    }
    bytes_per_entry = static_cast<double>(resident_bytes() - memory_before) / entries;
    for (uint32_t i = 0; i < std::max<uint32_t>(entries, batch); ++i) {
      order.push_back(address(i % entries));
    }
    std::shuffle(order.begin(), order.end(), std::mt19937_64(7));
  }
};

Filled& filled(const benchmark::State& state) {
  static std::map<int64_t, Filled> all;
  const auto entries = static_cast<uint32_t>(state.range(0));
  return all.try_emplace(entries, entries).first->second;
}

// Runs `work` on one batch of addresses after the other, round and round.
template <class Work>
void for_batches(benchmark::State& state, Work work) {
  using benchmark::Counter;
  Filled& f = filled(state);
  size_t next = 0;
  for (auto _ : state) {
    work(f.table, &f.order[next]);
    next += batch;
    if (next + batch > f.order.size()) next = 0;
  }
  state.counters["each"] = Counter(batch, Counter::kIsIterationInvariantRate | Counter::kInvert);
  state.counters["bytes"] = f.bytes_per_entry;
}

void look_up(Neighbours& table, const Neighbours::Key& key) {
  MacAddress mac;
  benchmark::DoNotOptimize(table.lookup(key, now, mac));
  benchmark::DoNotOptimize(mac);
}

void single(benchmark::State& state) {
  for_batches(state, [](Neighbours& table, const IpAddress* addresses) {
    for (size_t i = 0; i < batch; ++i) look_up(table, table.key(1, addresses[i]));
  });
}

void prefetched(benchmark::State& state) {
  for_batches(state, [](Neighbours& table, const IpAddress* addresses) {
    std::array<Neighbours::Key, batch> keys;
    for (size_t i = 0; i < batch; ++i) {
      keys[i] = table.key(1, addresses[i]);
      table.prefetch(keys[i]);
    }
    for (size_t i = 0; i < batch; ++i) look_up(table, keys[i]);
  });
}

void miss_prefetched(benchmark::State& state) {
  for_batches(state, [](Neighbours& table, const IpAddress* addresses) {
    std::array<Neighbours::Key, batch> keys;
    for (size_t i = 0; i < batch; ++i) {
      keys[i] = table.key(2, addresses[i]);
      table.prefetch(keys[i]);
    }
    for (size_t i = 0; i < batch; ++i) look_up(table, keys[i]);
  });
}

BENCHMARK(single)->Arg(1)->Arg(1000)->Arg(100'000);
BENCHMARK(prefetched)->Arg(1)->Arg(1000)->Arg(100'000);
BENCHMARK(miss_prefetched)->Arg(1)->Arg(1000)->Arg(100'000);

}  // namespace
}  // namespace uswitch
