// ns to translate a packet whose connection is known: addresses, ports and checksums. Goal: below
// 16 ns for TCP over IPv4.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>

#include "core/layout.h"
#include "core/pool.h"
#include "nat/flow_tuple.h"
#include "nat/rewrite.h"

namespace uswitch {
namespace {

struct Frame {
  std::array<uint8_t, 96> bytes;
  uint32_t length;
  Offload offload;
};

constexpr std::array<uint8_t, 96> tcp4_bytes = {
    2, 0, 0,  0, 0, 2, 2,  0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 82, 0, 0, 0, 0, 64,  6,
    0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2, 0,    0, 0, 1,  0, 0, 0, 1, 0x50};
constexpr Frame tcp4 = {tcp4_bytes, 96, {}};
constexpr Frame tcp4_partial = {tcp4_bytes, 96, {Offload::Gso::tcp4, false, true, 16, 34, 16}};

constexpr Frame udp6 = {
    {2,  0,    0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0,    0, 8, 17,
     64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,    0,    0, 1, 0xfd, 0, 0, 0,
     0,  0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0,    1,    0,    2, 0, 8,    1, 2},
    62,
    {}};

Tuple elsewhere(Tuple ends) {
  ends.source.bytes[13] ^= 7;
  ends.source_port ^= 0x4321;
  return ends;
}

constexpr size_t batch = 64;

class Packets {
 public:
  explicit Packets(const Frame& frame) {
    for (Packet*& p : packets_) {
      p = pool_.take();
      std::ranges::copy(frame.bytes, p->data);
      p->length = frame.length;
      p->offload = frame.offload;
      sound_ = sound_ && parse_layout(*p) == Reason::none && p->layout.l4 != 0;
    }
  }
  bool sound() const { return sound_; }
  std::array<Packet*, batch>& all() { return packets_; }

 private:
  PacketPool pool_{batch};
  std::array<Packet*, batch> packets_{};
  bool sound_ = true;
};

// A batch of packets in different buffers, each of another connection, as in the pipeline.
void rewrite(benchmark::State& state, const Frame& frame) {
  Packets packets(frame);
  if (!packets.sound()) state.SkipWithError("not parsed");
  std::array<Tuple, batch> from, to;
  for (size_t i = 0; i < batch; ++i) {
    from[i] = flow_fields(*packets.all()[i]).tuple;
    to[i] = elsewhere(from[i]);
  }
  for (auto _ : state) {
    for (size_t i = 0; i < batch; ++i) uswitch::rewrite(*packets.all()[i], from[i], to[i]);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batch));
}

// What a tracker's look-up begins with.
void fields(benchmark::State& state, const Frame& frame) {
  Packets packets(frame);
  if (!packets.sound()) state.SkipWithError("not parsed");
  for (auto _ : state)
    for (Packet* p : packets.all()) benchmark::DoNotOptimize(flow_fields(*p));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batch));
}

BENCHMARK_CAPTURE(rewrite, tcp4, tcp4);
BENCHMARK_CAPTURE(rewrite, tcp4_partial, tcp4_partial);
BENCHMARK_CAPTURE(rewrite, udp6, udp6);
BENCHMARK_CAPTURE(fields, tcp4, tcp4);
BENCHMARK_CAPTURE(fields, udp6, udp6);

}  // namespace
}  // namespace uswitch
