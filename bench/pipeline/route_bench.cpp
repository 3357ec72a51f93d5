// The router between memory ports: 64-byte frames from one network to another on one worker, with
// no kernel in it. One iteration is one batch. Random destinations, so that with a full table each
// packet's look-up goes to memory of its own.
#include <benchmark/benchmark.h>

#include <random>

#include "bench/micro/internet_routes.h"
#include "bench/pipeline/routed_switch.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/udp.h"

namespace uswitch::bench {
namespace {

constexpr unsigned gateways = 10;
// More than any cache has when the table is full, so that nothing is found there.
size_t frames_made(size_t routes) {
  return routes < 1000 ? 1000 : 1 << 16;
}

MacAddress gateway_mac(unsigned n) {
  return MacAddress::from_u64(0x020000010000 + n);
}
IpAddress gateway(Family family, unsigned n) {
  if (family == Family::v4) return IpAddress::from_v4(0x0a010000 + 2 + n);
  IpAddress a = *IpAddress::parse("fd00:b::");
  a.bytes[15] = static_cast<uint8_t>(2 + n);
  return a;
}

Frame begin_frame(uint16_t type) {
  Frame f{};
  router_mac(inside).store(f.data());
  MacAddress::from_u64(0x020000000001).store(f.data() + 6);
  store_be16(f.data() + 12, type);
  return f;
}

Frame udp_to(const IpAddress& to) {
  Frame f = begin_frame(to.is_v4() ? ether_type::ipv4 : ether_type::ipv6);
  uint8_t* ip = f.data() + 14;
  if (to.is_v4()) {
    const uint8_t header[] = {0x45, 0, 0, 46, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 2};
    std::memcpy(ip, header, sizeof header);
    const auto view = MutableIpv4View::parse({ip, 46});
    view->set_destination(to);
    view->fill_checksum();
    store_be16(ip + 24, 26);
  } else {
    const IpAddress from = *IpAddress::parse("fd00:a::2");
    const uint8_t header[] = {0x60, 0, 0, 0, 0, 6, 59, 64};  // six bytes of nothing
    std::memcpy(ip, header, sizeof header);
    std::memcpy(ip + 8, from.bytes.data(), 16);
    std::memcpy(ip + 24, to.bytes.data(), 16);
  }
  return f;
}

bool is_routable(const IpAddress& a) {
  return !a.is_loopback() && !a.is_link_local() && !a.is_multicast() &&
         !(a.is_v4() && a.v4() >> 24 == 10);
}

class Setup : public RoutedSwitch {
 public:
  Setup(Family family, size_t routes)
      : RoutedSwitch({"10.0.0.1/24", "fd00:a::1/64"}, {"10.1.0.1/16", "fd00:b::1/64"}) {
    const auto all = family == Family::v4 ? InternetRoutes::v4(routes) : InternetRoutes::v6(routes);
    for (const Route& r : all) add_route(r.prefix, r.next_hop % gateways, family);
    for (unsigned n = 0; n < gateways; ++n) {
      tables_.routing.neighbours->add_permanent(outside, gateway(family, n), gateway_mac(n));
      tables_.networks[outside].fdb->add_static(gateway_mac(n), 1);
    }
    start(frames_to(all));
  }

 private:
  void add_route(const IpPrefix& to, unsigned via, Family family) {
    RouteTarget target;
    target.kind = RouteKind::forward;
    target.count = 1;
    target.hops[0] = {outside, false, gateway(family, via)};
    tables_.routing.routes->set(to, target);
  }

  static std::vector<Frame> frames_to(const std::vector<Route>& routes) {
    std::vector<Frame> frames;
    const size_t count = frames_made(routes.size());
    for (const IpAddress& a : InternetRoutes::destinations(routes, 2 * count)) {
      if (is_routable(a) && frames.size() < count) frames.push_back(udp_to(a));
    }
    return frames;
  }
};

void route(benchmark::State& state, Family family) {
  Setup setup(family, static_cast<size_t>(state.range(0)));
  int64_t frames = 0;
  for (auto _ : state) {
    setup.batch();
    frames += Batch::limit;
  }
  state.SetItemsProcessed(frames);
  if (setup.sent() != static_cast<uint64_t>(frames)) state.SkipWithError("frames were lost");
}
BENCHMARK_CAPTURE(route, ipv4, Family::v4)->ArgName("routes")->Arg(10)->Arg(1'000'000);
BENCHMARK_CAPTURE(route, ipv6, Family::v6)->ArgName("routes")->Arg(10)->Arg(200'000);

}  // namespace
}  // namespace uswitch::bench
