// What the thread tests of the router share: a control thread's part over networks with a router
// and one wire each, and the stations at the far ends.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/engine.h"
#include "router/announcer.h"
#include "tests/support/frame_builder.h"
#include "tests/threads/engine_harness.h"
#include "tests/threads/socket_port.h"

namespace uswitch::test {

// Network n is 10.n.0.0/24 and fd00:n::/64; its router has ::1 and .1, station s has s + 2.
inline MacAddress router_mac(NetworkId network) {
  return mac(0xff00u + network);
}
inline MacAddress station_mac(NetworkId network, unsigned station) {
  return mac(0x100u * (network + 1u) + station);
}
inline Ip address_of(Family family, NetworkId network, unsigned host) {
  const std::string n = std::to_string(network), h = std::to_string(host);
  return Ip((family == Family::v4 ? "10." + n + ".0." + h : "fd00:" + n + "::" + h).c_str());
}
inline Ip station_ip(Family family, NetworkId network, unsigned station) {
  return address_of(family, network, station + 2);
}

// What the control thread does with an engine that routes. Port n is the one of network n.
class RoutedControl {
 public:
  RoutedControl(unsigned workers, NetworkId networks) : engine_(workers, IoKind::plain) {
    Routing& r = tables_.routing;
    r.routes = std::make_shared<RouteTable>(size_t{1} << 24);
    r.neighbours = std::make_shared<Neighbours>(1024);
    r.neighbours->on_resolved([this](uint64_t waiting) { engine_.settle(waiting); });
    tables_.router_stats = std::make_shared<PortStats>(workers);
    r.interfaces.resize(networks);
    for (NetworkId n = 0; n < networks; ++n) add_network(n);
    collect_members(tables_);
  }

  Engine& engine() { return engine_; }
  // Before the first publish(), and what does not change with it.
  Tables& tables() { return tables_; }
  Neighbours& neighbours() { return *tables_.routing.neighbours; }
  const std::vector<Wire>& wires() const { return wires_; }
  int far(NetworkId network, unsigned queue) const { return wires_[network].far[queue].get(); }

  void publish() { engine_.publish(std::make_shared<Tables>(tables_)); }
  // What is due by the clock.
  void tick() {
    uint64_t wake = 0;
    engine_.post(announcer_.due(tables_.routing, std::chrono::steady_clock::now(), wake));
    engine_.settle(wake);
    engine_.expire();
  }
  void set_route(const char* to, RouteKind kind, NetworkId network = 0, const Ip& via = "0.0.0.0") {
    RouteTarget target;
    target.kind = kind;
    target.count = kind == RouteKind::forward;
    target.hops[0] = {network, false, via};
    tables_.routing.routes->set(*IpPrefix::parse(to), target);
  }
  void know(NetworkId network, unsigned station) {
    const MacAddress at = station_mac(network, station);
    tables_.networks[network].fdb->add_static(at, network);
    for (Family f : {Family::v4, Family::v6})
      neighbours().add_permanent(network, station_ip(f, network, station), at);
  }

  uint64_t held() const {
    uint64_t sum = 0;
    for (const auto& w : engine_.workers()) sum += w->stats().held.load();
    return sum;
  }
  // Every worker has read its mail and written down what it holds.
  void catch_up() {
    publish();
    publish();
  }
  uint64_t count(PortId port, Counter PortCounters::*counter) const {
    return sum(*tables_.ports[port].stats, counter);
  }
  uint64_t drops() const {
    uint64_t sum = 0;
    for (const PortStats* book : books()) {
      for (const auto& w : book->of_worker) {
        for (const Counter& c : w.drops) sum += c.get();
      }
    }
    return sum;
  }
  void expect_all_accounted(uint64_t held) const {
    uint64_t in = 0, out = drops() + held;
    for (const PortStats* book : books()) {
      in += sum(*book, &PortCounters::rx_packets) + sum(*book, &PortCounters::copies);
      out += sum(*book, &PortCounters::tx_packets);
    }
    EXPECT_EQ(in, out);
  }

