// What changes the configuration at run time, by the control socket: what is asked for, and how
// each refusal is told.
#include <gmock/gmock.h>

#include <boost/json/serialize.hpp>

#include "tests/unit/control/api_fixture.h"

namespace uswitch::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ApiConfig : public ApiFixture {
 protected:
  ApiConfig() {
    actions_.reload = [this](const std::optional<std::string>& path) {
      asked_.push_back("reload " + path.value_or("-"));
      return outcome_;
    };
    actions_.configure = [this](const std::string& text) {
      asked_.push_back("configure " + text);
      return outcome_;
    };
    actions_.add_port = [this](const std::string& name, const YamlNode& port) {
      asked_.push_back("add " + name + " with " + std::to_string(port.children.size()));
      return outcome_;
    };
    actions_.remove_port = [this](const std::string& name) {
      asked_.push_back("remove " + name);
      return outcome_;
    };
  }
  std::string error_of(const Reply& reply, unsigned status) {
    EXPECT_EQ(reply.status, status) << reply.body;
    return std::string(boost::json::parse(reply.body).at("error").as_string());
  }

  ConfigOutcome outcome_;
  std::vector<std::string> asked_;
};

TEST_F(ApiConfig, EachRequestAsksForOneThing) {
  EXPECT_EQ(ask("POST", "/v1/reload").status, 200u);
  EXPECT_EQ(ask("POST", "/v1/reload?file=/etc/a%20b.yaml").status, 200u);
  EXPECT_EQ(ask("PUT", "/v1/config", "ports: {}").status, 200u);
  EXPECT_EQ(ask("POST", "/v1/ports", R"({"type": "tap", "name": "c1", "mtu": 1400})").status, 200u);
  EXPECT_EQ(ask("DELETE", "/v1/ports/w%65b").status, 200u);
  EXPECT_THAT(asked_, ElementsAre("reload -", "reload /etc/a b.yaml", "configure ports: {}",
                                  "add c1 with 2", "remove web"));
}

TEST_F(ApiConfig, SaysWhatHasChanged) {
  outcome_.ports = {{"a"}, {"b", "c"}, {}};
  outcome_.networks.removed = {"lab"};
  const auto body = boost::json::parse(ask("POST", "/v1/reload").body);
  EXPECT_EQ(boost::json::serialize(body),
            R"({"ports":{"added":["a"],"changed":["b","c"],"removed":[]},)"
            R"("networks":{"added":[],"changed":[],"removed":["lab"]}})");
}

TEST_F(ApiConfig, EveryErrorOfATextIsToldWithItsPlace) {
  outcome_.errors = {{"f.yaml", 3, 7, "'mtu' is 'x'", "write a number"},
                     {"f.yaml", 9, 1, "unknown key", "remove it"}};
  const Reply reply = ask("PUT", "/v1/config", "x");
  EXPECT_EQ(error_of(reply, 400),
            "the configuration is wrong: f.yaml:3:7: 'mtu' is 'x'; write a number");
  const auto errors = boost::json::parse(reply.body).at("errors").as_array();
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(boost::json::serialize(errors[1]),
            R"({"file":"f.yaml","line":9,"column":1,"what":"unknown key","remedy":"remove it"})");
}

TEST_F(ApiConfig, ErrorsOfAPortAreSentencesForItStandsOnNoLine) {
  outcome_.errors = {{"f.yaml", 0, 0, "port 'c1': no network is named 'x'", "write one"}};
  EXPECT_EQ(error_of(ask("POST", "/v1/ports", R"({"name": "c1"})"), 400),
            "port 'c1': no network is named 'x'; write one");
}

TEST_F(ApiConfig, WhatCannotBePutIntoForceIsAConflict) {
  outcome_.refusal = "port 'a': device eth0 exists";
  for (const char* target : {"/v1/reload", "/v1/ports"}) {
    EXPECT_EQ(error_of(ask("POST", target, R"({"name": "a"})"), 409), outcome_.refusal);
  }
  EXPECT_EQ(error_of(ask("PUT", "/v1/config"), 409), outcome_.refusal);
  EXPECT_EQ(error_of(ask("DELETE", "/v1/ports/web"), 409), outcome_.refusal);
}

TEST_F(ApiConfig, APortThatIsNotThereCannotBeDeleted) {
  EXPECT_THAT(error_of(ask("DELETE", "/v1/ports/nobody"), 404), HasSubstr("no port 'nobody'"));
  EXPECT_THAT(error_of(ask("DELETE", "/v1/ports/"), 404), HasSubstr("no such path"));
  EXPECT_TRUE(asked_.empty());
}

TEST_F(ApiConfig, MethodsThatAPathDoesNotTakeAreRefusedWithThoseItTakes) {
  const auto allowed = [&](const char* method, const char* target) {
    const Reply reply = ask(method, target);
    EXPECT_EQ(reply.status, 405u);
    return reply.allow;
  };
  EXPECT_EQ(allowed("PUT", "/v1/ports"), "GET, POST");
  EXPECT_EQ(allowed("GET", "/v1/ports/web"), "DELETE");
  EXPECT_EQ(allowed("DELETE", "/v1/config"), "GET, PUT");
  EXPECT_EQ(allowed("GET", "/v1/reload"), "POST");
}

TEST_F(ApiConfig, AWrongBodyIsRefusedUnread) {
  for (const char* body : {"", "{", "[1]", "3", R"({"type": "tap"})", R"({"name": 3})"}) {
    EXPECT_THAT(error_of(ask("POST", "/v1/ports", body), 400), HasSubstr("\"name\": \"web\""))
        << body;
  }
  EXPECT_THAT(error_of(ask("POST", "/v1/reload?path=x"), 400), HasSubstr("unknown parameter"));
  EXPECT_TRUE(asked_.empty());
}

TEST_F(ApiConfig, WithoutTheActionsItSaysSo) {
  actions_ = {};
  EXPECT_THAT(error_of(ask("POST", "/v1/reload"), 409), HasSubstr("cannot be changed"));
}

// A free id is no port; what its last port counted is a row of its own, so that the sums hold.
TEST_F(ApiConfig, CountersOfRemovedPortsStandInOneRow) {
  counters(1, 0).rx_packets.add(5);
  counters(1, 1).drop(Reason::guard_mac);
  PortStats forgotten(2);
  forgotten.of_worker[1].rx_packets.add(7);
  forgotten.of_worker[1].drop(Reason::guard_mac);
  forgotten_ = &forgotten;
  const auto ports = get("/v1/ports").at("ports").as_array();
  const auto& removed = ports.back();
  EXPECT_EQ(removed.at("name").as_string(), "(removed)");
  EXPECT_EQ(removed.at("rx_packets").to_number<int>(), 12);
  EXPECT_EQ(removed.at("drops").to_number<int>(), 2);
  const auto drops = get("/v1/drops").at("drops").as_array();
  EXPECT_EQ(drops[0].at("ports").at("(removed)").to_number<int>(), 2);
}

}  // namespace
}  // namespace uswitch::test
