// The Fib, bare and in the RouteTable, beside what one would otherwise take: DPDK's rte_lpm,
// rte_fib (DIR-24-8, 4-byte next hops, scalar and AVX-512), rte_lpm6 and rte_fib6 (trie). Same
// routes, same destinations (random ones within random routes), same loop; that all agree on every
// next hop is checked before anything is timed. "Bulk" is 64 destinations at a time. rte_fib has no
// single look-up; it is its bulk call with one. rte_lpm takes minutes to fill: it compares each new
// route with all of the same length. Counters: time per destination (each); time per route of
// filling the table (insert); memory per table, its rules included (bytes).
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef BENCH_DPDK
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_lpm.h>
#include <rte_lpm6.h>
#include <rte_malloc.h>
#endif

#include "bench/micro/internet_routes.h"
#include "router/fib.h"
#include "router/route_table.h"

namespace uswitch {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t batch = 64;
constexpr size_t destination_count = size_t{1} << 20;
constexpr uint32_t peer_no_route = 0xffffff;  // fits every table

// The destinations of one run, as packets have them (wire) and, IPv4, as DPDK takes them (host).
struct Destinations {
  explicit Destinations(const std::vector<Route>& routes) {
    for (const IpAddress& a : InternetRoutes::destinations(routes, destination_count)) {
      bytes.insert(bytes.end(), a.wire(), a.wire() + a.wire_size());
      if (a.is_v4()) host.push_back(a.v4());
    }
  }
  std::vector<uint8_t> bytes;
  std::vector<uint32_t> host;
  template <Family family>
  const uint8_t* wire(size_t at) const {
    return &bytes[at * (family == Family::v4 ? 4 : 16)];
  }
  uint8_t (*v6(size_t at))[16] { return reinterpret_cast<uint8_t(*)[16]>(&bytes[at * 16]); }
};

const std::vector<Route>& routes(Family family, size_t count) {
  static std::map<std::pair<Family, size_t>, std::vector<Route>> all;
  auto [at, fresh] = all.try_emplace({family, count});
  if (fresh)
    at->second = family == Family::v4 ? InternetRoutes::v4(count) : InternetRoutes::v6(count);
  return at->second;
}

Destinations& destinations(Family family, size_t count) {
  static std::map<std::pair<Family, size_t>, Destinations> all;
  return all.try_emplace({family, count}, routes(family, count)).first->second;
}

size_t resident_bytes() {
  size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

template <Family which>
class FibTable {
 public:
  static constexpr Family family = which;
  static constexpr uint32_t no_route = Fib::no_route;
  static size_t memory() { return resident_bytes(); }
  explicit FibTable(size_t) {}
  void insert(const Route& r) {
    if (fib_.insert(r.prefix, r.next_hop) != Fib::Insert::added) throw std::runtime_error("insert");
  }
  void remove(const IpPrefix& p) { fib_.remove(p); }
  uint32_t find(Destinations& d, size_t at) const { return trie().lookup(d.wire<which>(at)); }
  void find_bulk(Destinations& d, size_t at, uint32_t* hops) const {
    const uint8_t* wires[batch];
    for (size_t i = 0; i < batch; ++i) wires[i] = d.wire<which>(at + i);
    trie().lookup(wires, batch, hops);
  }

 private:
  const PrefixTrie& trie() const { return which == Family::v4 ? fib_.v4() : fib_.v6(); }
  Fib fib_;
};
using Fib4 = FibTable<Family::v4>;
using Fib6 = FibTable<Family::v6>;

// The Fib with what its numbers stand for, which is read here too: more than the others do.
template <Family which>
class Routes {
 public:
  static constexpr Family family = which;
  static constexpr uint32_t no_route = Fib::no_route;
  static size_t memory() { return resident_bytes(); }
  explicit Routes(size_t) {}
  void insert(const Route& r) {
    RouteTarget target{RouteKind::forward, RouteOrigin::configured, 1, {}};
    target.hops[0] = {static_cast<NetworkId>(r.next_hop), false, IpAddress::from_v4(r.next_hop)};
    if (table_.set(r.prefix, target) != RouteTable::Change::added) throw std::runtime_error("set");
  }
  void remove(const IpPrefix& p) { table_.remove(p); }
  uint32_t find(Destinations& d, size_t at) const {
    const uint8_t* wire = d.wire<which>(at);
    return number(
        table_.lookup(which == Family::v4 ? IpAddress::load4(wire) : IpAddress::load6(wire)));
  }
  void find_bulk(Destinations& d, size_t at, uint32_t* hops) const {
    const uint8_t* wires[batch];
    const RouteTarget* found[batch];
    for (size_t i = 0; i < batch; ++i) wires[i] = d.wire<which>(at + i);
    which == Family::v4 ? table_.lookup4(wires, batch, found) : table_.lookup6(wires, batch, found);
    for (size_t i = 0; i < batch; ++i) hops[i] = number(found[i]);
  }

 private:
  static uint32_t number(const RouteTarget* target) {
    return target ? target->hops[0].network : no_route;
  }
  RouteTable table_;
};
using Routes4 = Routes<Family::v4>;
using Routes6 = Routes<Family::v6>;

#ifdef BENCH_DPDK
void check(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string(what) + ": " + rte_strerror(rte_errno));
}
// Of calls that return what is wrong.
void check_result(int result, const char* what) {
  if (result != 0) throw std::runtime_error(std::string(what) + ": " + rte_strerror(-result));
}

void start_eal() {
  static const bool started = [] {
    const char* args[] = {"fib_bench",
                          "--no-huge",
                          "--no-pci",
                          "--no-telemetry",
                          "-m",
                          "3072",
                          "-l",
                          "0",
                          "--no-shconf",
                          "--log-level=error",
                          "--force-max-simd-bitwidth=512"};
    return rte_eal_init(static_cast<int>(std::size(args)), const_cast<char**>(args)) >= 0;
  }();
  check(started, "rte_eal_init");
}

// As many groups of 256 entries as the many routes below need, rounded up; rte_fib6 counts some
// more than once when it reserves them.
constexpr uint32_t few_tbl8s = 256;
uint32_t lpm_tbl8s(size_t count) {
  return count < 1000 ? few_tbl8s : 1u << 14;
}
uint32_t lpm6_tbl8s(size_t count) {
  return count < 1000 ? few_tbl8s : 1u << 18;
}
uint32_t fib6_tbl8s(size_t count) {
  return count < 1000 ? few_tbl8s : 450'000;
}

// What all of DPDK's tables have in common.
template <Family which>
class Peer {
 public:
  static constexpr Family family = which;
  static constexpr uint32_t no_route = peer_no_route;
  static size_t memory() {
    start_eal();
    rte_malloc_socket_stats stats;
    check(rte_malloc_get_socket_stats(0, &stats) == 0, "rte_malloc_get_socket_stats");
    return stats.heap_allocsz_bytes;
  }

