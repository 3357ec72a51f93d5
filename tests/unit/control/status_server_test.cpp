// What is served over TCP: to whom, and that nothing but reading is.
#include "control/status_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/status_page.h"

namespace uswitch {
namespace {

using testing::HasSubstr;
using testing::Not;

Reply echo(const Request& request) {
  Reply reply;
  reply.body = request.method + " " + request.target + " '" + request.body + "'";
  return reply;
}

Reply ask(const std::string& method, const std::string& target, bool local = true,
          const std::string& host = "127.0.0.1:9433") {
  return answer_read_only({method, target, "body", host}, echo, local);
}

TEST(StatusServer, PassesReadingOn) {
  EXPECT_EQ(ask("GET", "/metrics").body, "GET /metrics ''");
  EXPECT_EQ(ask("GET", "/v1/drops?all=1").body, "GET /v1/drops?all=1 ''");
  EXPECT_EQ(ask("HEAD", "/v1/ports").body, "GET /v1/ports ''");
}

TEST(StatusServer, TakesNothingThatChanges) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "get", ""}) {
    const Reply reply = ask(method, "/v1/ports");
    EXPECT_EQ(reply.status, 405u) << method;
    EXPECT_EQ(reply.allow, "GET, HEAD");
  }
}

TEST(StatusServer, HasNoMoreThanThePageNeeds) {
  for (const char* target : {"/v1/config", "/v1/connections", "/v1/fdb", "/v1", "/x", "//metrics",
                             "/metrics/", "", "/%zz", "/v1/ports/web"}) {
    EXPECT_EQ(ask("GET", target).status, 404u) << target;
  }
}

TEST(StatusServer, OnLoopbackANameFromOutsideIsRefused) {
  for (const char* host : {"evil.example", "evil.example:9433", "", "localhost.evil.example:9433",
                           "127.0.0.1.evil.example", "[::1].evil.example"}) {
    EXPECT_EQ(ask("GET", "/v1/ports", true, host).status, 421u) << host;
  }
  for (const char* host :
       {"localhost", "localhost:9433", "127.0.0.1", "127.0.0.1:80", "[::1]:9433", "[::1]"}) {
    EXPECT_EQ(ask("GET", "/v1/ports", true, host).status, 200u) << host;
  }
}

TEST(StatusServer, ElsewhereAnyNameWillDo) {
  EXPECT_EQ(ask("GET", "/metrics", false, "node1.example:9433").status, 200u);
}

TEST(StatusPage, IsOneFileThatOnlyItsOwnScriptRunsIn) {
  const Reply page = ask("GET", "/");
  EXPECT_EQ(page.status, 200u);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("</html>"));
  EXPECT_THAT(page.body, Not(HasSubstr("@NONCE@")));
  EXPECT_THAT(page.body, Not(HasSubstr("@SCRIPT@")));
  EXPECT_THAT(page.body, Not(HasSubstr("src=\"")));
  EXPECT_THAT(page.body, Not(HasSubstr("innerHTML")));
  const size_t at = page.policy.find("'nonce-");
  ASSERT_NE(at, std::string::npos);
  const std::string nonce = page.policy.substr(at + 7, 32);
  EXPECT_THAT(page.body, HasSubstr("<script nonce=\"" + nonce + "\">"));
  EXPECT_THAT(page.policy, HasSubstr("default-src 'none'"));
  EXPECT_NE(page.policy, ask("GET", "/").policy);
}

}  // namespace
}  // namespace uswitch
