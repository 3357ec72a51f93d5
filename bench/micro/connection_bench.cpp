// The connection table beside what one would otherwise take: DPDK's rte_hash (with lock-free reader
// concurrency) and liburcu's cds_lfht (under QSBR), each with two entries a flow, one for the tuple
// of each direction, as NAT needs them. Same tuples, same order, same loop. "Bulk" is 64 tuples at
// a time: rte_hash by its bulk call, ours by prefetching; cds_lfht has nothing of the kind.
//
// Ours copies the other direction's tuple out, for that is what a packet is translated to, and it
// stands in the entry. What a peer finds is a number. So rte_hash is there twice: bare, and
// `translating`, when it also fetches the tuple from an array of flows, prefetched in bulk.
// Counters: time per tuple or flow (each); memory per flow of the filled table
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

#include "nat/connection_table.h"
#include "wire/ip_protocol.h"

namespace uswitch {
namespace {

constexpr size_t batch = 64;
constexpr Time start{std::chrono::hours(1)};
constexpr Timeouts timeouts{};

size_t resident_bytes() {
  size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

struct Flow {
  Tuple original, reply;
};

// Flow n of inner hosts behind one external address: both tuples differ from every other flow's.
Flow flow(uint32_t n, uint32_t inner_net) {
  const IpAddress inner = IpAddress::from_v4(inner_net + n / 64);
  const IpAddress remote = IpAddress::from_v4(0x5db80000 + n / 60000);
  const auto port = static_cast<uint16_t>(2000 + n % 60000);
  const Tuple original{inner, remote, static_cast<uint16_t>(1024 + n % 64), 443, ip_protocol::udp};
  return {original, {remote, IpAddress::from_v4(inner_net | 1), 443, port, ip_protocol::udp}};
}

class OurTable {
 public:
  static void start() {}
  static size_t memory() { return resident_bytes(); }
  explicit OurTable(size_t flows) : ports_(16), table_(static_cast<uint32_t>(flows), ports_) {}
  void add(const Flow& f) {
    const auto key = table_.key(f.original);
    NewConnection what;
    what.reply = f.reply;
    if (table_.insert(key, what, 60, uswitch::start, timeouts).outcome !=
        ConnectionTable::Insert::inserted) {
      throw std::runtime_error("insert");
    }
  }
  uint32_t find(const Tuple& tuple) const {
    const std::optional<Found> found = table_.lookup(table_.key(tuple), uswitch::start);
    benchmark::DoNotOptimize(found);
    return found ? found->ref.record : no_record;
  }
  void find_bulk(const Tuple* tuples, uint32_t* records) const {
    std::array<ConnectionTable::Key, batch> keys;
    for (size_t i = 0; i < batch; ++i) table_.prepare(keys[i], tuples[i]);
    for (auto& key : keys) table_.prefetch_connection(key);
    for (size_t i = 0; i < batch; ++i) {
      const std::optional<Found> found = table_.lookup(keys[i], uswitch::start);
      benchmark::DoNotOptimize(found);
      records[i] = found ? found->ref.record : no_record;
    }
  }
  ConnectionTable& table() { return table_; }

 private:
  PortMap ports_;
  ConnectionTable table_;
};

#ifdef BENCH_DPDK
void start_eal() {
  static const bool started = [] {
    const char* args[] = {"connection_bench",
                          "--no-huge",
                          "--no-pci",
                          "--no-telemetry",
                          "-m",
                          "2048",
                          "-l",
                          "0",
                          "--no-shconf",
                          "--log-level=error"};
    return rte_eal_init(static_cast<int>(std::size(args)), const_cast<char**>(args)) >= 0;
  }();
  if (!started) throw std::runtime_error("rte_eal_init");
}

// With chained buckets, so that it holds every entry without room to spare.
template <bool translating>
class RteHash {
 public:
  static void start() { start_eal(); }
  static size_t memory() {
    rte_malloc_socket_stats stats;
    if (rte_malloc_get_socket_stats(0, &stats) != 0) throw std::runtime_error("rte_malloc stats");
    return stats.heap_allocsz_bytes;
  }
  explicit RteHash(size_t flows) {
    static int number = 0;
    const std::string name = (translating ? "t" : "h") + std::to_string(number++);
    rte_hash_parameters parameters{};
    parameters.name = name.c_str();
    parameters.entries = static_cast<uint32_t>(2 * flows);
    parameters.key_len = sizeof(TupleWords);
    parameters.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF | RTE_HASH_EXTRA_FLAGS_EXT_TABLE;
    hash_ = rte_hash_create(&parameters);
    if (!hash_) throw std::runtime_error(rte_strerror(rte_errno));
    flows_.reserve(flows);
  }
  ~RteHash() { rte_hash_free(hash_); }
  RteHash(const RteHash&) = delete;
  RteHash& operator=(const RteHash&) = delete;

  // An entry is the flow's number and the direction in the lowest bit.
  void add(const Flow& f) {
    uintptr_t entry = flows_.size() * 2;
    flows_.push_back(f);
    for (const Tuple& tuple : {f.original, f.reply}) {
      const TupleWords key = pack(tuple);
      if (rte_hash_add_key_data(hash_, &key, reinterpret_cast<void*>(entry++)) != 0) {
        throw std::runtime_error("rte_hash_add_key_data");
      }
    }
  }
  uint32_t find(const Tuple& tuple) const {
    const TupleWords key = pack(tuple);
    void* data = nullptr;
    if (rte_hash_lookup_data(hash_, &key, &data) < 0) return no_record;
    translate(data);
    return number(data);
  }
  void find_bulk(const Tuple* tuples, uint32_t* records) const {
    std::array<TupleWords, batch> words;
    const void* keys[batch];
    void* data[batch];
    uint64_t hits = 0;
    for (size_t i = 0; i < batch; ++i) {
      words[i] = pack(tuples[i]);
      keys[i] = &words[i];
    }
    rte_hash_lookup_bulk_data(hash_, keys, batch, &hits, data);
    for (size_t i = 0; i < batch; ++i) {
      const bool hit = hits >> i & 1;
      records[i] = hit ? number(data[i]) : no_record;
      if (translating && hit) __builtin_prefetch(&flows_[number(data[i])]);
    }
    for (size_t i = 0; i < batch; ++i) {
      if (hits >> i & 1) translate(data[i]);
    }
  }

 private:
  static uint32_t number(const void* data) {
    return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(data) / 2);
  }
  void translate(const void* data) const {
    if constexpr (translating) {
      const Flow& f = flows_[number(data)];
      const Tuple other = reinterpret_cast<uintptr_t>(data) % 2 ? f.original : f.reply;
      benchmark::DoNotOptimize(other);
    }
  }
  rte_hash* hash_;
  std::vector<Flow> flows_;
};
using BareRteHash = RteHash<false>;
using TranslatingRteHash = RteHash<true>;
#endif

#ifdef BENCH_CDS
class LfhtTable {
 public:
  static void start() {
    static const bool registered = (rcu_register_thread(), true);
    (void)registered;
  }
  static size_t memory() { return resident_bytes(); }
  explicit LfhtTable(size_t flows) {
    size_t buckets = 1;
    while (buckets < 2 * flows) buckets *= 2;
    table_ = cds_lfht_new(buckets, buckets, buckets, 0, nullptr);
    nodes_.reserve(2 * flows);
  }
  ~LfhtTable() {
    for (Node& node : nodes_) cds_lfht_del(table_, &node.link);
    cds_lfht_destroy(table_, nullptr);
  }
  LfhtTable(const LfhtTable&) = delete;
  LfhtTable& operator=(const LfhtTable&) = delete;

