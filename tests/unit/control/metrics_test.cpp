// What GET /metrics says, and that the dashboard of docs/ asks for nothing else.
#include "control/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/unit/control/api_fixture.h"
#include "tests/unit/control/host_socket.h"

namespace uswitch {
namespace {

namespace json = boost::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

class MetricsTest : public test::ApiFixture {
 protected:
  std::string metrics() {
    const Reply reply = ask("GET", "/metrics");
    EXPECT_EQ(reply.status, 200u);
    EXPECT_EQ(reply.content_type, "text/plain; version=0.0.4; charset=utf-8");
    return reply.body;
  }
  // The switch routes and translates.
  void add_all() {
    auto tables = std::make_shared<Tables>(*tables_);
    tables->routing.routes = std::make_shared<RouteTable>();
    tables->routing.neighbours = std::make_shared<Neighbours>(1024);
    tables->router_stats = std::make_shared<PortStats>(2);
    tables->nat.ports = std::make_shared<PortMap>(1024 + Translation::spare_mappings);
    tables->nat.connections = std::make_shared<ConnectionTable>(1024, *tables->nat.ports);
    tables_ = tables;
    engine_.publish(tables_);
  }
};

std::set<std::string> families_of(const std::string& text) {
  std::set<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) names.insert(line.substr(7, line.rfind(' ') - 7));
  }
  return names;
}

TEST_F(MetricsTest, AddsPortsUpOverTheWorkers) {
  counters(0, 0).rx_packets.add(3);
  counters(0, 1).rx_packets.add(4);
  counters(0, 1).tx_bytes.add(60);
  const std::string text = metrics();
  EXPECT_THAT(text, HasSubstr("\nuswitch_port_receive_packets_total{port=\"web\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("\nuswitch_port_transmit_bytes_total{port=\"web\"} 60\n"));
  EXPECT_THAT(text, HasSubstr("\nuswitch_port_missed_packets_total{port=\"web\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("\nuswitch_port_up{port=\"web\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nuswitch_port_up{port=\"wan\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nuswitch_port_info{port=\"web\",type=\"tap\",network=\"office\","
                              "netns=\"web-ns\",device=\"eth0\",mac=\"02:00:00:00:00:01\"} 1\n"));
}

TEST_F(MetricsTest, AFreeIdHasNone) {
  EXPECT_THAT(metrics(), Not(HasSubstr("port=\"\"")));
}

TEST_F(MetricsTest, NoSumFallsWhenAPortIsRemoved) {
  PortStats earlier(2);
  earlier.of_worker[1].rx_packets.add(5);
  earlier.of_worker[1].drop(Reason::same_port);
  forgotten_ = &earlier;
  counters(1, 0).rx_packets.add(7);
  counters(0, 0).drop(Reason::same_port);
  const std::string text = metrics();
  EXPECT_THAT(text, HasSubstr("\nuswitch_port_receive_packets_total{port=\"(removed)\"} 12\n"));
  EXPECT_THAT(text, Not(HasSubstr("uswitch_port_up{port=\"(removed)\"}")));
  EXPECT_THAT(text, HasSubstr("\nuswitch_port_dropped_packets_total{port=\"(removed)\","
                              "reason=\"same_port\"} 1\n"));
  EXPECT_THAT(text, ContainsRegex(
                        "uswitch_dropped_packets_total.reason=\"same_port\",room=\"[a-z]*\"} 2\n"));
}

TEST_F(MetricsTest, DropsHaveTheirReasonAndTheirPort) {
  counters(0, 0).drop(Reason::guard_mac);
  counters(2, 1).drop(Reason::guard_mac);
  const std::string text = metrics();
  EXPECT_THAT(text, HasSubstr("\nuswitch_port_dropped_packets_total{port=\"web\","
                              "reason=\"guard_mac\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nuswitch_dropped_packets_total{reason=\"guard_mac\","
                              "room=\"switch\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\nuswitch_dropped_packets_total{reason=\"isolated\","
                              "room=\"switch\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("port=\"web\",reason=\"isolated\"")));
}

TEST_F(MetricsTest, EachNetworkSaysHowFullItIs) {
  learn(0, 0x020000000002, 0, std::chrono::seconds(3));
  const std::string text = metrics();
  EXPECT_THAT(text, HasSubstr("\nuswitch_fdb_entries{network=\"office\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nuswitch_fdb_max_entries{network=\"lab\"} 64\n"));
}

TEST_F(MetricsTest, WorkersHaveAnIndexAndCpuTime) {
  const std::string text = metrics();
  EXPECT_THAT(text, HasSubstr("\nuswitch_worker_packets_total{worker=\"1\"} 0\n"));
  EXPECT_THAT(text, ContainsRegex("\nuswitch_worker_cpu_seconds_total\\{worker=\"0\","
                                  "mode=\"system\"\\} [0-9.e-]+\n"));
}

TEST_F(MetricsTest, WhatIsNotConfiguredHasNone) {
  EXPECT_THAT(metrics(), Not(HasSubstr("uswitch_connection_entries")));
  EXPECT_THAT(metrics(), Not(HasSubstr("uswitch_neighbour_entries")));
}

TEST_F(MetricsTest, RouterAndNatSayHowFullTheyAre) {
  add_all();
  const std::string text = metrics();
  EXPECT_THAT(text, HasSubstr("\nuswitch_connection_max_entries 1024\n"));
  EXPECT_THAT(text, HasSubstr("\nuswitch_neighbour_max_entries 1024\n"));
  EXPECT_THAT(text, HasSubstr("\nuswitch_port_up{port=\"(router)\"} 1\n"));
}

TEST_F(MetricsTest, TheProcessStartedLatelyAndUsesMemory) {
  const std::string text = metrics();
  std::smatch found;
  ASSERT_TRUE(
      std::regex_search(text, found, std::regex("\nprocess_start_time_seconds ([0-9.e+]+)\n")));
  const double age = static_cast<double>(time(nullptr)) - std::stod(found[1]);
  EXPECT_GE(age, -2);
  EXPECT_LT(age, 3600);
  ASSERT_TRUE(
      std::regex_search(text, found, std::regex("\nprocess_resident_memory_bytes ([0-9]+)\n")));
  EXPECT_GT(std::stoull(found[1]), 1'000'000u);
}

// Prometheus takes a family once, with its samples together; and promtool is not everywhere.
TEST_F(MetricsTest, EachFamilyStandsOnceAndCountersEndInTotal) {
  add_all();
  std::set<std::string> seen;
  std::istringstream lines(metrics());
  std::string current;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      current = line.substr(7, line.rfind(' ') - 7);
      EXPECT_TRUE(seen.insert(current).second) << line;
      EXPECT_EQ(line.ends_with(" counter"), current.ends_with("_total")) << line;
    } else if (!line.starts_with("#")) {
      EXPECT_TRUE(line.starts_with(current + " ") || line.starts_with(current + "{")) << line;
    }
  }
}

