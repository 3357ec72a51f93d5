// What a scan costs those who do not scan: 64-byte frames are routed to 100,000 stations, and with
// `scan` one frame in 128 goes to the next of 65,536 addresses where nobody answers (TR-14): all of
// them within about a second. Items are the frames to stations. Time passes as it would for 8 M
// frames a second; the control thread's work on the timers is done outside the measured time.
#include <benchmark/benchmark.h>

#include <random>

#include "bench/pipeline/routed_switch.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"

namespace uswitch::bench {
namespace {

constexpr uint32_t stations = 100'000, silent = 65'536;
constexpr uint32_t first_station = 0x0a020002, first_silent = 0x0a010000;  // of 10.0.0.0/14
constexpr uint32_t frames_a_question = 128;
constexpr uint32_t frames_made = silent * frames_a_question;
constexpr Duration time_a_batch = std::chrono::microseconds(8);
constexpr int batches_a_tick = 12'500;  // 100 ms

MacAddress station_mac(uint32_t n) {
  return MacAddress::from_u64(0x020000010000 + n);
}

Frame frame_to(uint32_t address) {
  Frame f{};
  router_mac(inside).store(f.data());
  MacAddress::from_u64(0x020000000001).store(f.data() + 6);
  store_be16(f.data() + 12, ether_type::ipv4);
  const uint8_t header[] = {0x45, 0, 0, 46, 0, 1, 0, 0, 64, 253, 0, 0, 192, 168, 0, 2};
  std::memcpy(f.data() + 14, header, sizeof header);
  const auto ip = MutableIpv4View::parse({f.data() + 14, 46});
  ip->set_destination(IpAddress::from_v4(address));
  ip->fill_checksum();
  return f;
}

class Setup : public RoutedSwitch {
 public:
  explicit Setup(bool scan) : RoutedSwitch({"192.168.0.1/24"}, {"10.0.0.1/14"}) {
    for (uint32_t n = 0; n < stations; ++n) {
      neighbours().add_permanent(outside, IpAddress::from_v4(first_station + n), station_mac(n));
      tables_.networks[outside].fdb->add_static(station_mac(n), 1);
    }
    start(frames(scan));
  }

  void pass_time() { now_ += time_a_batch; }
  // What other threads do meanwhile: the timers, and telling what was given up.
  void tick() {
    std::vector<Neighbours::Question> questions;
    if (neighbours().sweep(now_, questions) != 0) pipeline_.settle(tables_, now_);
  }

 private:
  Neighbours& neighbours() { return *tables_.routing.neighbours; }

  static std::vector<Frame> frames(bool scan) {
    std::mt19937 random(1);
    std::vector<Frame> all;
    all.reserve(frames_made);
    for (uint32_t n = 0; n < frames_made; ++n) {
      const bool asks = scan && n % frames_a_question == 0;
      all.push_back(frame_to(asks ? first_silent + n / frames_a_question
                                  : first_station + static_cast<uint32_t>(random()) % stations));
    }
    return all;
  }
};

void route(benchmark::State& state) {
  const bool scan = state.range(0) != 0;
  Setup setup(scan);
  int64_t batches = 0;
  for (auto _ : state) {
    setup.batch();
    setup.pass_time();
    if (++batches % batches_a_tick == 0) {
      state.PauseTiming();
      setup.tick();
      state.ResumeTiming();
    }
  }
  const int64_t frames = batches * static_cast<int64_t>(Batch::limit);
  const int64_t to_stations = scan ? frames - frames / frames_a_question : frames;
  state.SetItemsProcessed(to_stations);
  if (setup.sent() < static_cast<uint64_t>(to_stations)) state.SkipWithError("frames were lost");
}
BENCHMARK(route)->ArgName("scan")->Arg(0)->Arg(1);

}  // namespace
}  // namespace uswitch::bench