  void add(const Flow& f) {
    for (const Tuple& tuple : {f.original, f.reply}) {
      Node& node = nodes_.emplace_back();  // within the reserve: never moved
      node.tuple = pack(tuple);
      node.number = static_cast<uint32_t>(nodes_.size() / 2);
      cds_lfht_node_init(&node.link);
      cds_lfht_add_unique(table_, hash(node.tuple), match, &node.tuple, &node.link);
    }
  }
  uint32_t find(const Tuple& tuple) const {
    const TupleWords words = pack(tuple);
    cds_lfht_iter iterator;
    cds_lfht_lookup(table_, hash(words), match, &words, &iterator);
    cds_lfht_node* link = cds_lfht_iter_get_node(&iterator);
    return link ? reinterpret_cast<Node*>(link)->number : no_record;
  }
  void find_bulk(const Tuple* tuples, uint32_t* records) const {
    for (size_t i = 0; i < batch; ++i) records[i] = find(tuples[i]);
  }

 private:
  struct Node {
    cds_lfht_node link;
    TupleWords tuple;
    uint32_t number;
  };
  static int match(cds_lfht_node* link, const void* words) {
    return reinterpret_cast<Node*>(link)->tuple == *static_cast<const TupleWords*>(words);
  }
  unsigned long hash(const TupleWords& w) const { return hash_(w[0], w[1], w[2], w[3], w[4]); }
  KeyedHash hash_;
  cds_lfht* table_;
  std::vector<Node> nodes_;
};
#endif

// The first `size` flows are in the table, as many others are not.
struct Flows {
  std::vector<Flow> present;
  std::vector<Tuple> hits, misses;  // in random order and either direction