TEST_F(MetricsTest, PortsPublishedOnTheHostSayWhatTheyRefused) {
  EXPECT_THAT(metrics(), Not(HasSubstr("uswitch_relay_entries")));
  const test::HostSocket server = test::HostSocket::server(test::loopback4);
  HostPublish host;
  RelayEntry entry = test::entry_to(server, test::loopback4, test::loopback4);
  entry.allow = {*IpPrefix::parse("192.0.2.0/24")};
  const uint16_t port = test::publish(host, 1, entry);
  ASSERT_EQ(test::HostSocket::client(test::loopback4, port).hear(), "<reset>");
  MetricsText text;
  add_relay_metrics(text, host);
  const std::string all = text.take();
  EXPECT_THAT(all, HasSubstr("\nuswitch_relay_events_total{event=\"refused\"} 1\n"));
  EXPECT_THAT(all, HasSubstr("\nuswitch_relay_events_total{event=\"failed\"} 0\n"));
  EXPECT_THAT(all, HasSubstr("\nuswitch_relay_entries 0\n"));
  EXPECT_THAT(all, HasSubstr("\nuswitch_relay_max_entries " + std::to_string(host.max_flows())));
  EXPECT_THAT(all, HasSubstr("\nuswitch_relay_bytes_total{direction=\"in\"} 0\n"));
}

TEST_F(MetricsTest, TunnelsSaySinceWhenTheyAreSilent) {
  tables_->settings[2].present = true;
  tables_->settings[2].network = 0;
  infos_.resize(3);
  infos_[2].tunnel = TunnelInfo{};
  EXPECT_THAT(metrics(), Not(HasSubstr("\nuswitch_tunnel_silence_seconds{")));
  TunnelInfo& info = *infos_[2].tunnel;
  info.name = "mesh";
  info.network_id = 42;
  info.local = *IpAddress::parse("192.0.2.1");
  info.remote = *IpAddress::parse("192.0.2.2");
  info.path_mtu = 1500;
  info.last_heard = start - std::chrono::milliseconds(2500);
  const std::string text = metrics();
  EXPECT_THAT(text,
              HasSubstr("\nuswitch_tunnel_info{port=\"trunk\",tunnel=\"mesh\",network=\"office\","
                        "vni=\"42\",local=\"192.0.2.1\",remote=\"192.0.2.2\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nuswitch_tunnel_path_mtu_bytes{port=\"trunk\"} 1500\n"));
  EXPECT_THAT(text, HasSubstr("\nuswitch_tunnel_silence_seconds{port=\"trunk\"} 2.5\n"));
}

TEST_F(MetricsTest, TakesNoParameters) {
  EXPECT_EQ(refused("/metrics?port=web"), "unknown parameter 'port'; there are none here");
}

TEST_F(MetricsTest, TheDashboardAsksForWhatThereIs) {
  add_all();
  std::ifstream file(USWITCH_SOURCE_DIR "/docs/grafana.json");
  std::stringstream text;
  text << file.rdbuf();
  const json::value dashboard = json::parse(text.str());
  std::set<std::string> asked;
  for (const json::value& panel : dashboard.at("panels").as_array()) {
    const json::value* targets = panel.as_object().if_contains("targets");
    if (!targets) continue;  // a row
    for (const json::value& target : targets->as_array()) {
      const std::string query(target.at("expr").as_string());
      const std::regex name("\\b(uswitch|process)_[a-z_]+");
      for (std::sregex_iterator it(query.begin(), query.end(), name), end; it != end; ++it) {
        asked.insert(it->str());
      }
    }
  }
  EXPECT_GE(asked.size(), 10u);
  EXPECT_THAT(families_of(metrics()), IsSupersetOf(asked));
}

}  // namespace
}  // namespace uswitch
