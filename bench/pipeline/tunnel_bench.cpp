// Frames of 64 bytes into a VXLAN tunnel and out of it, through the pipeline on one worker, with no
// kernel in it. One iteration is one batch. Goal: 8 M frames/s each.
#include <benchmark/benchmark.h>

#include <random>

#include "bench/pipeline/free_underlay.h"
#include "bench/pipeline/generator_port.h"
#include "engine/pipeline.h"
#include "tunnel/tunnel_port.h"
#include "tunnel/tunnel_socket.h"
#include "tunnel/vxlan_header.h"
#include "wire/address.h"
#include "wire/bytes.h"

namespace uswitch::bench {
namespace {

constexpr unsigned vni = 42;
constexpr unsigned stations = 1000;  // at each end

MacAddress here(unsigned n) {
  return MacAddress::from_u64(0x020000000000 + n);
}
MacAddress there(unsigned n) {
  return MacAddress::from_u64(0x020000010000 + n);
}

Frame udp_frame(MacAddress source, MacAddress destination, uint16_t port) {
  Frame f{};
  destination.store(f.data());
  source.store(f.data() + 6);
  store_be16(f.data() + 12, 0x0800);
  const uint8_t ip[] = {0x45, 0, 0, 46, 0, 1, 0, 0, 64, 17, 0x66, 0xbd, 10, 0, 0, 1, 10, 0, 0, 2};
  std::memcpy(f.data() + 14, ip, sizeof ip);
  const uint8_t udp[] = {0, 7, 0, 9, 0, 26, 0, 0};
  std::memcpy(f.data() + 34, udp, sizeof udp);
  store_be16(f.data() + 34, port);
  return f;
}

IpAddress node(unsigned n) {
  return IpAddress::from_v4(0xc0000200 + n);
}

// Port 0 is local; each remote has its share of the stations there. `flows`: frames that follow
// each other belong to as many flows in turn.
class Setup {
 public:
  Setup(unsigned remotes, unsigned flows) : pipeline_(pool_, *io_, 0) {
    Network network;
    network.name = "bench";
    network.fdb = std::make_shared<Fdb>(stations * 4);
    tables_.networks.push_back(network);
    add_local(flows);
    std::vector<RemoteEntry> entries;
    for (unsigned n = 0; n < remotes; ++n) {
      const auto id = static_cast<PortId>(n + 1);
      const TunnelOptions options{TunnelType::vxlan, vni, {}};
      add_port(std::make_shared<TunnelPort>(underlay_, Remote{node(n + 2), 4789}, options), 0);
      tables_.settings.back().overlay = true;
      entries.push_back({node(n + 2), vni, id});
    }
    socket_ = static_cast<PortId>(remotes + 1);
    add_port(std::make_shared<TunnelSocket>(underlay_, TunnelType::vxlan, socket_, entries,
                                            std::vector{node(1)}),
             no_network);
    for (unsigned n = 0; n < stations; ++n) {
      tables_.networks[0].fdb->learn(here(n), 0, now_);
      tables_.networks[0].fdb->learn(there(n), static_cast<PortId>(1 + n % remotes), now_);
    }
    collect_members(tables_);
    pipeline_.adopt(tables_);
  }

  void batch(PortId from) {
    Batch batch(pool_);
    tables_.ports[from].port->rx(0, batch, *io_);
    pipeline_.run(tables_, batch[0].ingress == no_port ? from : batch[0].ingress, batch, now_);
  }

  // 64 datagrams from the first remote; together, as they arrive with UDP_GRO, or each by itself.
  void add_incoming(bool together) {
    std::vector<uint8_t> run;
    for (unsigned n = 0; n < Batch::limit; ++n) {
      const Frame f = udp_frame(there(0), here(n % stations), static_cast<uint16_t>(n));
      std::vector<uint8_t> datagram(vxlan_header::size);
      vxlan_header::write(datagram.data(), vni);
      datagram.insert(datagram.end(), f.begin(), f.end());
      size_ = static_cast<uint16_t>(datagram.size());
      if (!together) underlay_->add_incoming(node(2), datagram, 0);
      run.insert(run.end(), datagram.begin(), datagram.end());
    }
    if (together) underlay_->add_incoming(node(2), run, size_);
  }

  PortId socket() const { return socket_; }
  const FreeUnderlay& underlay() const { return *underlay_; }
  uint64_t received() const { return local_->sent(); }

 private:
  void add_local(unsigned flows) {
    std::mt19937_64 random(1);
    std::vector<Frame> frames;
    for (unsigned n = 0; n < flows; ++n) {
      const auto to = static_cast<unsigned>(random() % stations);
      frames.push_back(udp_frame(here(n % stations), there(to), static_cast<uint16_t>(n)));
    }
    local_ = std::make_shared<GeneratorPort>(std::move(frames));
    add_port(local_, 0);
  }

  void add_port(std::shared_ptr<Port> port, NetworkId network) {
    PortSettings settings;
    settings.network = network;
    settings.present = true;
    settings.capabilities = port->capabilities();
    settings.max_addresses = 4 * stations;
    tables_.settings.push_back(settings);
    tables_.ports.push_back({"p", std::move(port), std::make_shared<PortStats>(1)});
  }

  PacketPool pool_{Pipeline::pool_packets};
  std::unique_ptr<Io> io_ = make_io(IoKind::plain);
  Pipeline pipeline_;
  Tables tables_;
  std::shared_ptr<FreeUnderlay> underlay_ = std::make_shared<FreeUnderlay>();
  std::shared_ptr<GeneratorPort> local_;
  PortId socket_ = no_port;
  uint16_t size_ = 0;
  Time now_{std::chrono::hours(1)};
};

void Encapsulate(benchmark::State& state) {
  Setup setup(static_cast<unsigned>(state.range(0)), static_cast<unsigned>(state.range(1)));
  int64_t frames = 0;
  for (auto _ : state) {
    setup.batch(0);
    frames += Batch::limit;
  }
  state.SetItemsProcessed(frames);
  if (setup.underlay().datagrams() != static_cast<uint64_t>(frames)) {
    state.SkipWithError("frames were lost");
  }
}
BENCHMARK(Encapsulate)
    ->ArgNames({"remotes", "flows"})
    ->Args({1, 1})
    ->Args({1, 1000})
    ->Args({100, 1000});

void Decapsulate(benchmark::State& state) {
  Setup setup(static_cast<unsigned>(state.range(0)), 1);
  setup.add_incoming(state.range(1) != 0);
  int64_t frames = 0;
  for (auto _ : state) {
    setup.batch(setup.socket());
    frames += Batch::limit;
  }
  state.SetItemsProcessed(frames);
  if (setup.received() != static_cast<uint64_t>(frames)) state.SkipWithError("frames were lost");
}
BENCHMARK(Decapsulate)
    ->ArgNames({"remotes", "together"})
    ->Args({1, 0})
    ->Args({100, 0})
    ->Args({1, 1});

}  // namespace
}  // namespace uswitch::bench
