// What the control socket says of connections, and how it ends them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/control/api_fixture.h"
#include "wire/ip_protocol.h"

namespace uswitch {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

IpAddress ip(const std::string& text) {
  return *IpAddress::parse(text);
}

Tuple tuple(uint8_t protocol, const std::string& source, uint16_t source_port,
            const std::string& destination, uint16_t destination_port) {
  return {ip(source), ip(destination), source_port, destination_port, protocol};
}

constexpr uint8_t tcp = ip_protocol::tcp, udp = ip_protocol::udp;

class ApiConnectionsTest : public test::ApiFixture {
 protected:
  static constexpr uint32_t room = 1024;

  ApiConnectionsTest() {
    tables_ = std::make_shared<Tables>(*tables_);
    tables_->nat.ports = ports_;
    tables_->nat.connections = connections_;
    engine_.publish(tables_);
  }

  // The packet that opens it has so many bytes.
  Found open(const Tuple& original, const Tuple& reply, uint32_t bytes, uint16_t tag = 0) {
    NewConnection made;
    made.reply = reply;
    made.tag = tag;
    if (original.protocol == tcp) made.tcp.state = TcpState::syn_sent;
    const auto inserted =
        connections_->insert(connections_->key(original), made, bytes, start, timeouts_);
    EXPECT_EQ(inserted.outcome, ConnectionTable::Insert::inserted);
    return inserted.found.value();
  }
  Found open_untranslated(const Tuple& original, uint32_t bytes) {
    return open(original, original.reversed(), bytes);
  }
  void answer(const Tuple& reply, uint32_t bytes) {
    const auto found = connections_->lookup(connections_->key(reply), start);
    ASSERT_TRUE(found);
    ASSERT_TRUE(
        connections_->touch(*found, bytes, start, timeouts_, ConnectionTable::Refresh::yes));
  }
  // One of each kind, the busiest first.
  void some_connections() {
    open(tuple(tcp, "10.0.0.2", 4000, "198.51.100.9", 443),
         tuple(tcp, "198.51.100.9", 443, "198.51.100.1", 5000), 4000);
    open(tuple(tcp, "198.51.100.7", 3000, "198.51.100.1", 8080),
         tuple(tcp, "10.0.0.11", 80, "198.51.100.7", 3000), 3000, 7);
    open(tuple(udp, "10.0.0.2", 5353, "198.51.100.1", 53),
         tuple(udp, "10.0.0.11", 53, "198.51.100.1", 6000), 2000);
    answer(tuple(udp, "10.0.0.11", 53, "198.51.100.1", 6000), 500);
    open_untranslated(tuple(udp, "fd00::2", 443, "fd00:1::3", 4000), 1000);
    open(tuple(ip_protocol::icmp, "10.0.0.3", 77, "198.51.100.9", 8),
         tuple(ip_protocol::icmp, "198.51.100.9", 8, "198.51.100.1", 78), 84);
    open_untranslated(tuple(47, "10.0.0.4", 0, "198.51.100.9", 0), 20);
  }
  // What address-dependent filtering notes of the first of them: 198.51.100.9 may send to
  // 198.51.100.1:5000.
  void permission() {
    NewConnection made;
    made.reply = tuple(253, "10.0.0.2", 4000, "198.51.100.9", tcp);
    made.reply.source_port = 4000;
    const Tuple leave = tuple(253, "198.51.100.9", tcp, "198.51.100.1", 5000);
    ASSERT_EQ(connections_->insert(connections_->key(leave), made, 9000, start, timeouts_).outcome,
              ConnectionTable::Insert::inserted);
  }

  // "tcp 10.0.0.2", by proto and the original source.
  std::vector<std::string> listed(const std::string& query = "") {
    std::vector<std::string> found;
    const json::value body = get("/v1/connections" + query);
    for (const json::value& one : body.at("connections").as_array()) {
      found.push_back(std::string(one.at("proto").as_string()) + " " +
                      std::string(one.at("original").at("source").as_string()));
    }
    return found;
  }
  std::vector<std::string> kinds() {
    std::vector<std::string> found;
    const json::value body = get("/v1/connections");
    for (const json::value& one : body.at("connections").as_array()) {
      found.emplace_back(one.at("kind").as_string());
    }
    return found;
  }
  uint64_t deleted(const std::string& query) {
    const Reply reply = ask("DELETE", "/v1/connections" + query);
    EXPECT_EQ(reply.status, 200u) << reply.body;
    return json::parse(reply.body).at("deleted").to_number<uint64_t>();
  }
  std::string delete_refused(const std::string& query) {
    const Reply reply = ask("DELETE", "/v1/connections" + query);
    EXPECT_EQ(reply.status, 400u) << reply.body;
    return std::string(json::parse(reply.body).at("error").as_string());
  }