  explicit Flows(size_t size) {
    std::mt19937_64 random(7);
    for (uint32_t n = 0; n < size; ++n) {
      present.push_back(flow(n, 0x0a000000));
      const Flow absent = flow(n, 0x0b000000);
      hits.push_back(random() % 2 ? present[n].original : present[n].reply);
      misses.push_back(random() % 2 ? absent.original : absent.reply);
    }
    std::shuffle(hits.begin(), hits.end(), random);
    std::shuffle(misses.begin(), misses.end(), random);
  }
};

const Flows& flows(size_t size) {
  static std::map<size_t, Flows> all;
  return all.try_emplace(size, size).first->second;
}

template <class Table>
struct Filled {
  size_t memory_before = (Table::start(), Table::memory());
  Table table;
  double bytes_per_flow;

  explicit Filled(const Flows& f) : table(f.present.size()) {
    for (const Flow& one : f.present) table.add(one);
    bytes_per_flow = static_cast<double>(Table::memory() - memory_before) /
                     static_cast<double>(f.present.size());
  }
};

template <class Table>
Filled<Table>& filled(size_t size) {
  static std::map<size_t, Filled<Table>> all;
  return all.try_emplace(size, flows(size)).first->second;
}

size_t size_of(const benchmark::State& state) {
  return static_cast<size_t>(state.range(0));
}

void report_each(benchmark::State& state, size_t an_iteration) {
  using benchmark::Counter;
  state.counters["each"] = Counter(static_cast<double>(an_iteration),
                                   Counter::kIsIterationInvariantRate | Counter::kInvert);
}

// Runs `work` on one batch of tuples after the other, round and round.
template <class Work>
void for_batches(benchmark::State& state, const std::vector<Tuple>& order, Work work) {
  size_t next = 0;
  for (auto _ : state) {
    work(&order[next]);
    next += batch;
    if (next + batch > order.size()) next = 0;
  }
  report_each(state, batch);
}

template <class Table>
void single(benchmark::State& state, const std::vector<Tuple>& order) {
  const Filled<Table>& f = filled<Table>(size_of(state));
  for_batches(state, order, [&](const Tuple* tuples) {
    for (size_t i = 0; i < batch; ++i) benchmark::DoNotOptimize(f.table.find(tuples[i]));
  });
  state.counters["bytes"] = f.bytes_per_flow;
}

template <class Table>
void bulk(benchmark::State& state, const std::vector<Tuple>& order) {
  const Filled<Table>& f = filled<Table>(size_of(state));
  for_batches(state, order, [&](const Tuple* tuples) {
    uint32_t records[batch];
    f.table.find_bulk(tuples, records);
    benchmark::DoNotOptimize(records);
    benchmark::ClobberMemory();
  });
  state.counters["bytes"] = f.bytes_per_flow;
}

template <class Table>
void hit_single(benchmark::State& state) {
  single<Table>(state, flows(size_of(state)).hits);
}
template <class Table>
void hit_bulk(benchmark::State& state) {
  bulk<Table>(state, flows(size_of(state)).hits);
}
template <class Table>
void miss_single(benchmark::State& state) {
  single<Table>(state, flows(size_of(state)).misses);
}
template <class Table>
void miss_bulk(benchmark::State& state) {
  bulk<Table>(state, flows(size_of(state)).misses);
}

// New flows, from the empty table to the full one; the table's making is not timed.
template <class Table>
void insert_new(benchmark::State& state) {
  Table::start();
  const std::vector<Flow>& all = flows(size_of(state)).present;
  for (auto _ : state) {
    state.PauseTiming();
    auto table = std::make_unique<Table>(all.size());
    state.ResumeTiming();
    for (const Flow& f : all) table->add(f);
    state.PauseTiming();
    table.reset();
    state.ResumeTiming();
  }
  report_each(state, all.size());
}

#define LOOK_UPS(Table)                                       \
  BENCHMARK(hit_single<Table>)->Arg(10'000)->Arg(1'000'000);  \
  BENCHMARK(hit_bulk<Table>)->Arg(10'000)->Arg(1'000'000);    \
  BENCHMARK(miss_single<Table>)->Arg(10'000)->Arg(1'000'000); \
  BENCHMARK(miss_bulk<Table>)->Arg(10'000)->Arg(1'000'000);   \
  BENCHMARK(insert_new<Table>)->Arg(1'000'000)->Iterations(2)

LOOK_UPS(OurTable);
#ifdef BENCH_DPDK
LOOK_UPS(BareRteHash);
LOOK_UPS(TranslatingRteHash);
#endif
#ifdef BENCH_CDS
LOOK_UPS(LfhtTable);
#endif

// A worker's whole work on a new masqueraded flow: miss, port, connection. `state.range(0)` flows
// of different inner ends, round and round: after the first round every flow takes the record and
// the port of one that has gone.
struct Nat {
  PortMap ports;
  ConnectionTable table;
  ExternalPool pool;

