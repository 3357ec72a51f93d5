// Ports that are published, and no longer are, while the switch runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/nat_control.h"
#include "tests/unit/control/api_fixture.h"
#include "tests/unit/control/host_socket.h"

namespace uswitch {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

constexpr const char* file = R"(
networks:
  office: {router: [10.0.0.1/24, "fd00:a::1/64"]}
  outside: {router: [198.51.100.1/24]}
nat: {}
)";

// With a daemon that does everything, and remembers what it was asked.
class ApiPublishTest : public test::ApiFixture {
 protected:
  ApiPublishTest() {
    config_ = &config;
    actions_.publish = [this](const PublishConfig& p) { return act(published_, p); };
    actions_.unpublish = [this](const PublishConfig& p) { return act(unpublished_, p); };
  }
  std::optional<std::string> act(std::vector<PublishConfig>& all, const PublishConfig& entry) {
    if (!refusal_) all.push_back(entry);
    return refusal_;
  }

  std::string error(unsigned status, const std::string& method, const std::string& target,
                    const std::string& body) {
    const Reply reply = ask(method, target, body);
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_TRUE(published_.empty() && unpublished_.empty()) << "it was done all the same";
    return std::string(json::parse(reply.body).at("error").as_string());
  }
  std::string refused(const std::string& body) { return error(400, "POST", "/v1/publish", body); }

  const Config config = std::get<Config>(parse_config(file, "uswitch.yaml"));
  std::vector<PublishConfig> published_, unpublished_;
  std::optional<std::string> refusal_;
};

const PublishConfig web{.on = "outside",
                        .first_port = 8080,
                        .last_port = 8080,
                        .tcp = true,
                        .udp = false,
                        .to = *IpAddress::parse("10.0.0.11"),
                        .to_port = 80};

TEST_F(ApiPublishTest, AnEntryIsReadAsTheConfigurationReadsIt) {
  const Reply reply = ask("POST", "/v1/publish", R"({"on": "outside", "port": 8080,
      "proto": "tcp", "to": "10.0.0.11:80"})");
  EXPECT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(json::parse(reply.body), json::parse(R"({"published": {
      "on": "outside", "address": null, "port": "8080", "proto": ["tcp"], "to": "10.0.0.11:80",
      "allow": []}})"));
  EXPECT_THAT(published_, testing::ElementsAre(web));
}

TEST_F(ApiPublishTest, AnEntryMaySayAllThatTheConfigurationMay) {
  const Reply reply = ask("POST", "/v1/publish", R"({"on": "outside", "address": "198.51.100.1",
      "port": "9000-9009", "proto": ["udp", "tcp"], "to": "10.0.0.11:9100-9109",
      "allow": ["192.0.2.0/24", "203.0.113.0/24"]})");
  EXPECT_EQ(json::parse(reply.body), json::parse(R"({"published": {
      "on": "outside", "address": "198.51.100.1", "port": "9000-9009", "proto": ["tcp", "udp"],
      "to": "10.0.0.11:9100-9109", "allow": ["192.0.2.0/24", "203.0.113.0/24"]}})"));
  ASSERT_EQ(published_.size(), 1u);
  EXPECT_EQ(published_[0].last_port, 9009);
  EXPECT_EQ(published_[0].to_port, 9100);
  EXPECT_EQ(published_[0].allow.size(), 2u);
}

TEST_F(ApiPublishTest, WhatIsWrongIsSaidInTheWordsOfTheConfiguration) {
  EXPECT_THAT(refused(R"({"on": "outsde", "port": 1, "to": "10.0.0.11"})"),
              HasSubstr("did you mean 'outside'?"));
  EXPECT_THAT(refused(R"({"on": "outside", "port": 70000, "to": "10.0.0.11"})"),
              HasSubstr("'port' is '70000'; write a port from 1 to 65535"));
  EXPECT_THAT(refused(R"({"on": "outside", "port": 80.5, "to": "10.0.0.11"})"),
              HasSubstr("write a port from 1 to 65535"));
  EXPECT_THAT(refused(R"({"on": "outside", "port": null, "to": "10.0.0.11"})"),
              HasSubstr("a port from 1 to 65535"));
  EXPECT_THAT(refused(R"({"on": "outside", "prot": 80, "to": "10.0.0.11"})"), HasSubstr("'prot'"));
  EXPECT_THAT(refused(R"({"on": "outside", "port": 80})"), HasSubstr("'to' is missing"));
  EXPECT_THAT(refused(R"({"on": "outside", "port": 80, "to": "10.0.9.11"})"),
              HasSubstr("'10.0.9.11'"));
  EXPECT_THAT(refused(R"({"on": "outside", "port": 80, "to": "10.0.0.11", "proto": "sctp"})"),
              HasSubstr("unknown proto 'sctp'"));
  EXPECT_THAT(refused(R"({"on": "outside", "port": 80, "to": {"address": "10.0.0.11"}})"),
              HasSubstr("an endpoint's address and port"));
  EXPECT_THAT(refused(R"({"on": "outside", "port": 80, "to": "[fd00:a::11]:80"})"),
              HasSubstr("outside"))
      << "its router has no IPv6";
  EXPECT_THAT(
      refused(R"({"port": 0, "proto": "sctp", "to": "10.0.0.11"})"),
      testing::AllOf(HasSubstr("'on' is missing"), HasSubstr("'port' is '0'"), HasSubstr("'sctp'")))
      << "all of it at once";
}

