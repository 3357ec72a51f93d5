// A switch that stands still, with the API of its control socket.
#pragma once
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <vector>

#include "control/api.h"
#include "control/capture_control.h"
#include "control/show.h"
#include "switch/memory_port.h"

namespace uswitch::test {

// Two networks; port 0 "web" in office, port 1 a free id, port 2 "trunk" with both, port 3 "wan"
// whose device is gone.
class ApiFixture : public testing::Test {
 protected:
  ApiFixture() {
    auto tables = std::make_shared<Tables>();
    tables->networks.resize(2);
    tables->networks[0].name = "office";
    tables->networks[1].name = "lab";
    for (Network& network : tables->networks) {
      network.ageing = std::chrono::seconds(300);
      network.fdb = std::make_shared<Fdb>(64);
    }
    add(*tables, "web", std::make_shared<MemoryPort>());
    add(*tables, "", nullptr);
    add(*tables, "trunk", std::make_shared<MemoryPort>());
    add(*tables, "wan", nullptr);
    tables->settings[0].network = 0;
    tables->settings[0].mtu = 9000;
    tables->settings[2].vlans = make_vlan_map({{10, NetworkId{0}}, {20, NetworkId{1}}}, 2);
    infos_.resize(1);
    infos_[0] = {"tap",
                 "web-ns",
                 "eth0",
                 MacAddress::from_u64(0x020000000001),
                 {*IpPrefix::parse("10.0.0.11/24"), *IpPrefix::parse("fd00::b/64")},
                 5};
    tables_ = tables;
    engine_.publish(tables);
  }

  static void add(Tables& tables, const std::string& name, std::shared_ptr<Port> port) {
    tables.ports.push_back({name, std::move(port), std::make_shared<PortStats>(2)});
    tables.settings.emplace_back();
  }
  PortCounters& counters(PortId port, unsigned worker) {
    return tables_->ports[port].stats->of_worker[worker];
  }
  void learn(size_t network, uint64_t mac, PortId port, Duration ago) {
    tables_->networks[network].fdb->learn(MacAddress::from_u64(mac), port, start - ago);
  }

  Reply ask(const std::string& method, const std::string& target, const std::string& body = "") {
    return handle({method, target, body},
                  {engine_, infos_, "/etc/uswitch.yaml", "workers: 2\n", start,
                   start - std::chrono::seconds(90), config_, actions_, captures_.get(),
                   drop_rates_, forgotten_, nat_});
  }
  boost::json::value get(const std::string& target) {
    const Reply reply = ask("GET", target);
    EXPECT_EQ(reply.status, 200u) << reply.body;
    EXPECT_EQ(reply.content_type, "application/json");
    return boost::json::parse(reply.body);
  }
  std::string refused(const std::string& target) {
    const Reply reply = ask("GET", target);
    EXPECT_EQ(reply.status, 400u) << target;
    return std::string(boost::json::parse(reply.body).at("error").as_string());
  }
  std::string table(const std::string& what, const std::string& query = "") {
    return render_view(what, get("/v1/" + what + query).as_object(), false);
  }

  static constexpr Time start{std::chrono::seconds(1000)};

  Engine engine_{2, IoKind::plain};
  std::shared_ptr<Tables> tables_;
  std::vector<PortInfo> infos_;
  const Config* config_ = nullptr;
  ApiActions actions_;
  std::shared_ptr<CaptureControl> captures_ = std::make_shared<CaptureControl>(engine_);
  const DropRates* drop_rates_ = nullptr;
  const PortStats* forgotten_ = nullptr;
  const NatControl* nat_ = nullptr;
};

}  // namespace uswitch::test