  explicit Nat(uint32_t size) : ports(size + 1024), table(size, ports) {
    std::vector<ExternalId> ids;
    for (uint32_t i = 0; i < 64; ++i)
      ids.push_back(ports.add_external(IpAddress::from_v4(0xc6336400 + i)));
    pool = ids;
  }
  static TransportAddress inner(const Tuple& t) { return {t.source, t.source_port, t.protocol}; }
  // All flows, a batch of packets at a time.
  void open(const std::vector<Flow>& flows, Time now) {
    std::array<ConnectionTable::Key, batch> keys;
    std::array<PortMap::Request, batch> requests;
    for (size_t first = 0; first < flows.size(); first += batch) {
      const size_t count = std::min(batch, flows.size() - first);
      for (size_t i = 0; i < count; ++i) {
        table.prepare(keys[i], flows[first + i].original);
        ports.prepare(requests[i], inner(flows[first + i].original), 0, pool);
        (void)ports.expect(requests[i]);
      }
      for (size_t i = 0; i < count; ++i) table.prefetch_connection(keys[i]);
      for (size_t i = 0; i < count; ++i) open(keys[i], requests[i], flows[first + i].original, now);
    }
  }
  void open(const ConnectionTable::Key& key, const PortMap::Request& request, const Tuple& original,
            Time now) {
    if (table.lookup(key, now)) throw std::runtime_error("not new");
    const auto lease = ports.acquire(request);
    if (!lease) throw std::runtime_error("no port");
    NewConnection what;
    what.reply = {original.destination, lease.external.address, original.destination_port,
                  lease.external.port, original.protocol};
    what.mapping = lease.mapping;
    if (table.insert(key, what, 60, now, timeouts).outcome != ConnectionTable::Insert::inserted) {
      throw std::runtime_error("insert");
    }
  }
};

void open_masqueraded(benchmark::State& state) {
  const auto size = static_cast<uint32_t>(state.range(0));
  const std::vector<Flow>& all = flows(size).present;
  for (auto _ : state) {
    state.PauseTiming();
    auto nat = std::make_unique<Nat>(size);
    state.ResumeTiming();
    nat->open(all, start);
    state.PauseTiming();
    nat.reset();
    state.ResumeTiming();
  }
  report_each(state, size);
}
BENCHMARK(open_masqueraded)->Arg(100'000)->Arg(1'000'000)->Iterations(2);

// The same in a full table that has seen much before: records, mappings and ports are reused, and
// nothing is fresh memory.
void open_masqueraded_again(benchmark::State& state) {
  const auto size = static_cast<uint32_t>(state.range(0));
  const std::vector<Flow>& all = flows(size).present;
  Nat nat(size);
  Time now = start;
  for (auto _ : state) {
    state.PauseTiming();
    while (!nat.table.sweep(now, 1'000'000)) continue;
    state.ResumeTiming();
    nat.open(all, now);
    now += std::chrono::hours(1);
  }
  report_each(state, size);
}
BENCHMARK(open_masqueraded_again)->Arg(100'000)->Arg(1'000'000)->Iterations(3);

// Every flow expired: the time of one slice of 64 records, which is the longest that the control
// thread is away, and in which it holds each lock for the removal of one connection only.
void sweep_expired(benchmark::State& state) {
  const auto size = static_cast<uint32_t>(state.range(0));
  OurTable filled(size);
  const std::vector<Flow>& all = flows(size).present;
  for (auto _ : state) {
    state.PauseTiming();
    for (const Flow& f : all) filled.add(f);
    state.ResumeTiming();
    while (!filled.table().sweep(start + std::chrono::hours(1), 64)) continue;
  }
  report_each(state, size);
}
BENCHMARK(sweep_expired)->Arg(1'000'000)->Iterations(2);

}  // namespace
}  // namespace uswitch
