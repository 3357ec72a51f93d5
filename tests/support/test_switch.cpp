#include "tests/support/test_switch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/frame_check.h"

namespace uswitch::test {

TestSwitch::~TestSwitch() {
  EXPECT_EQ(total(&PortCounters::rx_packets) + total(&PortCounters::copies),
            total(&PortCounters::tx_packets) + total_drops() + held())
      << "a packet was lost without a reason";
  EXPECT_EQ(pool_.available(), pool_.size()) << "a packet was not given back";
}

NetworkId TestSwitch::add_network(const std::string& name, size_t max_addresses) {
  Network network;
  network.name = name;
  network.ageing = std::chrono::seconds(300);
  network.fdb = std::make_shared<Fdb>(max_addresses);
  tables_.networks.push_back(std::move(network));
  return static_cast<NetworkId>(tables_.networks.size() - 1);
}

PortId TestSwitch::add_port(NetworkId network, std::map<uint16_t, NetworkId> tagged,
                            Capabilities capabilities) {
  ports_.push_back(std::make_shared<MemoryPort>(capabilities));
  PortSettings settings;
  settings.network = network;
  settings.vlans = make_vlan_map(tagged, tables_.networks.size());
  return add(settings, ports_.back());
}

PortId TestSwitch::add_port(NetworkId network, std::shared_ptr<Port> port) {
  ports_.push_back(nullptr);
  PortSettings settings;
  settings.network = network;
  return add(settings, std::move(port));
}

PortId TestSwitch::add(PortSettings settings, std::shared_ptr<Port> port) {
  const auto id = static_cast<PortId>(tables_.ports.size());
  settings.present = true;
  settings.capabilities = port->capabilities();
  tables_.settings.push_back(std::move(settings));
  tables_.ports.push_back(
      {"p" + std::to_string(id), std::move(port), std::make_shared<PortStats>(1)});
  return id;
}

void TestSwitch::add_static(NetworkId network, const Mac& mac, PortId port) {
  tables_.networks[network].fdb->add_static(mac, port);
}

void TestSwitch::send(PortId port, const FrameBuilder& frame) {
  send(port, {frame.bytes(), frame.offload(), false, 0});
}

void TestSwitch::send(PortId port, const MemoryPort::Frame& frame) {
  ports_[port]->inject(frame);
  run(port);
}

void TestSwitch::send_batch(PortId port, const std::vector<FrameBuilder>& frames) {
  for (const FrameBuilder& f : frames) ports_[port]->inject({f.bytes(), f.offload(), false, 0});
  run(port);
}

void TestSwitch::prepare() {
  collect_members(tables_);
  pipeline_.adopt(tables_);
}

void TestSwitch::run(PortId port) {
  prepare();
  Batch batch(pool_);
  for (bool more = true; more;) {
    more = tables_.ports[port].port->rx(0, batch, *io_);
    if (batch.empty()) continue;
    const PortId from = batch[0].ingress == no_port ? port : batch[0].ingress;
    for (Packet* p : batch.packets()) EXPECT_EQ(p->ingress, batch[0].ingress);
    std::optional<ExplainCheck> check;
    if (explains_ && batch.size() == 1) check.emplace(tables_, ports_, from, batch[0], now_);
    pipeline_.run(tables_, from, batch, now_);
    if (check) check->compare(settle_);
  }
  if (std::exchange(settle_, false)) pipeline_.settle(tables_, now_);
}

void TestSwitch::pass_time(Duration time) {
  constexpr Duration step = std::chrono::milliseconds(200);
  prepare();
  for (Duration passed{}; passed < time; passed += step) {
    now_ += step;
    uint64_t wake = 0;
    const std::vector<OwnFrame> frames = announcer_.due(tables_.routing, now_, wake);
    pipeline_.send_own(tables_, frames, now_);
    pipeline_.settle(tables_, now_);
    pipeline_.expire(tables_, now_);
  }
}

void TestSwitch::add_router(NetworkId network, std::initializer_list<const char*> addresses) {
  Routing& r = tables_.routing;
  if (!r.routes) {
    r.routes = std::make_shared<RouteTable>(size_t{1} << 24);
    r.neighbours = std::make_shared<Neighbours>(1024);
    r.neighbours->on_resolved([this](uint64_t) { settle_ = true; });
    tables_.router_stats = std::make_shared<PortStats>(1);
  }
  r.interfaces.resize(tables_.networks.size());
  RouterInterface& own = r.interfaces[network];
  own.present = true;
  own.mac = router_mac(network);
  own.link_local = router_link_local(network);
  own.mtu = tables_.networks[network].mtu;
  tables_.networks[network].router_mac = own.mac.to_u64();
  for (const char* text : addresses) {
    const IpPrefix prefix = *IpPrefix::parse(text);
    own.addresses.push_back(prefix);
    own.advertise = own.advertise || !prefix.address.is_v4();
    r.own.add(prefix.address);
  }
  for (const auto& [to, target] : connected_routes(network, own.addresses))
    r.routes->set(to, target);
}

void TestSwitch::add_route(const char* to, NetworkId network, const Ip& via) {
  RouteTarget target;
  target.kind = RouteKind::forward;
  target.count = 1;
  target.hops[0] = {network, false, via};
  tables_.routing.routes->set(*IpPrefix::parse(to), target);
}

void TestSwitch::add_route(const char* to, RouteKind kind) {
  RouteTarget target;
  target.kind = kind;
  tables_.routing.routes->set(*IpPrefix::parse(to), target);
}

void TestSwitch::add_outside(NetworkId network, uint32_t max_connections) {
  Translation& n = tables_.nat;
  if (!n.ports) {
    n.ports = std::make_shared<PortMap>(max_connections + Translation::spare_mappings);
    n.connections = std::make_shared<ConnectionTable>(max_connections, *n.ports);
  }
  n.networks.resize(tables_.networks.size());
  n.networks[network].outside = n.networks[network].tracked = true;
}

void TestSwitch::masquerade(const char* from, NetworkId out,
                            std::initializer_list<const char*> pool) {
  std::vector<ExternalId> ids;
  for (const char* address : pool) ids.push_back(nat().ports->add_external(Ip(address)));
  nat().networks[out].tracked = true;
  nat().policy.add_masquerade({*IpPrefix::parse(from), out, ids, next_realm_++});
}

void TestSwitch::publish(NetworkId on, const Ip& address, uint16_t port, uint8_t protocol,
                         const Ip& to, uint16_t to_port) {
  Publish p;
  p.on = on;
  p.first_port = p.last_port = port;
  p.to = to;
  p.to_port = to_port;
  p.tag = port;
  nat().policy.add_publish(address, protocol, p);
  // Clients next to the server are known to it as the gateway (HP-1).
  for (NetworkId n = 0; n < nat().networks.size(); ++n) {
    const auto gateway = interface(n).present ? interface(n).address_for(to) : std::nullopt;
    if (gateway)
      nat().networks[n].gateway[to.is_v4() ? 0 : 1] = {nat().ports->add_external(*gateway)};
  }
}

std::shared_ptr<Capture> TestSwitch::capture(CaptureRequest request, size_t ring) {
  auto set = std::make_shared<CaptureSet>();
  if (tables_.captures) *set = *tables_.captures;
  const auto place = std::ranges::find(set->places, nullptr);
  *place = std::make_shared<Capture>(std::move(request), 1u, ring);
  tables_.captures = set;
  return *place;
}

void TestSwitch::end_capture(const Capture& capture) {
  auto set = std::make_shared<CaptureSet>(*tables_.captures);
  std::ranges::find(set->places, &capture, &std::shared_ptr<Capture>::get)->reset();
  tables_.captures = set;
}

void TestSwitch::add_station(PortId port, const Ip& address, const Mac& mac) {
  const NetworkId network = tables_.settings[port].network;
  add_static(network, mac, port);
  tables_.routing.neighbours->add_permanent(network, address, mac);
}

std::vector<const PortCounters*> TestSwitch::books() const {
  std::vector<const PortCounters*> all;
  for (auto& p : tables_.ports) all.push_back(&p.stats->of_worker[0]);
  if (tables_.router_stats) all.push_back(&tables_.router_stats->of_worker[0]);
  return all;
}

std::vector<MemoryPort::Frame> TestSwitch::received_with_offload(PortId port) {
  return ports_[port]->take_sent();
}

std::vector<Bytes> TestSwitch::received(PortId port) {
  std::vector<Bytes> frames;
  for (auto& f : ports_[port]->take_sent()) {
    if (tables_.nat.connections) clear_free_id(f.bytes);
    frames.push_back(std::move(f.bytes));
  }
  return frames;
}

std::vector<PortId> TestSwitch::receivers() {
  std::vector<PortId> ids;
  for (PortId id = 0; id < ports_.size(); ++id) {
    if (!ports_[id]) continue;
    for (size_t n = ports_[id]->take_sent().size(); n > 0; --n) ids.push_back(id);
  }
  return ids;
}

uint64_t TestSwitch::drops(Reason reason) {
  uint64_t sum = 0;
  for (auto* book : books()) sum += book->drops[static_cast<size_t>(reason)].get();
  return sum - std::exchange(reported_[reason], sum);
}

uint64_t TestSwitch::total(Counter PortCounters::*counter) const {
  uint64_t sum = 0;
  for (auto* book : books()) sum += (book->*counter).get();
  return sum;
}

uint64_t TestSwitch::total_drops() const {
  uint64_t sum = 0;
  for (auto* book : books()) {
    for (const Counter& c : book->drops) sum += c.get();
  }
  return sum;
}

void TestSwitch::sweep() {
  for (Network& n : tables_.networks) n.fdb->sweep(now_, n.ageing, SIZE_MAX);
}

}  // namespace uswitch::test
