// What the benchmarks of the router and NAT share: a switch without kernel, of two networks with a
// gateway each and a generator port on each.
#pragma once
#include <initializer_list>
#include <memory>
#include <vector>

#include "bench/pipeline/generator_port.h"
#include "engine/pipeline.h"

namespace uswitch::bench {

enum : NetworkId { inside, outside };

inline MacAddress router_mac(NetworkId n) {
  return MacAddress::from_u64(0x02000000ff00 + n);
}

class RoutedSwitch {
 public:
  // The addresses of the gateways.
  RoutedSwitch(std::initializer_list<const char*> in, std::initializer_list<const char*> out)
      : pipeline_(pool_, *io_, 0) {
    tables_.router_stats = std::make_shared<PortStats>(1);
    tables_.routing.routes = std::make_shared<RouteTable>();
    tables_.routing.neighbours = std::make_shared<Neighbours>();
    add_network(inside, in);
    add_network(outside, out);
  }

  // Frames come in at port 0, `inside`, and leave by port 1.
  void batch() {
    Batch batch(pool_);
    ports_[0]->rx(0, batch, *io_);
    pipeline_.run(tables_, 0, batch, now_);
  }
  uint64_t sent() const { return ports_[1]->sent(); }

 protected:
  // The last step: what the generator sends.
  void start(std::vector<Frame> frames) {
    add_port(inside, std::move(frames));
    add_port(outside, {Frame{}});
    collect_members(tables_);
    pipeline_.adopt(tables_);
  }

  PacketPool pool_{Pipeline::pool_packets};
  std::unique_ptr<Io> io_ = make_io(IoKind::plain);
  Pipeline pipeline_;
  Tables tables_;
  std::vector<std::shared_ptr<GeneratorPort>> ports_;
  Time now_{std::chrono::hours(1)};

 private:
  void add_network(NetworkId id, std::initializer_list<const char*> addresses) {
    Network network;
    network.fdb = std::make_shared<Fdb>(1 << 18);
    network.router_mac = router_mac(id).to_u64();
    tables_.networks.push_back(network);
    RouterInterface own;
    own.present = true;
    own.mac = router_mac(id);
    for (const char* a : addresses) own.addresses.push_back(*IpPrefix::parse(a));
    for (const auto& [to, target] : connected_routes(id, own.addresses)) {
      tables_.routing.routes->set(to, target);
    }
    for (const IpPrefix& p : own.addresses) tables_.routing.own.add(p.address);
    tables_.routing.interfaces.push_back(own);
  }

  void add_port(NetworkId network, std::vector<Frame> frames) {
    ports_.push_back(std::make_shared<GeneratorPort>(std::move(frames)));
    PortSettings settings;
    settings.network = network;
    settings.present = true;
    settings.capabilities = ports_.back()->capabilities();
    tables_.settings.push_back(settings);
    tables_.ports.push_back({"p", ports_.back(), std::make_shared<PortStats>(1)});
  }
};

}  // namespace uswitch::bench
