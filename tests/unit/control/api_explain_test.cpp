#include <gmock/gmock.h>

#include <boost/json/array.hpp>

#include "control/explain_command.h"
#include "tests/unit/control/api_fixture.h"

namespace uswitch {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class ApiExplainTest : public test::ApiFixture {
 protected:
  ApiExplainTest() {
    auto tables = std::make_shared<Tables>(*tables_);
    tables->settings[0].present = tables->settings[2].present = true;
    collect_members(*tables);
    engine_.publish(tables);
  }
  json::object explained(const std::string& body) {
    const Reply reply = ask("POST", "/v1/explain", body);
    EXPECT_EQ(reply.status, 200u) << reply.body;
    return json::parse(reply.body).as_object();
  }
  std::string refused_body(const std::string& body, unsigned status = 400) {
    const Reply reply = ask("POST", "/v1/explain", body);
    EXPECT_EQ(reply.status, status) << reply.body;
    return std::string(json::parse(reply.body).at("error").as_string());
  }
};

TEST_F(ApiExplainTest, TellsStepsAndEnd) {
  const json::object told = explained(R"({"port": "web", "tcp": "10.0.0.11:4000,10.0.0.21:80"})");
  EXPECT_EQ(told.at("end"), "leaves by trunk");
  EXPECT_EQ(told.at("egress"), json::parse(R"(["trunk"])"));
  EXPECT_EQ(told.at("drops"), json::array());
  EXPECT_EQ(told.at("certain"), true);
  EXPECT_EQ(told.at("steps").at(0), json::parse(R"({"stage": "vlan",
      "text": "no tag on port web: network office"})"));
  const std::string out(told.at("frame_out").as_string());
  EXPECT_THAT(out, HasSubstr("8100000a0800"));  // in VLAN 10
  EXPECT_EQ(tables_->networks[0].fdb->size(), 0u);
}

TEST_F(ApiExplainTest, TakesAFrameAsToolsPrintIt) {
  const json::object told =
      explained(R"({"port": "web", "frame": "FF:ff:ff:ff:ff:ff 01:00:00:00:00:01 08 06"})");
  EXPECT_EQ(told.at("drops"), json::parse(R"(["source_invalid"])"));
  EXPECT_TRUE(told.at("frame_out").is_null());
  EXPECT_EQ(told.at("frame_in"), "ffffffffffff0100000000010806");
}

TEST_F(ApiExplainTest, RefusalsSayWhatWouldBeRight) {
  EXPECT_THAT(refused_body(""), HasSubstr("the body is not JSON"));
  EXPECT_THAT(refused_body("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(refused_body("{}"), HasSubstr("'port' is missing; send {\"port\": \"web\""));
  EXPECT_THAT(refused_body(R"({"port": 1})"), HasSubstr("'port' is no text"));
  EXPECT_THAT(refused_body(R"({"port": "web"})"), HasSubstr("a packet is missing"));
  EXPECT_THAT(refused_body(R"({"port": "web", "tcp": "a", "udp": "b"})"), HasSubstr("give one of"));
  EXPECT_THAT(refused_body(R"({"port": "web", "sctp": "a"})"), HasSubstr("unknown member 'sctp'"));
  EXPECT_THAT(refused_body(R"({"port": "wbe", "frame": "00"})"), HasSubstr("no port 'wbe'"));
  EXPECT_THAT(refused_body(R"({"port": "web", "frame": "0g"})"), HasSubstr("'g' in the frame"));
  EXPECT_THAT(refused_body(R"({"port": "web", "frame": "000"})"), HasSubstr("lacks a digit"));
  EXPECT_THAT(refused_body(R"({"port": "web", "frame": ")" + std::string(140000, '0') + R"("})"),
              HasSubstr("bytes at most"));
  EXPECT_THAT(refused_body(R"({"port": "web", "icmp": "web,db"})"), HasSubstr("is no SRC,DST"));
  EXPECT_THAT(refused_body(R"({"port": "wan", "frame": "00"})", 409), HasSubstr("wan is down"));
  EXPECT_EQ(ask("GET", "/v1/explain").status, 405u);
}

TEST_F(ApiExplainTest, IsRenderedForPeople) {
  const std::string text =
      render_explanation(explained(R"({"port": "web", "icmp": "10.0.0.99,10.0.0.21"})"));
  EXPECT_THAT(text, HasSubstr("note: 10.0.0.99 is no address of web, which has 10.0.0.11"));
  EXPECT_THAT(text, HasSubstr("\nvlan     no tag on port web: network office\n"));
  EXPECT_THAT(text, HasSubstr("\n=> leaves by trunk\n"));
}

}  // namespace
}  // namespace uswitch
