// NAT between memory ports: 64-byte UDP frames from an inner network to the outside under one
// address or some, on one worker, with no kernel in it. One iteration is one batch.
#include <benchmark/benchmark.h>

#include "bench/pipeline/routed_switch.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

namespace uswitch::bench {
namespace {

constexpr uint32_t max_connections = 1 << 21;

const MacAddress server_mac = MacAddress::from_u64(0x020000000009);
const IpAddress server = IpAddress::from_v4(0xc6336409);  // 198.51.100.9

// Flow n: an inner host (of 10.0.0.0/12) and a port of its own.
Frame udp_frame(uint32_t n) {
  Frame f{};
  router_mac(inside).store(f.data());
  MacAddress::from_u64(0x020000000001).store(f.data() + 6);
  store_be16(f.data() + 12, ether_type::ipv4);
  const uint8_t header[] = {0x45, 0, 0, 46, 0, 1, 0, 0, 64, 17};
  std::memcpy(f.data() + 14, header, sizeof header);
  const auto ip = MutableIpv4View::parse({f.data() + 14, 46});
  ip->set_source(IpAddress::from_v4(0x0a000002 + n % 4096));
  ip->set_destination(server);
  ip->fill_checksum();
  const uint8_t udp[] = {static_cast<uint8_t>(16 + n / 4096 % 200),
                         static_cast<uint8_t>(n / 819200),
                         0,
                         53,
                         0,
                         26,
                         0,
                         0};
  std::memcpy(f.data() + 34, udp, sizeof udp);
  return f;
}

class Setup : public RoutedSwitch {
 public:
  explicit Setup(uint32_t flows) : RoutedSwitch({"10.0.0.1/12"}, {"198.51.100.1/24"}) {
    tables_.routing.neighbours->add_permanent(outside, server, server_mac);
    tables_.networks[outside].fdb->add_static(server_mac, 1);
    add_nat();
    std::vector<Frame> frames;
    for (uint32_t n = 0; n < flows; ++n) frames.push_back(udp_frame(n));
    start(std::move(frames));
  }

  // All flows are over, and their memory is there for others.
  void forget() {
    now_ += std::chrono::hours(1);
    while (!tables_.nat.connections->sweep(now_, max_connections)) continue;
  }

 private:
  // Enough addresses for a million flows of one protocol.
  void add_nat() {
    Translation& nat = tables_.nat;
    nat.ports = std::make_shared<PortMap>(max_connections);
    nat.connections = std::make_shared<ConnectionTable>(max_connections, *nat.ports);
    nat.networks.resize(2);
    nat.networks[outside].outside = nat.networks[outside].tracked = true;
    Masquerade m{*IpPrefix::parse("10.0.0.0/12"), outside, {}};
    for (uint32_t i = 0; i < 48; ++i)
      m.pool.push_back(nat.ports->add_external(IpAddress::from_v4(0xc6336440 + i)));
    nat.policy.add_masquerade(std::move(m));
    nat.ports->prepare();
    nat.connections->sweep(now_, max_connections);
  }
};

// Of flows that are there.
void masquerade(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  Setup setup(flows);
  for (uint32_t n = 0; n < flows; n += Batch::limit) setup.batch();
  const uint64_t before = setup.sent();
  int64_t frames = 0;
  for (auto _ : state) {
    setup.batch();
    frames += Batch::limit;
  }
  state.SetItemsProcessed(frames);
  if (setup.sent() - before != static_cast<uint64_t>(frames))
    state.SkipWithError("frames were lost");
}
BENCHMARK(masquerade)->ArgName("flows")->Arg(1000)->Arg(1'000'000);

// Each frame begins one, in memory that earlier ones had. Up to so many are live at a time.
void new_flows(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  Setup setup(flows);
  for (uint32_t n = 0; n < flows; n += Batch::limit) setup.batch();
  const uint64_t before = setup.sent();
  int64_t frames = 0;
  for (auto _ : state) {
    if (frames % flows == 0) {
      state.PauseTiming();
      setup.forget();
      state.ResumeTiming();
    }
    setup.batch();
    frames += Batch::limit;
  }
  state.SetItemsProcessed(frames);
  if (setup.sent() - before != static_cast<uint64_t>(frames))
    state.SkipWithError("frames were lost");
}
BENCHMARK(new_flows)->ArgName("live")->Arg(1600)->Arg(96'000)->Arg(1'600'000)->Iterations(75'000);

}  // namespace
}  // namespace uswitch::bench
