#include "tests/support/test_switch.h"

#include <gtest/gtest.h>

namespace uswitch::test {

TestSwitch::~TestSwitch() {
  EXPECT_EQ(total(&PortCounters::rx_packets) + total(&PortCounters::copies),
            total(&PortCounters::tx_packets) + total_drops())
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
  settings.present = true;
  settings.capabilities = capabilities;
  settings.vlans = make_vlan_map(tagged, tables_.networks.size());
  tables_.settings.push_back(settings);
  tables_.ports.push_back(
      {"p" + std::to_string(ports_.size() - 1), ports_.back(), std::make_shared<PortStats>(1)});
  return static_cast<PortId>(ports_.size() - 1);
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

void TestSwitch::run(PortId port) {
  collect_members(tables_);
  pipeline_.adopt(tables_);
  Batch batch(pool_);
  for (bool more = true; more;) {
    more = ports_[port]->rx(0, batch, *io_);
    if (!batch.empty()) pipeline_.run(tables_, port, batch, now_);
  }
}

std::vector<MemoryPort::Frame> TestSwitch::received_with_offload(PortId port) {
  return ports_[port]->take_sent();
}

std::vector<Bytes> TestSwitch::received(PortId port) {
  std::vector<Bytes> frames;
  for (auto& f : ports_[port]->take_sent()) frames.push_back(std::move(f.bytes));
  return frames;
}

std::vector<PortId> TestSwitch::receivers() {
  std::vector<PortId> ids;
  for (PortId id = 0; id < ports_.size(); ++id) {
    for (size_t n = ports_[id]->take_sent().size(); n > 0; --n) ids.push_back(id);
  }
  return ids;
}

uint64_t TestSwitch::drops(Reason reason) {
  uint64_t sum = 0;
  for (auto& p : tables_.ports)
    sum += p.stats->of_worker[0].drops[static_cast<size_t>(reason)].get();
  return sum - std::exchange(reported_[reason], sum);
}

uint64_t TestSwitch::total(Counter PortCounters::*counter) const {
  uint64_t sum = 0;
  for (auto& p : tables_.ports) sum += (p.stats->of_worker[0].*counter).get();
  return sum;
}

uint64_t TestSwitch::total_drops() const {
  uint64_t sum = 0;
  for (auto& p : tables_.ports) {
    for (const Counter& c : p.stats->of_worker[0].drops) sum += c.get();
  }
  return sum;
}

void TestSwitch::sweep() {
  for (Network& n : tables_.networks) n.fdb->sweep(now_, n.ageing, SIZE_MAX);
}

}  // namespace uswitch::test
