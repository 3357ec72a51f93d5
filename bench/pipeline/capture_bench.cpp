// What captures cost the packets: 64-byte frames bridged and routed on one worker, with no kernel
// in it, while nobody captures, while somebody does whose filter matches nothing, and while all is
// captured. One iteration is one batch.
#include <benchmark/benchmark.h>

#include "bench/pipeline/routed_switch.h"
#include "wire/bytes.h"
#include "wire/ipv4.h"

namespace uswitch::bench {
namespace {

const MacAddress station = MacAddress::from_u64(0x020000000001);
const MacAddress server = MacAddress::from_u64(0x020000000009);

Frame udp_frame(const MacAddress& destination, uint16_t source_port) {
  Frame f{};
  destination.store(f.data());
  station.store(f.data() + 6);
  store_be16(f.data() + 12, 0x0800);
  const uint8_t ip[] = {0x45, 0, 0, 46, 0, 1, 0, 0, 64, 17, 0x65, 0xbd, 10, 0, 0, 2, 10, 1, 0, 9};
  std::memcpy(f.data() + 14, ip, sizeof ip);
  const uint8_t udp[] = {0, 7, 0, 9, 0, 26, 0, 0};
  std::memcpy(f.data() + 34, udp, sizeof udp);
  store_be16(f.data() + 34, source_port);
  MutableIpv4View::parse({f.data() + 14, 46})->fill_checksum();
  return f;
}

class Setup : public RoutedSwitch {
 public:
  explicit Setup(bool routed) : RoutedSwitch({"10.0.0.1/24"}, {"10.1.0.1/24"}) {
    tables_.routing.neighbours->add_permanent(outside, *IpAddress::parse("10.1.0.9"), server);
    tables_.networks[outside].fdb->add_static(server, 1);
    tables_.networks[inside].fdb->add_static(server, 1);
    std::vector<Frame> frames;
    const MacAddress to = routed ? router_mac(inside) : server;
    for (uint16_t n = 0; n < 1000; ++n) frames.push_back(udp_frame(to, n));
    start(std::move(frames));
  }

  void capture(const char* filter) {
    auto set = std::make_shared<CaptureSet>();
    capture_ = std::make_shared<Capture>(CaptureRequest{.filter = PacketFilter(filter)}, 1u);
    set->places[0] = capture_;
    tables_.captures = set;
  }
  // As the control thread does.
  uint64_t drain() {
    uint64_t records = 0;
    for (CaptureRing& ring = capture_->of_worker(0).ring; !ring.front().empty(); ++records)
      ring.pop();
    return records;
  }

 private:
  std::shared_ptr<Capture> capture_;
};

void run(benchmark::State& state, bool routed, const char* filter, bool all) {
  Setup setup(routed);
  if (filter) setup.capture(filter);
  int64_t frames = 0;
  uint64_t records = 0;
  for (auto _ : state) {
    setup.batch();
    frames += Batch::limit;
    if (all) records += setup.drain();
  }
  state.SetItemsProcessed(frames);
  if (setup.sent() != static_cast<uint64_t>(frames)) state.SkipWithError("frames were lost");
  if (all && records != 2 * setup.sent()) state.SkipWithError("captures were lost");
}

#define USWITCH_CAPTURE_BENCH(name, filter, all)              \
  BENCHMARK_CAPTURE(run, bridged / name, false, filter, all); \
  BENCHMARK_CAPTURE(run, routed / name, true, filter, all)

USWITCH_CAPTURE_BENCH(off, nullptr, false);
USWITCH_CAPTURE_BENCH(none_tcp, "tcp", false);
USWITCH_CAPTURE_BENCH(none_tcp_port, "tcp port 443", false);
USWITCH_CAPTURE_BENCH(none_host, "host 192.0.2.1", false);
USWITCH_CAPTURE_BENCH(none_udp_port, "udp port 5353", false);
USWITCH_CAPTURE_BENCH(none_interpreted, "udp[4:2] + 1 == 0", false);
USWITCH_CAPTURE_BENCH(all, "", true);

#undef USWITCH_CAPTURE_BENCH

}  // namespace
}  // namespace uswitch::bench
