// The MAC table beside what one would otherwise take: DPDK's rte_hash (with lock-free reader
// concurrency, which is what a switch with several workers needs) and liburcu's cds_lfht (under
// QSBR). Same keys, same order, same loop. "Bulk" is 64 addresses at a time, as a batch of packets
// brings them: rte_hash by its bulk call, Fdb by prefetching the batch's keys first; cds_lfht has
// nothing of the kind. Counters: time per address (each); memory per entry of the filled table
// (bytes).
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef BENCH_CDS
#include <urcu-qsbr.h>
// The flavour is chosen by the header above.
#include <urcu/rculfhash.h>
#endif
#ifdef BENCH_DPDK
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_malloc.h>
#endif

#include "switch/fdb.h"

namespace uswitch {
namespace {

constexpr size_t batch = 64;
constexpr PortId port_count = 1000;

PortId port_of(uint64_t mac) {
  return static_cast<PortId>(mac % port_count);
}

size_t resident_bytes() {
  size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

class FdbTable {
 public:
  static void start() {}
  static size_t memory() { return resident_bytes(); }
  explicit FdbTable(size_t entries) : fdb_(static_cast<uint32_t>(entries)) {}
  void add(uint64_t mac) { fdb_.learn(fdb_.key(mac), port_of(mac), Time{}); }
  PortId find(uint64_t mac) const { return fdb_.lookup(fdb_.key(mac)); }
  void find_bulk(const uint64_t* macs, PortId* ports) const {
    const auto keys = prefetched(macs);
    for (size_t i = 0; i < batch; ++i) ports[i] = fdb_.lookup(keys[i]);
  }
  void learn_bulk(const uint64_t* macs, Time now) {
    const auto keys = prefetched(macs);
    for (size_t i = 0; i < batch; ++i) {
      benchmark::DoNotOptimize(fdb_.learn(keys[i], port_of(macs[i]), now));
    }
  }

 private:
  std::array<Fdb::Key, batch> prefetched(const uint64_t* macs) const {
    std::array<Fdb::Key, batch> keys;
    for (size_t i = 0; i < batch; ++i) {
      keys[i] = fdb_.key(macs[i]);
      fdb_.prefetch(keys[i]);
    }
    return keys;
  }

  Fdb fdb_;
};

#ifdef BENCH_DPDK
void start_eal() {
  static const bool started = [] {
    const char* args[] = {"fdb_bench", "--no-huge", "--no-pci",    "--no-telemetry",   "-m", "1024",
                          "-l",        "0",         "--no-shconf", "--log-level=error"};
    return rte_eal_init(static_cast<int>(std::size(args)), const_cast<char**>(args)) >= 0;
  }();
  if (!started) throw std::runtime_error("rte_eal_init");
}

// Lock-free for readers in either shape. A cuckoo table promises to hold every entry only with some
// room to spare, which may double it, or with chained buckets (`extended`).
template <bool extended>
class RteHash {
 public:
  static void start() { start_eal(); }
  // What its heap has given out: that memory was touched by whoever had it before.
  static size_t memory() {
    rte_malloc_socket_stats stats;
    if (rte_malloc_get_socket_stats(0, &stats) != 0) throw std::runtime_error("rte_malloc stats");
    return stats.heap_allocsz_bytes;
  }
  explicit RteHash(size_t entries) {
    static int number = 0;
    const std::string name = (extended ? "e" : "t") + std::to_string(number++);
    rte_hash_parameters parameters{};
    parameters.name = name.c_str();
    parameters.entries = static_cast<uint32_t>(extended ? entries : entries + entries / 8);
    parameters.key_len = sizeof(uint64_t);
    parameters.extra_flag =
        RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF | (extended ? RTE_HASH_EXTRA_FLAGS_EXT_TABLE : 0);
    hash_ = rte_hash_create(&parameters);
    if (!hash_) throw std::runtime_error(rte_strerror(rte_errno));
  }
  ~RteHash() { rte_hash_free(hash_); }
  RteHash(const RteHash&) = delete;
  RteHash& operator=(const RteHash&) = delete;

  void add(uint64_t mac) {
    if (rte_hash_add_key_data(hash_, &mac, to_data(port_of(mac))) != 0) {
      throw std::runtime_error("rte_hash_add_key_data");
    }
  }
  PortId find(uint64_t mac) const {
    void* data;
    return rte_hash_lookup_data(hash_, &mac, &data) >= 0 ? to_port(data) : no_port;
  }
  void find_bulk(const uint64_t* macs, PortId* ports) const {
    const void* keys[batch];
    void* data[batch];
    uint64_t hits = 0;
    for (size_t i = 0; i < batch; ++i) keys[i] = &macs[i];
    rte_hash_lookup_bulk_data(hash_, keys, batch, &hits, data);
    for (size_t i = 0; i < batch; ++i) ports[i] = hits >> i & 1 ? to_port(data[i]) : no_port;
  }

 private:
  static void* to_data(PortId port) { return reinterpret_cast<void*>(uintptr_t{port}); }
  static PortId to_port(void* data) {
    return static_cast<PortId>(reinterpret_cast<uintptr_t>(data));
  }
  rte_hash* hash_;
};
using RteHashTable = RteHash<false>;
using RteHashExtTable = RteHash<true>;
#endif

#ifdef BENCH_CDS
class LfhtTable {
 public:
  static void start() {
    static const bool registered = (rcu_register_thread(), true);
    (void)registered;
  }
  static size_t memory() { return resident_bytes(); }
  explicit LfhtTable(size_t entries) {
    size_t buckets = 1;
    while (buckets < entries) buckets *= 2;
    table_ = cds_lfht_new(buckets, buckets, buckets, 0, nullptr);
    nodes_.reserve(entries);
  }
  ~LfhtTable() {
    for (Node& node : nodes_) cds_lfht_del(table_, &node.link);
    cds_lfht_destroy(table_, nullptr);
  }
  LfhtTable(const LfhtTable&) = delete;
  LfhtTable& operator=(const LfhtTable&) = delete;

  void add(uint64_t mac) {
    Node& node = nodes_.emplace_back();  // within the reserve: never moved
    node.mac = mac;
    node.port = port_of(mac);
    cds_lfht_node_init(&node.link);
    cds_lfht_add_unique(table_, hash(mac), match, &mac, &node.link);
  }
  PortId find(uint64_t mac) const {
    cds_lfht_iter iterator;
    cds_lfht_lookup(table_, hash(mac), match, &mac, &iterator);
    cds_lfht_node* link = cds_lfht_iter_get_node(&iterator);
    return link ? reinterpret_cast<Node*>(link)->port : no_port;
  }
  void find_bulk(const uint64_t* macs, PortId* ports) const {
    for (size_t i = 0; i < batch; ++i) ports[i] = find(macs[i]);
  }

 private:
  struct Node {
    cds_lfht_node link;
    uint64_t mac;
    PortId port;
  };
  static int match(cds_lfht_node* link, const void* mac) {
    return reinterpret_cast<Node*>(link)->mac == *static_cast<const uint64_t*>(mac);
  }
  static unsigned long hash(uint64_t mac) {
    auto product = static_cast<unsigned __int128>(mac ^ 0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93;
    return static_cast<unsigned long>(product >> 64) ^ static_cast<unsigned long>(product);
  }
  cds_lfht* table_;
  std::vector<Node> nodes_;
};
#endif

// Random unicast addresses: the first `entries` are in the table, as many more are not.
struct Addresses {
  std::vector<uint64_t> present, absent;

  explicit Addresses(size_t entries) {
    std::mt19937_64 random(entries);
    auto draw = [&] { return (random() & 0xfeffffffffff) | 0x020000000000; };
    for (size_t i = 0; i < entries; ++i) present.push_back(draw());
    for (size_t i = 0; i < entries; ++i) absent.push_back(draw());
  }
};

const Addresses& addresses(size_t entries) {
  static std::map<size_t, Addresses> all;
  return all.try_emplace(entries, entries).first->second;
}

template <class Table>
struct Filled {
  size_t memory_before = (Table::start(), Table::memory());
  Table table;
  double bytes_per_entry;
  std::vector<uint64_t> order;  // the present addresses, shuffled

  explicit Filled(const Addresses& a) : table(a.present.size()) {
    for (uint64_t mac : a.present) table.add(mac);
    bytes_per_entry = static_cast<double>(Table::memory() - memory_before) /
                      static_cast<double>(a.present.size());
    order = a.present;
    std::shuffle(order.begin(), order.end(), std::mt19937_64(7));
  }
};

template <class Table>
Filled<Table>& filled(size_t entries) {
  static std::map<size_t, Filled<Table>> all;
  return all.try_emplace(entries, addresses(entries)).first->second;
}

void report_each(benchmark::State& state, size_t addresses_an_iteration) {
  using benchmark::Counter;
  state.counters["each"] = Counter(static_cast<double>(addresses_an_iteration),
                                   Counter::kIsIterationInvariantRate | Counter::kInvert);
}

void report(benchmark::State& state, double bytes_per_entry) {
  report_each(state, batch);
  state.counters["bytes"] = bytes_per_entry;
}

// Runs `work` on one batch of addresses after the other, round and round.
template <class Work>
void for_batches(benchmark::State& state, const std::vector<uint64_t>& order, Work work) {
  size_t next = 0;
  for (auto _ : state) {
    work(&order[next]);
    next += batch;
    if (next + batch > order.size()) next = 0;
  }
}

template <class Table>
void single(benchmark::State& state, const std::vector<uint64_t>& order, const Filled<Table>& f) {
  for_batches(state, order, [&](const uint64_t* macs) {
    for (size_t i = 0; i < batch; ++i) benchmark::DoNotOptimize(f.table.find(macs[i]));
  });
  report(state, f.bytes_per_entry);
}

template <class Table>
void bulk(benchmark::State& state, const std::vector<uint64_t>& order, const Filled<Table>& f) {
  for_batches(state, order, [&](const uint64_t* macs) {
    PortId ports[batch];
    f.table.find_bulk(macs, ports);
    benchmark::DoNotOptimize(ports);
    benchmark::ClobberMemory();
  });
  report(state, f.bytes_per_entry);
}

size_t entries(const benchmark::State& state) {
  return static_cast<size_t>(state.range(0));
}

template <class Table>
void hit_single(benchmark::State& state) {
  const Filled<Table>& f = filled<Table>(entries(state));
  single(state, f.order, f);
}
template <class Table>
void hit_bulk(benchmark::State& state) {
  const Filled<Table>& f = filled<Table>(entries(state));
  bulk(state, f.order, f);
}
template <class Table>
void miss_single(benchmark::State& state) {
  single(state, addresses(entries(state)).absent, filled<Table>(entries(state)));
}
template <class Table>
void miss_bulk(benchmark::State& state) {
  bulk(state, addresses(entries(state)).absent, filled<Table>(entries(state)));
}

// Sources that are known: at most `seen` is written, and that only when the time has moved on.
void learn_bulk(benchmark::State& state, bool time_passes) {
  FdbTable& table = filled<FdbTable>(entries(state)).table;
  Time now{std::chrono::hours(1)};
  for_batches(state, filled<FdbTable>(entries(state)).order, [&](const uint64_t* macs) {
    if (time_passes) now += std::chrono::seconds(1);
    table.learn_bulk(macs, now);
  });
  report(state, filled<FdbTable>(entries(state)).bytes_per_entry);
}
void learn_known(benchmark::State& state) {
  learn_bulk(state, false);
}
void learn_refreshed(benchmark::State& state) {
  learn_bulk(state, true);
}

// New sources, from the empty table to the full one; the table's making is not timed.
template <class Table>
void learn_new(benchmark::State& state) {
  Table::start();
  const std::vector<uint64_t>& macs = addresses(entries(state)).present;
  for (auto _ : state) {
    state.PauseTiming();
    auto table = std::make_unique<Table>(macs.size());
    state.ResumeTiming();
    for (uint64_t mac : macs) table->add(mac);
    state.PauseTiming();
    table.reset();
    state.ResumeTiming();
  }
  report_each(state, macs.size());
}

#define LOOK_UPS(Table)                                                   \
  BENCHMARK(hit_single<Table>)->Arg(1000)->Arg(100'000)->Arg(1'000'000);  \
  BENCHMARK(hit_bulk<Table>)->Arg(1000)->Arg(100'000)->Arg(1'000'000);    \
  BENCHMARK(miss_single<Table>)->Arg(1000)->Arg(100'000)->Arg(1'000'000); \
  BENCHMARK(miss_bulk<Table>)->Arg(1000)->Arg(100'000)->Arg(1'000'000);   \
  BENCHMARK(learn_new<Table>)->Arg(100'000)

LOOK_UPS(FdbTable);
BENCHMARK(learn_known)->Arg(1000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(learn_refreshed)->Arg(1000)->Arg(100'000)->Arg(1'000'000);
#ifdef BENCH_DPDK
LOOK_UPS(RteHashTable);
LOOK_UPS(RteHashExtTable);
#endif
#ifdef BENCH_CDS
LOOK_UPS(LfhtTable);
#endif

}  // namespace
}  // namespace uswitch