  Timeouts timeouts_;
  std::shared_ptr<PortMap> ports_ = std::make_shared<PortMap>(room);
  std::shared_ptr<ConnectionTable> connections_ = std::make_shared<ConnectionTable>(room, *ports_);
};

class ApiWithoutNatTest : public test::ApiFixture {};

TEST_F(ApiWithoutNatTest, ThereAreNoConnections) {
  EXPECT_EQ(get("/v1/connections"), json::parse(R"J({
    "connections": [], "truncated": false, "left_out": 0, "total": 0, "entries": 0,
    "max_connections": 0,
    "counters": {"inserted": 0, "taken": 0, "full": 0, "expired": 0, "evicted": 0},
    "ports": {"mappings": 0, "exhausted": 0}})J"));
  EXPECT_EQ(json::parse(ask("DELETE", "/v1/connections?all=1").body),
            json::parse(R"({"deleted": 0})"));
  EXPECT_EQ(table("connections"), "no connections\n");
}

TEST_F(ApiConnectionsTest, AConnectionSaysAllOfIt) {
  open(tuple(tcp, "10.0.0.2", 4000, "198.51.100.9", 443),
       tuple(tcp, "198.51.100.9", 443, "198.51.100.1", 5000), 60, 3);
  json::value view = get("/v1/connections");
  json::value& expires = view.at("connections").at(0).at("expires");
  EXPECT_NEAR(expires.to_number<double>(),
              std::chrono::duration<double>(timeouts_.tcp_opening).count(), 1);
  expires = 0;
  EXPECT_EQ(view, json::parse(R"J({
    "connections": [{
      "proto": "tcp", "state": "syn_sent", "kind": "masquerade", "tag": 3, "assured": false,
      "original": {"source": "10.0.0.2", "source_port": 4000,
                   "destination": "198.51.100.9", "destination_port": 443,
                   "packets": 1, "bytes": 60},
      "reply": {"source": "198.51.100.9", "source_port": 443,
                "destination": "198.51.100.1", "destination_port": 5000,
                "packets": 0, "bytes": 0},
      "expires": 0}],
    "truncated": false, "left_out": 0, "total": 1, "entries": 1, "max_connections": 1024,
    "counters": {"inserted": 1, "taken": 0, "full": 0, "expired": 0, "evicted": 0},
    "ports": {"mappings": 0, "exhausted": 0}})J"));
}

TEST_F(ApiConnectionsTest, TheBusiestComeFirstAndEqualsByTheirTuple) {
  some_connections();
  EXPECT_THAT(listed(), ElementsAre("tcp 10.0.0.2", "tcp 198.51.100.7", "udp 10.0.0.2",
                                    "udp fd00::2", "icmp 10.0.0.3", "47 10.0.0.4"));
  EXPECT_THAT(kinds(),
              ElementsAre("masquerade", "publish", "hairpin", "tracked", "masquerade", "tracked"));
  open_untranslated(tuple(udp, "10.0.0.9", 9, "10.1.0.1", 9), 4000);
  open_untranslated(tuple(udp, "10.0.0.8", 9, "10.1.0.1", 9), 4000);
  EXPECT_THAT(listed("?limit=3"), ElementsAre("tcp 10.0.0.2", "udp 10.0.0.8", "udp 10.0.0.9"));
}

TEST_F(ApiConnectionsTest, OnlyTcpAndUdpHavePortsAndQueriesAnId) {
  some_connections();
  const json::value view = get("/v1/connections").at("connections");
  const json::object& query = view.at(4).as_object();
  EXPECT_EQ(query.at("original").at("id"), 77);
  EXPECT_EQ(query.at("reply").at("id"), 78);
  EXPECT_FALSE(query.at("original").as_object().contains("source_port"));
  EXPECT_FALSE(view.at(5).at("original").as_object().contains("source_port"));
  EXPECT_FALSE(view.at(5).at("original").as_object().contains("id"));
}

TEST_F(ApiConnectionsTest, WhatIsNotTcpHasAnAnswerOrNot) {
  some_connections();
  EXPECT_THAT(listed("?state=replied"), ElementsAre("udp 10.0.0.2"));
  EXPECT_THAT(listed("?state=unreplied"),
              ElementsAre("udp fd00::2", "icmp 10.0.0.3", "47 10.0.0.4"));
}

TEST_F(ApiConnectionsTest, ConnectionsAreFiltered) {
  some_connections();
  EXPECT_THAT(listed("?proto=tcp"), ElementsAre("tcp 10.0.0.2", "tcp 198.51.100.7"));
  EXPECT_THAT(listed("?proto=47"), ElementsAre("47 10.0.0.4"));
  EXPECT_THAT(listed("?proto=1"), ElementsAre("icmp 10.0.0.3"));
  EXPECT_THAT(listed("?state=syn_sent&address=10.0.0.2"), ElementsAre("tcp 10.0.0.2"));
  EXPECT_THAT(listed("?address=10.0.0.11"), ElementsAre("tcp 198.51.100.7", "udp 10.0.0.2"))
      << "an inner end";
  EXPECT_THAT(listed("?address=198.51.100.1&proto=tcp"),
              ElementsAre("tcp 10.0.0.2", "tcp 198.51.100.7"))
      << "a translated end";
  EXPECT_THAT(listed("?port=5000"), ElementsAre("tcp 10.0.0.2")) << "a translated end";
  EXPECT_THAT(listed("?port=443"), ElementsAre("tcp 10.0.0.2", "udp fd00::2"));
  EXPECT_THAT(listed("?port=77"), ElementsAre()) << "the id of a query is no port";
  EXPECT_THAT(listed("?state=close"), ElementsAre());
}

TEST_F(ApiConnectionsTest, TheListIsBoundedAndSaysWhatItLeftOut) {
  for (uint16_t i = 1; i <= 20; ++i) {
    open_untranslated(tuple(udp, "10.0.0.2", i, "10.1.0.2", 9), 100u + i);
  }
  some_connections();
  const json::value view = get("/v1/connections?proto=udp&limit=15");
  EXPECT_EQ(view.at("connections").as_array().size(), 15u);
  EXPECT_EQ(view.at("connections").at(14).at("original").at("bytes"), 108);
  EXPECT_EQ(view.at("truncated"), true);
  EXPECT_EQ(view.at("left_out"), 7);
  EXPECT_EQ(view.at("total"), 22);
  EXPECT_EQ(view.at("entries"), 26);
  EXPECT_EQ(get("/v1/connections?proto=udp&limit=22").at("truncated"), false);
}

TEST_F(ApiConnectionsTest, AThousandUnlessAskedForMore) {
  for (uint16_t i = 1; i <= 1001; ++i) {
    open_untranslated(tuple(udp, "10.0.0.2", i, "10.1.0.2", 9), 100);
  }
  EXPECT_EQ(get("/v1/connections").at("connections").as_array().size(), 1000u);
  EXPECT_EQ(get("/v1/connections").at("left_out"), 1);
}

TEST_F(ApiConnectionsTest, PermissionsOfFilteringAreNoConnections) {  // U-8
  some_connections();
  permission();
  EXPECT_EQ(listed().size(), 6u);
  EXPECT_EQ(get("/v1/connections").at("total"), 6);
  EXPECT_THAT(listed("?proto=253"), ElementsAre());
  open_untranslated(tuple(253, "10.0.0.5", 0, "10.1.0.5", 0), 10);
  EXPECT_THAT(listed("?proto=253"), ElementsAre("253 10.0.0.5"));
}

TEST_F(ApiConnectionsTest, ThoseThatFitAreDeleted) {
  some_connections();
  EXPECT_EQ(deleted("?proto=tcp&port=8080"), 1u);
  EXPECT_EQ(deleted("?proto=tcp&port=8080"), 0u);
  EXPECT_EQ(deleted("?address=10.0.0.2"), 2u);
  EXPECT_THAT(listed(), ElementsAre("udp fd00::2", "icmp 10.0.0.3", "47 10.0.0.4"));
  EXPECT_EQ(deleted("?state=unreplied"), 3u);
  EXPECT_EQ(connections_->size(), 0u);
}

TEST_F(ApiConnectionsTest, PermissionsGoWithTheConnectionsOfAnAddressUncounted) {  // U-8
  some_connections();
  permission();
  EXPECT_EQ(deleted("?address=10.0.0.2&proto=tcp"), 1u);
  EXPECT_EQ(connections_->size(), 6u) << "5 connections and the permission";
  EXPECT_EQ(deleted("?address=10.0.0.2"), 1u);
  EXPECT_EQ(connections_->size(), 4u);
  permission();
  EXPECT_EQ(deleted("?all=1"), 4u);
  EXPECT_EQ(connections_->size(), 0u);
}

TEST_F(ApiConnectionsTest, NothingIsDeletedUnlessSaidWhich) {
  some_connections();
  EXPECT_THAT(delete_refused(""), HasSubstr("port, proto, address, state, or all=1"));
  EXPECT_THAT(delete_refused("?all=1&proto=tcp"), HasSubstr("all=1 does not go with"));
  EXPECT_THAT(delete_refused("?all=yes"), HasSubstr("all takes 1"));
  EXPECT_THAT(delete_refused("?proto=tcp&limit=1"), HasSubstr("unknown parameter 'limit'"));
  EXPECT_EQ(listed().size(), 6u);
}

TEST_F(ApiConnectionsTest, BadParametersAre400AndSayWhatIsTaken) {
  EXPECT_THAT(refused("/v1/connections?network=office"),
              HasSubstr("there are port, proto, address, state, limit"));
  EXPECT_THAT(refused("/v1/connections?port=http"), HasSubstr("1 to 65535"));
  EXPECT_THAT(refused("/v1/connections?port=65536"), HasSubstr("1 to 65535"));
  EXPECT_THAT(refused("/v1/connections?proto=256"), HasSubstr("it takes tcp, udp, icmp, icmp6"));
  EXPECT_THAT(refused("/v1/connections?proto=6x"), HasSubstr("it takes tcp"));
  EXPECT_THAT(refused("/v1/connections?proto="), HasSubstr("it takes tcp"));
  EXPECT_THAT(refused("/v1/connections?address=10.0.0.0/24"), HasSubstr("an address like"));
  EXPECT_THAT(refused("/v1/connections?state=open"),
              HasSubstr("time_wait, close, unreplied, replied"));
  EXPECT_THAT(refused("/v1/connections?limit=100001"), HasSubstr("1 to 100000"));
  EXPECT_THAT(refused("/v1/connections?all=1"), HasSubstr("unknown parameter 'all'"));
}

TEST_F(ApiConnectionsTest, OtherMethodsAreRefusedWithThoseThereAre) {
  const Reply reply = ask("PUT", "/v1/connections");
  EXPECT_EQ(reply.status, 405u);
  EXPECT_EQ(reply.allow, "GET, DELETE");
}

TEST_F(ApiConnectionsTest, TableForPeople) {
  some_connections();
  EXPECT_EQ(
      table("connections", "?proto=tcp"),
      "PROTO  STATE     ORIGINAL                                TRANSLATED                         "
      "    PACKETS    BYTES  EXPIRES\n"
      "tcp    syn_sent  10.0.0.2:4000 -> 198.51.100.9:443       198.51.100.1:5000 -> "
      "198.51.100.9:443        1  4.00 kB    4m 0s\n"
      "tcp    syn_sent  198.51.100.7:3000 -> 198.51.100.1:8080  198.51.100.7:3000 -> 10.0.0.11:80"
      "            1  3.00 kB    4m 0s\n");
  EXPECT_THAT(table("connections", "?proto=udp&address=fd00::2"),
              HasSubstr("[fd00::2]:443 -> [fd00:1::3]:4000        1"));
  EXPECT_THAT(table("connections", "?proto=udp&address=fd00::2"),
              testing::Not(HasSubstr("TRANSLATED")));
  EXPECT_THAT(table("connections", "?proto=icmp"),
              HasSubstr("10.0.0.3 -> 198.51.100.9 id 77  198.51.100.1 -> 198.51.100.9 id 78"));
  EXPECT_THAT(table("connections", "?limit=1"), HasSubstr("\nand 5 more: see --port, --proto"));
}

}  // namespace
}  // namespace uswitch