 private:
  void add_network(NetworkId n) {
    const auto workers = static_cast<unsigned>(engine_.workers().size());
    Network& network = tables_.networks.emplace_back();
    network.fdb = std::make_shared<Fdb>(1024);
    network.router_mac = router_mac(n).to_u64();
    wires_.push_back(make_wire(workers));
    tables_.ports.push_back({"", wires_.back().port, std::make_shared<PortStats>(workers)});
    PortSettings& port = tables_.settings.emplace_back();
    port.present = true;
    port.network = n;
    RouterInterface& own = tables_.routing.interfaces[n];
    own.present = true;
    own.mac = router_mac(n);
    own.link_local = eui64_link_local(own.mac);
    own.addresses = {{address_of(Family::v4, n, 1), 24}, {address_of(Family::v6, n, 1), 64}};
    for (const IpPrefix& prefix : own.addresses) tables_.routing.own.add(prefix.address);
    for (const auto& [to, target] : connected_routes(n, own.addresses))
      tables_.routing.routes->set(to, target);
  }

  static uint64_t sum(const PortStats& book, Counter PortCounters::*counter) {
    uint64_t sum = 0;
    for (const auto& w : book.of_worker) sum += (w.*counter).get();
    return sum;
  }
  std::vector<const PortStats*> books() const {
    std::vector<const PortStats*> all{tables_.router_stats.get()};
    for (const PortEntry& e : tables_.ports) all.push_back(e.stats.get());
    return all;
  }

  Tables tables_;
  std::vector<Wire> wires_;
  Announcer announcer_{1};
  Engine engine_;  // last: its workers use all of the above
};

inline bool put(int far, const FrameBuilder& frame) {
  const Bytes bytes = frame.bytes();
  return write(far, bytes.data(), bytes.size()) > 0;
}
// The next frame that is there; empty when there is none.
inline Bytes get(int far) {
  Bytes frame(2048);
  const ssize_t size = read(far, frame.data(), frame.size());
  frame.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return frame;
}

inline bool is_ipv6(const Bytes& frame) {
  return load_be16(&frame.at(12)) == 0x86dd;
}
inline bool is_udp(const Bytes& frame) {
  const uint16_t type = load_be16(&frame.at(12));
  return (type == 0x0800 && frame.at(23) == 17) || (type == 0x86dd && frame.at(20) == 17);
}
inline size_t udp_of(const Bytes& frame) {
  return is_ipv6(frame) ? 54 : 34;
}

// From a station of one network to an address, by way of the router; the number is its payload.
inline FrameBuilder numbered(NetworkId from, unsigned station, const Ip& to, uint32_t number) {
  Bytes payload(8);
  store_be32(payload.data(), number);
  const Ip source = station_ip(to.family(), from, station);
  FrameBuilder f = frame().eth(station_mac(from, station), router_mac(from));
  return (to.is_v4() ? f.ipv4(source, to) : f.ipv6(source, to)).udp(7, 9).payload(payload);
}
inline uint32_t number_of(const Bytes& frame) {
  return load_be32(&frame.at(udp_of(frame) + 8));
}

// What a network's stations say to the router's question; nothing when it is none, or is about
// somebody who is not there.
inline std::optional<FrameBuilder> answer_to(const Bytes& frame, NetworkId network,
                                             unsigned stations) {
  const bool arp = load_be16(&frame.at(12)) == 0x0806 && frame.at(21) == 1;
  const bool nd = is_ipv6(frame) && frame.at(20) == 58 && frame.at(54) == 135;
  if (!arp && !nd) return std::nullopt;
  const IpAddress asked = arp ? IpAddress::load4(&frame.at(38)) : IpAddress::load6(&frame.at(62));
  const IpAddress asker = arp ? IpAddress::load4(&frame.at(28)) : IpAddress::load6(&frame.at(22));
  for (unsigned s = 0; s < stations; ++s) {
    if (asked != station_ip(asked.family(), network, s)) continue;
    const MacAddress here = station_mac(network, s), router = router_mac(network);
    FrameBuilder f = test::frame().eth(here, router);
    return arp ? f.arp_reply(here, asked, router, asker)
               : f.ipv6(asked, asker).neighbor_advertisement(asked, here);
  }
  return std::nullopt;
}

}  // namespace uswitch::test
