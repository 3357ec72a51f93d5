// ns to find a frame's headers, which every packet pays once. Goal: below 10 ns for 64 B UDP.
#include <benchmark/benchmark.h>

#include <array>

#include "core/layout.h"
#include "core/pool.h"

namespace uswitch {
namespace {

struct Frame {
  const char* name;
  std::array<uint8_t, 96> bytes;
  uint32_t length;
  Offload offload;
};

constexpr Frame udp4 = {"udp4",
                        {2, 0, 0,  0,  0, 2, 2,  0, 0, 0, 0,  1, 8, 0, 0x45, 0, 0, 46, 0, 0,
                         0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0,    1, 0, 2,  0, 26},
                        60,
                        {}};

constexpr Frame tcp4_gso = {
    "tcp4_gso",
    {2, 0, 0,  0, 0, 2, 2,  0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 82, 0, 0, 0, 0, 64,  6,
     0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2, 0,    0, 0, 1,  0, 0, 0, 1, 0x50},
    96,
    {Offload::Gso::tcp4, false, true, 16, 34, 16}};

constexpr Frame udp6 = {
    "udp6",
    {2,  0,  0,    0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0,    8,
     17, 64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,    0,    0, 0, 1, 0xfd, 0,
     0,  0,  0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    2,    0,    1, 0, 2, 0,    8},
    62,
    {}};

// A batch of packets in different buffers, as in the pipeline.
void parse(benchmark::State& state, const Frame& frame) {
  constexpr size_t batch = 64;
  PacketPool pool(batch);
  std::array<Packet*, batch> packets;
  for (Packet*& p : packets) {
    p = pool.take();
    std::copy(frame.bytes.begin(), frame.bytes.end(), p->data);
    p->length = frame.length;
    p->offload = frame.offload;
    if (parse_layout(*p) != Reason::none || p->layout.l4 == 0) state.SkipWithError("not parsed");
  }
  for (auto _ : state) {
    for (Packet* p : packets) benchmark::DoNotOptimize(parse_layout(*p));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batch));
}

BENCHMARK_CAPTURE(parse, udp4, udp4);
BENCHMARK_CAPTURE(parse, udp6, udp6);
BENCHMARK_CAPTURE(parse, tcp4_gso, tcp4_gso);

}  // namespace
}  // namespace uswitch