 protected:
  // DPDK wants names that differ, across families too.
  Peer() : name_((which == Family::v4 ? "v4_" : "v6_") + std::to_string(number_++)) { start_eal(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  static const uint8_t* v6(const Route& r) { return r.prefix.address.bytes.data(); }

  std::string name_;

 private:
  static inline int number_ = 0;
};

class RteLpm : public Peer<Family::v4> {
 public:
  explicit RteLpm(size_t count) {
    rte_lpm_config config{static_cast<uint32_t>(count + 1024), lpm_tbl8s(count), 0};
    lpm_ = rte_lpm_create(name_.c_str(), 0, &config);
    check(lpm_, "rte_lpm_create");
  }
  ~RteLpm() { rte_lpm_free(lpm_); }
  void insert(const Route& r) {
    check_result(rte_lpm_add(lpm_, r.prefix.address.v4(), r.prefix.length, r.next_hop),
                 "rte_lpm_add");
  }
  void remove(const IpPrefix& p) { rte_lpm_delete(lpm_, p.address.v4(), p.length); }
  uint32_t find(Destinations& d, size_t at) const {
    uint32_t hop;
    return rte_lpm_lookup(lpm_, d.host[at], &hop) == 0 ? hop : no_route;
  }
  void find_bulk(Destinations& d, size_t at, uint32_t* hops) const {
    rte_lpm_lookup_bulk(lpm_, &d.host[at], hops, batch);
    for (size_t i = 0; i < batch; ++i) {
      hops[i] = hops[i] & RTE_LPM_LOOKUP_SUCCESS ? hops[i] & 0xffffff : no_route;
    }
  }

 private:
  rte_lpm* lpm_;
};

template <rte_fib_lookup_type kind>
class RteFib : public Peer<Family::v4> {
 public:
  explicit RteFib(size_t count) {
    rte_fib_conf config{};
    config.type = RTE_FIB_DIR24_8;
    config.default_nh = no_route;
    config.max_routes = static_cast<int>(count + 1024);
    config.dir24_8 = {RTE_FIB_DIR24_8_4B, lpm_tbl8s(count)};
    fib_ = rte_fib_create(name_.c_str(), 0, &config);
    check(fib_, "rte_fib_create");
    check(rte_fib_select_lookup(fib_, kind) == 0, "rte_fib_select_lookup");
  }
  ~RteFib() { rte_fib_free(fib_); }
  void insert(const Route& r) {
    check_result(rte_fib_add(fib_, r.prefix.address.v4(), r.prefix.length, r.next_hop),
                 "rte_fib_add");
  }
  void remove(const IpPrefix& p) { rte_fib_delete(fib_, p.address.v4(), p.length); }
  uint32_t find(Destinations& d, size_t at) const {
    uint64_t hop;
    rte_fib_lookup_bulk(fib_, &d.host[at], &hop, 1);
    return static_cast<uint32_t>(hop);
  }
  void find_bulk(Destinations& d, size_t at, uint32_t* hops) const {
    uint64_t wide[batch];
    rte_fib_lookup_bulk(fib_, &d.host[at], wide, batch);
    for (size_t i = 0; i < batch; ++i) hops[i] = static_cast<uint32_t>(wide[i]);
  }

 private:
  rte_fib* fib_;
};
using RteFibScalar = RteFib<RTE_FIB_LOOKUP_DIR24_8_SCALAR_MACRO>;
using RteFibAvx512 = RteFib<RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512>;

class RteLpm6 : public Peer<Family::v6> {
 public:
  explicit RteLpm6(size_t count) {
    rte_lpm6_config config{static_cast<uint32_t>(count + 1024), lpm6_tbl8s(count), 0};
    lpm_ = rte_lpm6_create(name_.c_str(), 0, &config);
    check(lpm_, "rte_lpm6_create");
  }
  ~RteLpm6() { rte_lpm6_free(lpm_); }
  void insert(const Route& r) {
    check_result(rte_lpm6_add(lpm_, v6(r), r.prefix.length, r.next_hop), "rte_lpm6_add");
  }
  void remove(const IpPrefix& p) { rte_lpm6_delete(lpm_, p.address.bytes.data(), p.length); }
  uint32_t find(Destinations& d, size_t at) const {
    uint32_t hop;
    return rte_lpm6_lookup(lpm_, d.wire<Family::v6>(at), &hop) == 0 ? hop : no_route;
  }
  void find_bulk(Destinations& d, size_t at, uint32_t* hops) const {
    int32_t found[batch];
    rte_lpm6_lookup_bulk_func(lpm_, d.v6(at), found, batch);
    for (size_t i = 0; i < batch; ++i) {
      hops[i] = found[i] < 0 ? no_route : static_cast<uint32_t>(found[i]);
    }
  }

 private:
  rte_lpm6* lpm_;
};

template <rte_fib6_lookup_type kind>
class RteFib6 : public Peer<Family::v6> {
 public:
  explicit RteFib6(size_t count) {
    rte_fib6_conf config{};
    config.type = RTE_FIB6_TRIE;
    config.default_nh = no_route;
    config.max_routes = static_cast<int>(count + 1024);
    config.trie = {RTE_FIB6_TRIE_4B, fib6_tbl8s(count)};
    fib_ = rte_fib6_create(name_.c_str(), 0, &config);
    check(fib_, "rte_fib6_create");
    check(rte_fib6_select_lookup(fib_, kind) == 0, "rte_fib6_select_lookup");
  }
  ~RteFib6() { rte_fib6_free(fib_); }
  void insert(const Route& r) {
    check_result(rte_fib6_add(fib_, v6(r), r.prefix.length, r.next_hop), "rte_fib6_add");
  }
  void remove(const IpPrefix& p) { rte_fib6_delete(fib_, p.address.bytes.data(), p.length); }
  uint32_t find(Destinations& d, size_t at) const {
    uint64_t hop;
    rte_fib6_lookup_bulk(fib_, d.v6(at), &hop, 1);
    return static_cast<uint32_t>(hop);
  }
  void find_bulk(Destinations& d, size_t at, uint32_t* hops) const {
    uint64_t wide[batch];
    rte_fib6_lookup_bulk(fib_, d.v6(at), wide, batch);
    for (size_t i = 0; i < batch; ++i) hops[i] = static_cast<uint32_t>(wide[i]);
  }

 private:
  rte_fib6* fib_;
};
using RteFib6Scalar = RteFib6<RTE_FIB6_LOOKUP_TRIE_SCALAR>;
using RteFib6Avx512 = RteFib6<RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512>;
#endif

template <class Table>
struct Filled {
  explicit Filled(size_t count) : from(routes(Table::family, count)) {
    const size_t before = Table::memory();
    table = std::make_unique<Table>(count);
    const auto start = Clock::now();
    for (const Route& r : from) table->insert(r);
    insert_seconds = std::chrono::duration<double>(Clock::now() - start).count();
    bytes = static_cast<double>(Table::memory() - before);
  }
  const std::vector<Route>& from;
  std::unique_ptr<Table> table;
  double insert_seconds;
  double bytes;
};

template <class Table>
Filled<Table>& filled(size_t count);

// Throws unless the table, single and bulk, finds what the Fib finds.
template <class Table>
void expect_agreement(const Filled<Table>& f, size_t count) {
  constexpr bool v4 = Table::family == Family::v4;
  using Ours = std::conditional_t<v4, Fib4, Fib6>;
  const Ours& ours = *filled<Ours>(count).table;
  Destinations& d = destinations(Table::family, count);
  for (size_t at = 0; at < 1 << 17; at += batch) {
    uint32_t hops[batch];
    f.table->find_bulk(d, at, hops);
    for (size_t i = 0; i < batch; ++i) {
      const uint32_t expected = ours.find(d, at + i);
      if (hops[i] != expected || f.table->find(d, at + i) != expected) {
        throw std::runtime_error("tables disagree");
      }
    }
  }
}

template <class Table>
Filled<Table>& filled(size_t count) {
  static std::map<size_t, Filled<Table>> all;
  auto [at, fresh] = all.try_emplace(count, count);
  if (fresh) expect_agreement(at->second, count);
  return at->second;
}

template <class Work>
void for_batches(benchmark::State& state, Work work) {
  size_t at = 0;
  for (auto _ : state) {
    work(at);
    at = (at + batch) % destination_count;
  }
}

template <class Table>
void report(benchmark::State& state, const Filled<Table>& f) {
  using benchmark::Counter;
  state.counters["each"] = Counter(batch, Counter::kIsIterationInvariantRate | Counter::kInvert);
  state.counters["insert"] = f.insert_seconds / static_cast<double>(f.from.size());
  state.counters["bytes"] = Counter(f.bytes, Counter::kDefaults, Counter::kIs1024);
}

template <class Table>
void look_up_single(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const Filled<Table>& f = filled<Table>(count);
  Destinations& d = destinations(Table::family, count);
  for_batches(state, [&](size_t at) {
    for (size_t i = 0; i < batch; ++i) benchmark::DoNotOptimize(f.table->find(d, at + i));
  });
  report(state, f);
}

template <class Table>
void look_up_bulk(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const Filled<Table>& f = filled<Table>(count);
  Destinations& d = destinations(Table::family, count);
  for_batches(state, [&](size_t at) {
    uint32_t hops[batch];
    f.table->find_bulk(d, at, hops);
    benchmark::DoNotOptimize(hops);
    benchmark::ClobberMemory();
  });
  report(state, f);
}

// A route of this length put into the full table and taken out again: the time of both, and of
// the slowest change seen.
template <class Table>
void change(benchmark::State& state) {
  const auto length = static_cast<uint8_t>(state.range(0));
  Table& table = *filled<Table>(static_cast<size_t>(state.range(1))).table;
  const IpAddress inside = Table::family == Family::v4 ? *IpAddress::parse("100.100.100.100")
                                                       : *IpAddress::parse("2a01:104:8086::1");
  const IpPrefix prefix{IpPrefix{inside, length}.network(), length};
  Clock::duration worst{};
  const auto timed = [&](auto work) {
    const auto start = Clock::now();
    work();
    worst = std::max(worst, Clock::now() - start);
  };
  for (auto _ : state) {
    timed([&] { table.insert({prefix, 999}); });
    timed([&] { table.remove(prefix); });
  }
  state.counters["worst"] = std::chrono::duration<double>(worst).count();
}

constexpr int64_t v4_routes = 1'000'000, v6_routes = 200'000, few = 10;

#define LOOK_UPS(Table, many)                            \
  BENCHMARK(look_up_single<Table>)->Arg(few)->Arg(many); \
  BENCHMARK(look_up_bulk<Table>)->Arg(few)->Arg(many)
#define CHANGES(Table, many, ...) \
  BENCHMARK(change<Table>)->ArgsProduct({{__VA_ARGS__}, {many}})->Unit(benchmark::kMicrosecond)

LOOK_UPS(Fib4, v4_routes);
LOOK_UPS(Routes4, v4_routes);
#ifdef BENCH_DPDK
LOOK_UPS(RteLpm, v4_routes);
LOOK_UPS(RteFibScalar, v4_routes);
LOOK_UPS(RteFibAvx512, v4_routes);
#endif
LOOK_UPS(Fib6, v6_routes);
LOOK_UPS(Routes6, v6_routes);
#ifdef BENCH_DPDK
LOOK_UPS(RteLpm6, v6_routes);
LOOK_UPS(RteFib6Scalar, v6_routes);
LOOK_UPS(RteFib6Avx512, v6_routes);
#endif
CHANGES(Fib4, v4_routes, 0, 1, 7, 17, 24, 27, 32);
CHANGES(Routes4, v4_routes, 0, 1, 7, 17, 24, 27, 32);
CHANGES(Fib6, v6_routes, 0, 3, 17, 31, 48, 64, 128);
CHANGES(Routes6, v6_routes, 0, 3, 17, 31, 48, 64, 128);
#ifdef BENCH_DPDK
CHANGES(RteFibScalar, v4_routes, 1, 7, 17, 24, 27, 32);
CHANGES(RteLpm6, v6_routes, 3, 17, 31, 48, 64, 128);
CHANGES(RteFib6Scalar, v6_routes, 3, 17, 31);
// Each of these leaves rte_fib6 (22.11) with a reserve the smaller: it refuses routes in the end.
CHANGES(RteFib6Scalar, v6_routes, 48, 64, 128)->Iterations(1000);
#endif

}  // namespace
}  // namespace uswitch
