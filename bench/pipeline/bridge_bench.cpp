// Memory port to memory port: what the switch itself can do with 64-byte frames on one worker, with
// no kernel in it. One iteration is one batch.
#include <benchmark/benchmark.h>

#include <random>

#include "bench/pipeline/generator_port.h"
#include "engine/pipeline.h"
#include "wire/address.h"
#include "wire/bytes.h"

namespace uswitch::bench {
namespace {

MacAddress station(uint64_t n) {
  return MacAddress::from_u64(0x020000000000 + n);
}

Frame udp_frame(MacAddress source, MacAddress destination) {
  Frame f{};
  destination.store(f.data());
  source.store(f.data() + 6);
  store_be16(f.data() + 12, 0x0800);
  const uint8_t ip[] = {0x45, 0, 0, 46, 0, 1, 0, 0, 64, 17, 0x66, 0xbd, 10, 0, 0, 1, 10, 0, 0, 2};
  std::memcpy(f.data() + 14, ip, sizeof ip);
  const uint8_t udp[] = {0, 7, 0, 9, 0, 26, 0, 0};
  std::memcpy(f.data() + 34, udp, sizeof udp);
  return f;
}

// `stations` MAC addresses spread evenly over `ports` ports, all learned; each port sends from its
// own stations to random ones elsewhere.
class Setup {
 public:
  Setup(unsigned ports, unsigned stations) : pipeline_(pool_, *io_, 0) {
    Network network;
    network.name = "bench";
    network.fdb = std::make_shared<Fdb>(stations * 2);
    tables_.networks.push_back(network);
    std::mt19937_64 random(1);
    for (PortId id = 0; id < ports; ++id) add_port(id, ports, stations, random);
    collect_members(tables_);
    pipeline_.adopt(tables_);
  }

  void batch(PortId from) {
    Batch batch(pool_);
    ports_[from]->rx(0, batch, *io_);
    pipeline_.run(tables_, from, batch, now_);
  }

  uint64_t sent() const {
    uint64_t sum = 0;
    for (auto& p : ports_) sum += p->sent();
    return sum;
  }

 private:
  void add_port(PortId id, unsigned ports, unsigned stations, std::mt19937_64& random) {
    std::vector<Frame> frames;
    for (uint64_t own = id; own < stations; own += ports) {
      tables_.networks[0].fdb->learn(station(own), id, now_);
      uint64_t peer = random() % stations;
      if (peer % ports == id) peer = (peer + 1) % stations;
      frames.push_back(udp_frame(station(own), station(peer)));
    }
    ports_.push_back(std::make_shared<GeneratorPort>(std::move(frames)));
    PortSettings settings;
    settings.network = 0;
    settings.present = true;
    settings.capabilities = ports_.back()->capabilities();
    settings.max_addresses = stations;
    tables_.settings.push_back(settings);
    tables_.ports.push_back({"p", ports_.back(), std::make_shared<PortStats>(1)});
  }

  PacketPool pool_{Pipeline::pool_packets};
  std::unique_ptr<Io> io_ = make_io(IoKind::plain);
  Pipeline pipeline_;
  Tables tables_;
  std::vector<std::shared_ptr<GeneratorPort>> ports_;
  Time now_{std::chrono::hours(1)};
};

void Bridge(benchmark::State& state) {
  const auto ports = static_cast<unsigned>(state.range(0));
  Setup setup(ports, static_cast<unsigned>(state.range(1)));
  PortId from = 0;
  int64_t frames = 0;
  for (auto _ : state) {
    setup.batch(from);
    from = static_cast<PortId>((from + 1u) % ports);
    frames += Batch::limit;
  }
  state.SetItemsProcessed(frames);
  if (setup.sent() != static_cast<uint64_t>(frames)) state.SkipWithError("frames were lost");
}
BENCHMARK(Bridge)
    ->ArgNames({"ports", "stations"})
    ->Args({2, 2})
    ->Args({2, 1000})
    ->Args({1000, 100'000});

}  // namespace
}  // namespace uswitch::bench
