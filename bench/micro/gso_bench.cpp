// Bytes a second of checksums and of segmentation in software, data in cache. Goals on one core:
// sum above 10 GB/s, copy and sum above 8 GB/s (1500 B), segmentation above 5 GB/s (64 KiB).
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "core/gso.h"
#include "core/layout.h"
#include "core/pool.h"
#include "wire/checksum.h"

namespace uswitch {
namespace {

void sum(benchmark::State& state) {
  auto size = static_cast<size_t>(state.range(0));
  std::vector<uint8_t> bytes(size, 0x5a);
  for (auto _ : state) benchmark::DoNotOptimize(checksum::sum(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(sum)->Arg(20)->Arg(64)->Arg(1500)->Arg(65536);

void copy_and_sum(benchmark::State& state) {
  auto size = static_cast<size_t>(state.range(0));
  std::vector<uint8_t> from(size, 0x5a), to(size);
  for (auto _ : state) {
    benchmark::DoNotOptimize(checksum::copy_and_sum(to.data(), from.data(), size));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(copy_and_sum)->Arg(64)->Arg(1448)->Arg(65536);

// A TCP super-segment of 45 segments; the segments go back to the pool in batches of 64, as in a
// turn of a worker.
void segment(benchmark::State& state) {
  constexpr uint32_t headers = 14 + 20 + 20, payload = 45 * 1448;
  const uint8_t start[headers] = {2,
                                  0,
                                  0,
                                  0,
                                  0,
                                  2,
                                  2,
                                  0,
                                  0,
                                  0,
                                  0,
                                  1,
                                  8,
                                  0,
                                  0x45,
                                  0,
                                  (headers - 14 + payload) >> 8,
                                  (headers - 14 + payload) & 0xff,
                                  0,
                                  0,
                                  0,
                                  0,
                                  64,
                                  6,
                                  0,
                                  0,
                                  10,
                                  0,
                                  0,
                                  1,
                                  10,
                                  0,
                                  0,
                                  2,
                                  0,
                                  1,
                                  0,
                                  2,
                                  0,
                                  0,
                                  0,
                                  1,
                                  0,
                                  0,
                                  0,
                                  1,
                                  0x50,
                                  0x18};
  PacketPool pool(65);
  Packet& super = *pool.take();
  std::memcpy(super.data, start, headers);
  std::memset(super.data + headers, 0x5a, payload);
  super.length = headers + payload;
  super.offload = {Offload::Gso::tcp4, false, true, 1448, 34, 16};
  if (parse_layout(super) != Reason::none) state.SkipWithError("not parsed");

  std::vector<Packet*> out;
  out.reserve(64);
  for (auto _ : state) {
    Segmenter segmenter(super);
    for (Packet* p = pool.take(); segmenter.next(*p); p = pool.take()) out.push_back(p);
    for (Packet* p : out) pool.give_back(p);
    out.clear();
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * int64_t{payload});
}
BENCHMARK(segment);

}  // namespace
}  // namespace uswitch
