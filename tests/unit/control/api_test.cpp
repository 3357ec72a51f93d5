#include "control/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/drop_rates.h"
#include "tests/unit/control/api_fixture.h"

namespace uswitch {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

class ApiTest : public test::ApiFixture {};

TEST_F(ApiTest, UnknownPathsAre404AndSayWhichThereAre) {
  for (const char* path :
       {"/", "/v1", "/v1/", "/v1/ports/", "/V1/ports", "/v1/ports/x", "//v1/ports"}) {
    const Reply reply = ask("GET", path);
    EXPECT_EQ(reply.status, 404u) << path;
    EXPECT_THAT(reply.body, HasSubstr("/v1/ports, /v1/fdb")) << path;
  }
}

TEST_F(ApiTest, WrongMethodsAre405WithAllow) {
  for (const char* method : {"POST", "DELETE", "HEAD", "get", ""}) {
    const Reply reply = ask(method, "/v1/ports");
    EXPECT_EQ(reply.status, 405u) << method;
    EXPECT_EQ(reply.allow, "GET");
  }
}

TEST_F(ApiTest, BadTargetsAndParametersAre400) {
  EXPECT_THAT(refused("v1/ports"), HasSubstr("not a path"));
  EXPECT_THAT(refused("/v1/ports?x=%"), HasSubstr("'%'"));
  EXPECT_THAT(refused("/v1/ports?x=1"), HasSubstr("unknown parameter 'x'; there are none"));
  EXPECT_THAT(refused("/v1/workers?all=1"), HasSubstr("unknown parameter"));
  EXPECT_THAT(refused("/v1/config?all=1"), HasSubstr("unknown parameter"));
  EXPECT_THAT(refused("/v1/drops?all=yes"), HasSubstr("all takes 1"));
  EXPECT_THAT(refused("/v1/fdb?netwrok=office"), HasSubstr("network, port, mac, limit"));
  EXPECT_THAT(refused("/v1/fdb?network=ofice"), HasSubstr("no network 'ofice'; there are office"));
  EXPECT_THAT(refused("/v1/fdb?port="), HasSubstr("no port ''; there are web, trunk, wan"));
  EXPECT_THAT(refused("/v1/fdb?mac=02:00"), HasSubstr("it takes one like"));
  for (const char* bad : {"0", "-1", "100001", "x", "", "1x", "99999999999999999999", "%201"}) {
    EXPECT_THAT(refused(std::string("/v1/fdb?limit=") + bad), HasSubstr("1 to 100000")) << bad;
  }
  EXPECT_THAT(refused("/v1/fdb?limit=1&limit=2"), HasSubstr("twice"));
}

TEST_F(ApiTest, AnswersAreUtf8WhateverWasAsked) {
  EXPECT_THAT(refused("/v1/fdb?network=caf%c3%a9"), HasSubstr("'caf\xc3\xa9'"));
  EXPECT_THAT(refused("/v1/fdb?network=%ff\xce"), HasSubstr("'\xef\xbf\xbd\xef\xbf\xbd'"));
  EXPECT_THAT(refused("/v1/fdb?network=%ed%a0%80"), HasSubstr("no network"));  // a surrogate
}

TEST_F(ApiTest, PortsShowDeviceNetworksAndSumsOverWorkers) {
  counters(0, 0).rx_packets.add(3);
  counters(0, 1).rx_packets.add(4);
  counters(0, 0).rx_bytes.add(1000);
  counters(0, 1).tx_packets.add(1);
  counters(0, 1).tx_bytes.add(60);
  counters(0, 1).copies.add(2);
  counters(0, 0).moves.add(1);
  counters(0, 0).not_learned.add(4);
  counters(0, 1).not_learned.add(5);
  counters(0, 0).drop(Reason::guard_mac);
  counters(0, 1).drop(Reason::guard_ip);
  const json::value view = get("/v1/ports");
  EXPECT_EQ(view.at("ports").as_array().size(), 3u);  // not the free id
  EXPECT_EQ(view.at("ports").at(0), json::parse(R"({
    "name": "web", "up": true, "type": "tap", "netns": "web-ns", "device": "eth0",
    "mac": "02:00:00:00:00:01", "addresses": ["10.0.0.11/24", "fd00::b/64"], "mtu": 9000,
    "network": "office", "tagged": {}, "rx_packets": 7, "rx_bytes": 1000, "tx_packets": 1,
    "tx_bytes": 60, "copies": 2, "drops": 2, "missed": 5, "moves": 1, "not_learned": 9})"));
}

TEST_F(ApiTest, PortsWithoutDetailsOrDeviceAreShownAsWhatTheyAre) {
  const json::value ports = get("/v1/ports").at("ports");
  const json::value& trunk = ports.at(1);
  EXPECT_TRUE(trunk.at("network").is_null());
  EXPECT_EQ(trunk.at("tagged"), json::parse(R"({"10": "office", "20": "lab"})"));
  EXPECT_TRUE(trunk.at("mac").is_null());
  EXPECT_EQ(ports.at(2).at("name"), "wan");
  EXPECT_EQ(ports.at(2).at("up"), false);
}

TEST_F(ApiTest, FdbIsSortedAndNamesPortsAndNetworks) {
  learn(0, 0x0200000000aa, 2, 45s);
  learn(0, 0x020000000001, 0, 0s);
  learn(1, 0x020000000002, 2, 0s);
  ASSERT_TRUE(tables_->networks[1].fdb->add_static(MacAddress::from_u64(0x020000000003), 3));
  const json::value view = get("/v1/fdb");
  const json::array& fdb = view.at("fdb").as_array();
  ASSERT_EQ(fdb.size(), 4u);
  EXPECT_EQ(fdb[0], json::parse(R"({"network": "office", "mac": "02:00:00:00:00:01",
                                    "port": "web", "static": false, "age": 0})"));
  EXPECT_NEAR(fdb[1].at("age").to_number<double>(), 45, 2);
  EXPECT_EQ(fdb[2].at("network"), "lab");
  EXPECT_EQ(fdb[3], json::parse(R"({"network": "lab", "mac": "02:00:00:00:00:03",
                                    "port": "wan", "static": true, "age": 0})"));
  EXPECT_EQ(view.at("truncated"), false);
  EXPECT_EQ(view.at("networks").at(1),
            json::parse(R"({"name": "lab", "entries": 2, "max_addresses": 64, "ageing": 300})"));
}

TEST_F(ApiTest, FdbIsFiltered) {
  learn(0, 0x020000000001, 0, 0s);
  learn(0, 0x020000000002, 2, 0s);
  learn(1, 0x020000000002, 2, 0s);
  EXPECT_EQ(get("/v1/fdb?network=lab").at("fdb").as_array().size(), 1u);
  EXPECT_EQ(get("/v1/fdb?network=lab").at("networks").as_array().size(), 1u);
  EXPECT_EQ(get("/v1/fdb?port=web").at("fdb").at(0).at("mac"), "02:00:00:00:00:01");
  EXPECT_EQ(get("/v1/fdb?mac=02-00-00-00-00-02").at("fdb").as_array().size(), 2u);
  EXPECT_EQ(get("/v1/fdb?mac=02:00:00:00:00:02&network=office").at("fdb").as_array().size(), 1u);
  EXPECT_EQ(get("/v1/fdb?port=wan").at("fdb").as_array().size(), 0u);
}

TEST_F(ApiTest, FdbIsBoundedAndSaysWhatItLeftOut) {
  for (uint64_t i = 1; i <= 20; ++i) {
    learn(0, 0x020000000000 + i, 0, 0s);
    learn(1, 0x020000000000 + i, 2, 0s);
  }
  const json::value view = get("/v1/fdb?limit=25");
  EXPECT_EQ(view.at("fdb").as_array().size(), 25u);
  EXPECT_EQ(view.at("truncated"), true);
  EXPECT_EQ(view.at("left_out"), 15);
  EXPECT_EQ(get("/v1/fdb?limit=40").at("truncated"), false);
}

TEST_F(ApiTest, DropsAddUpOverPortsAndWorkers) {
  for (int i = 0; i < 3; ++i) counters(0, 0).drop(Reason::guard_mac);
  for (int i = 0; i < 4; ++i) counters(2, 1).drop(Reason::guard_mac);
  counters(2, 1).drop(Reason::egress_full);
  const json::value view = get("/v1/drops");
  EXPECT_EQ(view.at("total"), 8);
  ASSERT_EQ(view.at("drops").as_array().size(), 2u);
  const json::value& guard = view.at("drops").at(0);
  EXPECT_EQ(guard.at("reason"), "guard_mac");
  EXPECT_EQ(guard.at("room"), "switch");
  EXPECT_EQ(guard.at("sentence"), json::string(info(Reason::guard_mac).sentence));
  EXPECT_EQ(guard.at("packets"), 7);
  EXPECT_EQ(guard.at("ports"), json::parse(R"({"web": 3, "trunk": 4})"));
  EXPECT_EQ(guard.at("workers"), json::parse("[3, 4]"));
  EXPECT_EQ(guard.at("rate").to_number<double>(), 0);
  EXPECT_TRUE(guard.at("last").is_null());
}

TEST_F(ApiTest, DropsHaveTheRateOfTheLastTwoSamples) {
  DropRates rates;
  drop_rates_ = &rates;
  const auto rate = [&] {
    return get("/v1/drops").at("drops").at(0).at("rate").to_number<double>();
  };
  counters(0, 0).drop(Reason::guard_mac);
  rates.sample(*tables_, start);
  EXPECT_EQ(rate(), 0) << "one sample is no rate";
  for (int i = 0; i < 3; ++i) counters(2, 1).drop(Reason::guard_mac);
  rates.sample(*tables_, start + 2s);
  EXPECT_EQ(rate(), 1.5);
  rates.sample(*tables_, start + 3s);
  EXPECT_EQ(rate(), 0);
}

TEST_F(ApiTest, DropsListEveryReasonWhenAsked) {
  EXPECT_EQ(get("/v1/drops").at("drops").as_array().size(), 0u);
  EXPECT_EQ(get("/v1/drops?all=1").at("drops").as_array().size(), reason_count - 1);
}

TEST_F(ApiTest, WorkersShowTheirLoopAndTheirCpuTime) {
  const json::value view = get("/v1/workers");
  EXPECT_EQ(view.at("uptime_seconds").to_number<double>(), 90);
  ASSERT_EQ(view.at("workers").as_array().size(), 2u);
  const json::value& worker = view.at("workers").at(1);
  EXPECT_EQ(worker.at("index"), 1);
  EXPECT_EQ(worker.at("io").as_string(), engine_.workers()[1]->io_name());
  EXPECT_EQ(worker.at("packets"), 0);
  EXPECT_EQ(worker.at("held"), 0);
  EXPECT_EQ(worker.at("packets_per_batch").to_number<double>(), 0);
  EXPECT_TRUE(worker.at("user_seconds").is_double());
  EXPECT_TRUE(worker.at("system_seconds").is_double());
}

TEST_F(ApiTest, ConfigIsTheFileAsItRuns) {
  EXPECT_EQ(get("/v1/config"),
            json::parse(R"({"path": "/etc/uswitch.yaml", "text": "workers: 2\n"})"));
}

TEST_F(ApiTest, TablesForPeople) {
  EXPECT_EQ(table("fdb"), "no addresses\n");
  EXPECT_EQ(table("drops"), "nothing was dropped\n");
  EXPECT_EQ(table("config"), "# /etc/uswitch.yaml\nworkers: 2\n");
  learn(0, 0x020000000001, 0, 0s);
  learn(0, 0x020000000002, 2, 105s);
  EXPECT_THAT(table("fdb"), testing::MatchesRegex("NETWORK  MAC                PORT      AGE\n"
                                                  "office   02:00:00:00:00:01  web       0 s\n"
                                                  "office   02:00:00:00:00:02  trunk  1m 4.s\n"));
  EXPECT_THAT(table("fdb", "?limit=1"), HasSubstr("and 1 more"));
  counters(0, 0).rx_packets.add(1'234'567);
  counters(0, 0).drop(Reason::guard_mac);
  EXPECT_THAT(table("ports"), HasSubstr("trunk        up     10:office,20:lab"));
  EXPECT_THAT(table("ports"), HasSubstr("1.23 M"));
  EXPECT_EQ(table("drops"),
            "REASON     ROOM    PACKETS  PER SECOND  PORTS  WHY\n"
            "guard_mac  switch        1        0.00  web 1  The endpoint used a source MAC that is "
            "not its "
            "own.\n");
  EXPECT_THAT(table("workers"), HasSubstr("up for 1m 30s"));
}

}  // namespace
}  // namespace uswitch
