// Bytes a second of TCP super-segments on their way through a tunnel, checksums included: cut into
// datagrams, and made of datagrams that came together. Data in cache. Goal: 5 GB/s each on one
// core.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "bench/pipeline/free_underlay.h"
#include "core/gso.h"
#include "core/layout.h"
#include "core/pool.h"
#include "switch/io.h"
#include "tunnel/tunnel_port.h"
#include "tunnel/tunnel_socket.h"
#include "tunnel/vxlan_header.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"

namespace uswitch::bench {
namespace {

constexpr uint32_t headers = 14 + 20 + 32;  // with timestamps
constexpr uint32_t segment = 1398;          // of an underlay with an MTU of 1500
constexpr uint32_t payload = 45 * segment;

void make_super_segment(Packet& p) {
  std::memset(p.data, 0, headers);
  const uint8_t ethernet[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
  std::memcpy(p.data, ethernet, sizeof ethernet);
  uint8_t *ip = p.data + 14, *tcp = ip + 20;
  const uint8_t ip_header[] = {0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
  std::memcpy(ip, ip_header, sizeof ip_header);
  store_be16(ip + 2, headers - 14 + payload);
  store_be16(ip + 10, checksum::finish(checksum::sum({ip, 20})));
  tcp[12] = 0x80;
  tcp[13] = 0x10;
  const uint8_t timestamps[] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
  std::memcpy(tcp + 20, timestamps, sizeof timestamps);
  store_be16(tcp + 16, checksum::pseudo4(ip + 12, 6, 32 + payload));
  for (uint32_t i = 0; i < payload; ++i) p.data[headers + i] = static_cast<uint8_t>(i * 7);
  p.length = headers + payload;
  p.offload.gso = Offload::Gso::tcp4;
  p.offload.segment_size = segment;
  p.offload.needs_checksum = true;
  p.offload.checksum_start = 34;
  p.offload.checksum_offset = 16;
}

void Cut(benchmark::State& state) {
  PacketPool pool(1);
  const auto io = make_io(IoKind::plain);
  Packet& super = *pool.take();
  make_super_segment(super);
  if (parse_layout(super) != Reason::none) return state.SkipWithError("no sound super-segment");
  const auto underlay = std::make_shared<FreeUnderlay>();
  TunnelPort port(underlay, {*IpAddress::parse("192.0.2.2"), 4789}, {TunnelType::vxlan, 42, {}});
  for (auto _ : state) {
    Outgoing out{&super, Reason::none};
    port.tx(0, {&out, 1}, *io);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * payload);
}
BENCHMARK(Cut);

// All segments of a super-segment, as one read of the underlay brings them.
void Merge(benchmark::State& state) {
  PacketPool pool(70);
  const auto io = make_io(IoKind::plain);
  const IpAddress peer = *IpAddress::parse("192.0.2.2");
  const auto underlay = std::make_shared<FreeUnderlay>();
  std::vector<uint8_t> run;
  {
    Packet &super = *pool.take(), &piece = *pool.take();
    make_super_segment(super);
    if (parse_layout(super) != Reason::none) return state.SkipWithError("no sound super-segment");
    for (Segmenter cut(super); cut.next(piece);) {
      uint8_t header[vxlan_header::size];
      vxlan_header::write(header, 42);
      run.insert(run.end(), header, header + sizeof header);
      run.insert(run.end(), piece.data, piece.data + piece.length);
    }
    pool.give_back(&super), pool.give_back(&piece);
  }
  underlay->add_incoming(peer, run, vxlan_header::size + headers + segment);
  TunnelSocket socket(underlay, TunnelType::vxlan, 1, {{peer, 42, 0}}, {});
  Batch batch(pool);
  for (auto _ : state) {
    socket.rx(0, batch, *io);
    if (batch.size() != 1) return state.SkipWithError("not merged");
    benchmark::ClobberMemory();
    batch.release();
  }
  state.SetBytesProcessed(state.iterations() * payload);
}
BENCHMARK(Merge);

}  // namespace
}  // namespace uswitch::bench