TEST_F(ApiPublishTest, ABodyThatIsNoEntryIsRefused) {
  EXPECT_THAT(refused(""), HasSubstr("the body is not JSON"));
  EXPECT_THAT(refused("{on: outside, port: 8080}"), HasSubstr("the body is not JSON"));
  EXPECT_THAT(refused("[]"), HasSubstr("publish"));
  EXPECT_THAT(refused("8080"), HasSubstr("publish"));
  EXPECT_THAT(refused("null"), HasSubstr("publish"));
  EXPECT_THAT(refused(std::string(1000, '[')), HasSubstr("the body is not JSON"));
  EXPECT_THAT(error(400, "POST", "/v1/publish?on=outside", "{}"),
              HasSubstr("unknown parameter 'on'"));
}

TEST_F(ApiPublishTest, WhatTheSwitchRefusesIsAConflict) {
  refusal_ = "port 8080 is published already";
  EXPECT_EQ(
      error(409, "POST", "/v1/publish", R"({"on": "outside", "port": 8080, "to": "10.0.0.11:80"})"),
      *refusal_);
  EXPECT_EQ(error(409, "DELETE", "/v1/publish?on=outside&port=8080", ""), *refusal_);
}

TEST_F(ApiPublishTest, ASwitchThatDoesNotTranslatePublishesNothing) {
  actions_ = {};
  EXPECT_THAT(
      error(409, "POST", "/v1/publish", R"({"on": "outside", "port": 8080, "to": "10.0.0.11:80"})"),
      HasSubstr("section 'nat'"));
  EXPECT_THAT(error(409, "DELETE", "/v1/publish?on=outside&port=8080", ""),
              HasSubstr("section 'nat'"));
}

TEST_F(ApiPublishTest, AnEntryIsTakenBackByItsBody) {
  const Reply reply = ask("DELETE", "/v1/publish", R"({"on": "outside", "port": 8080,
      "proto": "tcp", "to": "10.0.0.11:80"})");
  EXPECT_EQ(reply.status, 200u) << reply.body;
  EXPECT_THAT(unpublished_, testing::ElementsAre(web));
}

TEST_F(ApiPublishTest, AnEntryIsTakenBackByItsPorts) {
  const Reply reply =
      ask("DELETE", "/v1/publish?on=outside&address=198.51.100.1&port=9000-9009&proto=udp");
  EXPECT_EQ(json::parse(reply.body), json::parse(R"({"unpublished": {
      "on": "outside", "address": "198.51.100.1", "port": "9000-9009", "proto": ["udp"],
      "to": null, "allow": []}})"));
  PublishConfig ports{
      .on = "outside", .first_port = 9000, .last_port = 9009, .udp = true, .to = {}};
  ports.address = IpAddress::parse("198.51.100.1");
  EXPECT_THAT(unpublished_, testing::ElementsAre(ports));
}

TEST_F(ApiPublishTest, WhatIsTakenBackMustBeSaidOnceAndWhole) {
  const auto wrong = [&](const std::string& query, const std::string& body = "") {
    return error(400, "DELETE", "/v1/publish" + query, body);
  };
  EXPECT_THAT(wrong(""), testing::AllOf(HasSubstr("'on' is missing"), HasSubstr("'port' is")));
  EXPECT_THAT(wrong("?on=outside&port=0"), HasSubstr("'port' is '0'"));
  EXPECT_THAT(wrong("?on=outside&port=80&allow=10.0.0.0/8"), HasSubstr("unknown parameter"));
  EXPECT_THAT(wrong("?on=outside&port=80", R"({"on": "outside", "port": 80})"),
              HasSubstr("not in both"));
}

TEST_F(ApiPublishTest, OtherMethodsAreRefusedWithThoseThereAre) {
  const Reply reply = ask("PUT", "/v1/publish");
  EXPECT_EQ(reply.status, 405u);
  EXPECT_EQ(reply.allow, "GET, POST, DELETE");
}

TEST_F(ApiPublishTest, WhatIsPublishedIsShownWithWhatTheHostRefused) {
  const test::HostSocket server = test::HostSocket::server(test::loopback4);
  Config running = config;
  running.nat.publish = {web, web};
  PublishConfig& on_host = running.nat.publish[1];
  on_host.on = "";
  on_host.address = test::loopback4;
  on_host.first_port = on_host.last_port = 0;  // the system chooses one
  on_host.allow = {*IpPrefix::parse("192.0.2.0/24")};
  const NatControl nat(running);
  nat_ = &nat;
  const uint16_t port = nat.on_host()->list().at(0).entry.port;
  ASSERT_EQ(test::HostSocket::client(test::loopback4, port).hear(), "<reset>");
  EXPECT_EQ(get("/v1/publish"), json::parse(R"({"publish": [
      {"on": "outside", "address": null, "port": "8080", "proto": ["tcp"], "to": "10.0.0.11:80",
       "allow": [], "relayed": null},
      {"on": "host", "address": "127.0.0.1", "port": "0", "proto": ["tcp"], "to": "10.0.0.11:80",
       "allow": ["192.0.2.0/24"], "relayed": {"active": 0, "opened": 0, "refused": 1, "failed": 0,
                                              "bytes_in": 0, "bytes_out": 0}}]})"));
  EXPECT_EQ(table("publish"),
            "ON       ADDRESS    PORT  PROTO  TO            ALLOW         ACTIVE  OPENED  REFUSED  "
            "FAILED  BYTES IN  BYTES OUT\n"
            "outside             8080  tcp    10.0.0.11:80\n"
            "host     127.0.0.1     0  tcp    10.0.0.11:80  192.0.2.0/24       0       0        1  "
            "     0       0 B        0 B\n");
}

TEST_F(ApiPublishTest, NothingIsPublishedWithoutTranslation) {
  EXPECT_EQ(table("publish"), "nothing is published\n");
}

}  // namespace
}  // namespace uswitch
