// What routing asks of tables for each packet, and how long a change keeps the control thread, with
// as many routes as the Internet has. fib_bench has the comparison with DPDK. Goals: a change far
// below 10 ms whatever its prefix, a flow's hash below 10 ns.
//
// Counters: time per destination (each); of changes the median (p50), p99 and the slowest (worst).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <random>
#include <stdexcept>
#include <vector>

#include "bench/micro/internet_routes.h"
#include "core/flow_hash.h"
#include "core/layout.h"
#include "core/pool.h"
#include "router/route_table.h"

namespace uswitch {
namespace {

using Clock = std::chrono::steady_clock;
using Sample = std::chrono::duration<double>;
using benchmark::Counter;
constexpr size_t batch = 64;
constexpr size_t destination_count = size_t{1} << 20;

RouteTarget numbered(uint32_t n, uint8_t hops = 1) {
  RouteTarget target{RouteKind::forward, RouteOrigin::configured, hops, {}};
  for (uint32_t i = 0; i < hops; ++i) {
    target.hops[i] = {static_cast<NetworkId>(i), false, IpAddress::from_v4(n * 16 + i)};
  }
  return target;
}

std::vector<Route> internet(Family family) {
  return family == Family::v4 ? InternetRoutes::v4(1'000'000) : InternetRoutes::v6(200'000);
}

// The table over so many distinct targets.
struct Internet {
  Internet(Family family, uint32_t targets) {
    const std::vector<Route> routes = internet(family);
    for (size_t i = 0; i < routes.size(); ++i) {
      const auto n = static_cast<uint32_t>(i % targets);
      if (table.set(routes[i].prefix, numbered(n)) != RouteTable::Change::added)
        throw std::runtime_error("set");
    }
    destinations = InternetRoutes::destinations(routes, destination_count);
  }
  RouteTable table;
  std::vector<IpAddress> destinations;
};

Internet& filled(Family family, uint32_t targets) {
  static std::map<std::pair<Family, uint32_t>, Internet> all;
  const auto key = std::pair(family, targets);
  return all.try_emplace(key, family, targets).first->second;
}

// Random destinations in random routes, and of each what the router looks at first.
template <Family family>
void look_up(benchmark::State& state) {
  const Internet& internet = filled(family, static_cast<uint32_t>(state.range(0)));
  size_t at = 0;
  for (auto _ : state) {
    std::array<const uint8_t*, batch> wires;
    std::array<const RouteTarget*, batch> found;
    for (size_t i = 0; i < batch; ++i) wires[i] = internet.destinations[at + i].wire();
    family == Family::v4 ? internet.table.lookup4(wires.data(), batch, found.data())
                         : internet.table.lookup6(wires.data(), batch, found.data());
    for (const RouteTarget* target : found) {
      benchmark::DoNotOptimize(target ? target->hops[0].network : no_network);
    }
    at = (at + batch) % destination_count;
  }
  state.counters["each"] = Counter(batch, Counter::kIsIterationInvariantRate | Counter::kInvert);
}

template <class Work>
Sample timed(Work work) {
  const auto start = Clock::now();
  work();
  return Clock::now() - start;
}

void report(benchmark::State& state, std::vector<Sample>& samples) {
  std::sort(samples.begin(), samples.end());
  state.counters["p50"] = samples[samples.size() / 2].count();
  state.counters["p99"] = samples[samples.size() * 99 / 100].count();
  state.counters["worst"] = samples.back().count();
}

// Somewhere in the Internet, of this length.
IpPrefix some_prefix(const Internet& internet, uint8_t length, std::mt19937& random) {
  const IpPrefix p{internet.destinations[random() % destination_count], length};
  return {p.network(), length};
}

// Routes that are not there yet are set and removed again.
template <Family family>
void change(benchmark::State& state) {
  Internet& internet = filled(family, InternetRoutes::next_hops);
  RouteTable& table = internet.table;
  const auto length = static_cast<uint8_t>(state.range(0));
  std::mt19937 random(length);
  std::vector<Sample> samples;
  for (auto _ : state) {
    const IpPrefix p = some_prefix(internet, length, random);
    const std::optional<RouteTarget> before = table.get(p);
    const RouteTarget target = numbered(random() % 1000);
    samples.push_back(timed([&] { table.set(p, target); }));
    samples.push_back(timed([&] { table.remove(p); }));
    if (before) table.set(p, *before);
  }
  report(state, samples);
}

// Another target, new each time, for routes that are there.
void replace(benchmark::State& state) {
  Internet& internet = filled(Family::v4, InternetRoutes::next_hops);
  const std::vector<Route> routes = InternetRoutes::v4(1'000'000);
  std::mt19937 random(1);
  std::vector<Sample> samples;
  uint32_t n = 1'000'000;
  for (auto _ : state) {
    const Route& r = routes[random() % routes.size()];
    const RouteTarget target = numbered(++n);
    samples.push_back(timed([&] { internet.table.set(r.prefix, target); }));
    internet.table.set(r.prefix, numbered(r.next_hop));
  }
  report(state, samples);
}

// Of flows that come one after the other, over targets that are in the cache.
void choose_hop(benchmark::State& state) {
  std::vector<RouteTarget> targets;
  for (uint32_t i = 0; i < batch; ++i) {
    targets.push_back(numbered(i, static_cast<uint8_t>(state.range(0))));
  }
  uint32_t flow = 0;
  for (auto _ : state) {
    for (const RouteTarget& target : targets) {
      benchmark::DoNotOptimize(target.hop(flow += 2654435761).network);
    }
  }
  state.counters["each"] = Counter(batch, Counter::kIsIterationInvariantRate | Counter::kInvert);
}

using Frame = std::vector<uint8_t>;
const Frame udp4 = {2, 0, 0,  0,  0, 2, 2,  0, 0, 0, 0,  1, 8, 0, 0x45, 0, 0, 46, 0, 0,
                    0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0,    1, 0, 2,  0, 26,
                    0, 0, 0,  0,  0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0,    0, 0, 0,  0, 0};
const Frame udp6 = {2,  0,    0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0,    0, 8, 17,
                    64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,    0,    0, 1, 0xfd, 0, 0, 0,
                    0,  0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0,    1,    0,    2, 0, 8,    0, 0};
const Frame fragment4 = {2, 0,  0,  0, 0, 2,  2, 0, 0, 0,  0, 1, 8, 0, 0x45, 0, 0, 28, 0, 0, 0,
                         9, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1,    0, 2, 0,  8, 0, 0};
const Frame error4 = {2,  0, 0, 0, 0,  2,   2,    0, 0,  0,   0, 1, 8,  0, 0x45, 0, 0, 56,
                      0,  0, 0, 0, 64, 1,   0,    0, 10, 0,   0, 9, 10, 0, 0,    1, 3, 4,
                      0,  0, 0, 0, 5,  220, 0x45, 0, 5,  220, 0, 0, 0,  0, 64,   6, 0, 0,
                      10, 0, 0, 1, 10, 0,   0,    2, 0,  1,   0, 2, 0,  0, 0,    0};

// A batch of packets in different buffers, as in the pipeline.
void hash_flow(benchmark::State& state, const Frame& frame) {
  PacketPool pool(batch);
  std::array<Packet*, batch> packets;
  for (Packet*& p : packets) {
    p = pool.take();
    std::copy(frame.begin(), frame.end(), p->data);
    p->length = static_cast<uint32_t>(frame.size());
    if (parse_layout(*p) != Reason::none || p->layout.fault != Reason::none ||
        p->layout.l3_end == 0)
      throw std::runtime_error("frame");
  }
  for (auto _ : state) {
    for (const Packet* p : packets) benchmark::DoNotOptimize(flow_hash(*p, 4711));
    benchmark::ClobberMemory();
  }
  state.counters["each"] = Counter(batch, Counter::kIsIterationInvariantRate | Counter::kInvert);
}

constexpr int64_t few_targets = InternetRoutes::next_hops, many_targets = RouteTable::max_targets;
BENCHMARK(look_up<Family::v4>)->Arg(few_targets)->Arg(many_targets);
BENCHMARK(look_up<Family::v6>)->Arg(few_targets)->Arg(many_targets);
BENCHMARK(change<Family::v4>)->DenseRange(0, 32, 4)->Iterations(4000);
BENCHMARK(change<Family::v6>)->Arg(0)->Arg(3)->DenseRange(16, 64, 8)->Arg(128)->Iterations(4000);
BENCHMARK(replace)->Iterations(10'000);
BENCHMARK(choose_hop)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Arg(16);
BENCHMARK_CAPTURE(hash_flow, udp4, udp4);
BENCHMARK_CAPTURE(hash_flow, udp6, udp6);
BENCHMARK_CAPTURE(hash_flow, fragment4, fragment4);
BENCHMARK_CAPTURE(hash_flow, icmp_error4, error4);

}  // namespace
}  // namespace uswitch
